"""Settings of what shoppers see before and around a conversation."""

from collections.abc import Iterator
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from actors.settings.fields import (
    Problem,
    Section,
    Text,
    Url,
    says,
    too_long,
    unreadable,
)

MAX_THEME = 50
"""Names in a theme: it is in every welcome."""


class ChatSettings(Section, frozen=True):
    """Whether and to whom the chat tab shows."""

    enabled: Annotated[
        bool,
        says(
            "Whether the shop has chat at all. Off: no tab, and nothing new "
            "begins; chats that run go on."
        ),
    ] = True
    login_status: Annotated[
        Literal["all_users", "hide_logged_out"],
        says(
            "Who sees the tab: `all_users`, where visitors read the questions "
            "and talk to the bot, or `hide_logged_out`, where only signed-in "
            "shoppers do."
        ),
    ] = "all_users"
    welcome: Annotated[
        Text,
        says(
            "Said before the shopper's first message, a template as macros "
            "are. Empty: nothing."
        ),
    ] = "Hi! How can we help?"
    allowed_origins: Annotated[
        tuple[
            Annotated[
                str, Meta(pattern=r"^https?://[^\s/?#@]+$(?!\n)", max_length=255)
            ],
            ...,
        ],
        Meta(max_length=50),
        says("Pages that may connect, as https://shop.example: scheme, host and port."),
    ] = ()
    locale: Annotated[
        str,
        Meta(pattern=r"^[a-z]{2}(-[A-Z]{2})?$(?!\n)"),
        says("The language of the widget and of times, as en or pl-PL."),
    ] = "en"
    theme: Annotated[
        dict[Annotated[str, Meta(max_length=64)], Annotated[str, Meta(max_length=256)]],
        Meta(max_length=MAX_THEME),
        says("Colours and the like for the widget, by its own names."),
    ] = msgspec.field(default_factory=dict)


class LegalSettings(Section, frozen=True):
    """Links shown before the first message; either may be missing."""

    terms_url: Annotated[
        Url | None,
        says("The terms of service, shown before the first message. Only https."),
    ] = None
    privacy_url: Annotated[Url | None, says("The privacy policy, likewise.")] = None
    ack_required: Annotated[
        bool, says("Whether a chat begins only for who says that they agree.")
    ] = False


class ReceiptSettings(Section, frozen=True):
    """Whether shoppers see that agents have read (spec F12)."""

    show_agent_read: Annotated[
        bool, says("Whether shoppers see what agents have read, from then on.")
    ] = False


class RatingSettings(Section, frozen=True):
    """Whether shoppers are asked how it was, once a chat is over (spec F44)."""

    ask: Annotated[
        bool, says("Whether shoppers are asked for 1 to 5 when a chat is over.")
    ] = False


def problems(chat: ChatSettings, legal: LegalSettings) -> Iterator[Problem]:
    """Yield what is wrong between fields that are right by themselves."""
    if chat.welcome and not chat.welcome.strip():
        yield Problem("$.chat.welcome", "is only white space")
    yield from unreadable(chat.welcome, "$.chat.welcome")
    yield from too_long(legal.terms_url, "$.legal.terms_url")
    yield from too_long(legal.privacy_url, "$.legal.privacy_url")
