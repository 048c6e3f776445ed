"""Mails as they are sent: plain text and HTML of the same, headers that hold.

Whatever a shopper is called, and whatever they wrote, it ends in no header but the one
it was meant for, and in no markup.
"""

import hashlib
import html
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

import msgspec

from actors.ids import Millis

SUBJECT_CHARS, NAME_CHARS = 150, 64
QUOTED_CHARS = 4000
"""Of one message: the rest stands in the conversation."""
ID_CHARS = 32
QUOTED = "margin:0 0 16px;padding:8px 16px;border-left:3px solid #bbb"
# Controls and line ends, Unicode's too; and what turns the direction of writing.
UNFIT = re.compile(
    r"[\s\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]+"
)
UNFIT_IN_TEXT = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")


class Saying(msgspec.Struct, frozen=True):
    """One message that is quoted."""

    by: str
    text: str
    link: str = ""
    """Where to read on, if that differs from message to message."""


class Content(msgspec.Struct, frozen=True, kw_only=True):
    """What is in a mail."""

    subject: str
    sayings: tuple[Saying, ...] = ()
    note: str = ""
    """Said where the messages are not shown."""
    link: str = ""
    link_text: str = ""
    why: str = ""
    """Why the reader gets it."""


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """From whom a mail is, and to whom."""

    key: str
    """The same each time it is tried."""
    at: Millis
    sender: str
    shop: str
    to: str


class Letter(msgspec.Struct, frozen=True):
    """A mail, ready to go."""

    to: str
    sender: str
    name: str
    """The same each time, and fit for a file's."""
    message: EmailMessage


def written(envelope: Envelope, content: Content) -> Letter:
    """Return the mail."""
    message = EmailMessage(SMTP)
    message["From"] = _address(envelope.sender, envelope.shop)
    message["To"] = _address(envelope.to)
    message["Subject"] = _subject(content)
    sent_at = datetime.fromtimestamp(envelope.at / 1000, UTC)
    message["Date"] = format_datetime(sent_at)
    name = hashlib.sha256(envelope.key.encode()).hexdigest()[:ID_CHARS]
    # A repeat of the same mail is known by it.
    domain = envelope.sender.rpartition("@")[2].encode("idna").decode()
    message["Message-ID"] = f"<{name}@{domain}>"
    # So that no holiday notice comes back (RFC 3834).
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    message.set_content(_plain(content))
    message.add_alternative(_marked_up(content), subtype="html")
    # Made from chance otherwise: a repeat is to be the same to the last byte.
    message.set_boundary(f"={name}=")
    return Letter(envelope.to, envelope.sender, name, message)


def one_line(text: str, most: int) -> str:
    """Return `text` as fit for a header: no line ends or controls, and not long."""
    # What looks encoded would be decoded on the way into the header, line ends and all.
    fit = UNFIT.sub(" ", text).replace("=?", "= ?").strip()
    return fit if len(fit) <= most else fit[: most - 1] + "…"


def clean(text: str) -> str:
    """Return `text` without what mail programs choke on, and not too long."""
    fit = UNFIT_IN_TEXT.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    return fit if len(fit) <= QUOTED_CHARS else fit[: QUOTED_CHARS - 1] + "…"


def _subject(content: Content) -> str:
    return one_line(content.subject, SUBJECT_CHARS)


def _address(address: str, name: str = "") -> Address:
    return Address(one_line(name, NAME_CHARS), addr_spec=address)


def _plain(content: Content) -> str:
    parts = [_subject(content)]
    for saying in content.sayings:
        quoted = "\n".join(f"> {line}" for line in clean(saying.text).split("\n"))
        head = f"{one_line(saying.by, NAME_CHARS)}:" if saying.by else ""
        parts.append("\n".join(part for part in (head, quoted, saying.link) if part))
    parts.append(content.note)
    if content.link:
        parts.append(f"{content.link_text}: {content.link}")
    parts.append(f"-- \n{one_line(content.why, QUOTED_CHARS)}")
    return "\n\n".join(part for part in parts if part) + "\n"


def _marked_up(content: Content) -> str:
    body = "".join(_blocks(content))
    return (
        '<!doctype html><html><head><meta charset="utf-8"></head>'
        '<body style="font:16px/1.45 system-ui,sans-serif;color:#1a1a1a;'
        f'max-width:560px;margin:24px auto;padding:0 16px">{body}</body></html>\n'
    )


def _blocks(content: Content) -> Iterable[str]:
    yield f"<h1 style='font-size:20px'>{_shown(_subject(content))}</h1>"
    for saying in content.sayings:
        by = one_line(saying.by, NAME_CHARS)
        quoted = _shown(clean(saying.text)).replace("\n", "<br>")
        yield f"<blockquote style='{QUOTED}'>"
        yield f"<b>{_shown(by)}</b><br>" if by else ""
        yield quoted
        if saying.link:
            yield f"<br><a href='{_shown(saying.link)}'>{_shown(saying.link)}</a>"
        yield "</blockquote>"
    if content.note:
        yield f"<p>{_shown(content.note)}</p>"
    if content.link:
        yield f"<p><a href='{_shown(content.link)}'>{_shown(content.link_text)}</a></p>"
    yield f"<p style='font-size:12px;color:#666'>{_shown(content.why)}</p>"


def _shown(text: str) -> str:
    return html.escape(text, quote=True)
