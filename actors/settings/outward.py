"""Settings of what leaves the process: mail and text messages."""

from collections.abc import Iterator
from typing import Annotated, Literal

from msgspec import Meta

from actors.settings.fields import Minutes, Problem, Section, Url, says

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

    notify: Annotated[
        tuple[Address, ...],
        Meta(max_length=50),
        says("Who hears of each new ticket that needs a human."),
    ] = ()
    digest_after: Annotated[
        int,
        Meta(ge=1, le=1000),
        says("More new tickets than this in a minute come as one mail."),
    ] = 5
    shopper_after_min: Annotated[
        Minutes | None,
        says(
            "Minutes after which an answer that its shopper has not seen is "
            "mailed to them, if they have agreed to that; null: never."
        ),
    ] = 10
    without_text: Annotated[
        bool, says("Whether mails say that there is something, and not what.")
    ] = False
    chat_url: Annotated[
        Url | None,
        says(
            "Where shoppers find the chat: the link in their mails; null: the "
            "first of `chat.allowed_origins`."
        ),
    ] = None


class SmsSettings(Section, frozen=True):
    """How customers reach the shop by text message (spec F21)."""

    provider: Annotated[
        Literal["loopback", "twilio"],
        says("Who sends texts; loopback keeps what would be sent, for trying out."),
    ] = "loopback"
    number: Annotated[
        Annotated[str, Meta(pattern=r"^\+[1-9][0-9]{1,14}$(?!\n)")] | None,
        says("The shop's own, as +48600100200."),
    ] = None
    reopen: Annotated[
        Literal["new_ticket", "reopen"],
        says(
            "Whether a text after the end makes a new ticket or opens the old "
            "one again."
        ),
    ] = "new_ticket"


def problems(sms: SmsSettings) -> Iterator[Problem]:
    """Yield what is wrong between fields that are right by themselves."""
    if sms.provider == "twilio" and sms.number is None:
        yield Problem("$.sms.number", "is needed by this provider")
