"""Settings of what leaves the process: mail and text messages."""

from collections.abc import Iterator
from typing import Annotated, Literal

from msgspec import Meta

from actors.settings.fields import Minutes, Problem, Section, Url

# One line, one `@`, nothing that a header could be made of.
Address = Annotated[
    str,
    Meta(
        pattern=r"^[^\s@,;:<>()\x00-\x1f\x7f]+@[^\s@,;:<>()\x00-\x1f\x7f]+$(?!\n)",
        max_length=254,
    ),
]


class EmailSettings(Section, frozen=True):
    """Whom the shop writes to (spec F38, F39)."""

    notify: Annotated[tuple[Address, ...], Meta(max_length=50)] = ()
    """Those who hear of each new ticket that needs a human."""
    digest_after: Annotated[int, Meta(ge=1, le=1000)] = 5
    """More new tickets than this in a minute come as one digest."""
    shopper_after_min: Minutes | None = 10
    """After so long an answer that its shopper has not seen is mailed to them, if they
    have agreed to that; `None`: never."""
    without_text: bool = False
    """Whether mails say that there is something, and not what."""
    chat_url: Url | None = None
    """Where shoppers find the chat: the link in their mails. `None`: the first of the
    `chat.allowed_origins`."""


class SmsSettings(Section, frozen=True):
    """How customers reach the shop by text message (spec F21)."""

    provider: Literal["loopback", "twilio"] = "loopback"
    """`loopback` keeps what would be sent: for trying out."""
    number: Annotated[str, Meta(pattern=r"^\+[1-9][0-9]{1,14}$(?!\n)")] | None = None
    """The shop's own, as `+48600100200`."""
    reopen: Literal["new_ticket", "reopen"] = "new_ticket"
    """What comes of a message when the last ticket was closed (F15)."""


def problems(sms: SmsSettings) -> Iterator[Problem]:
    """Yield what is wrong between fields that are right by themselves."""
    if sms.provider == "twilio" and sms.number is None:
        yield Problem("$.sms.number", "is needed by this provider")
