"""Settings of what shoppers see before and around a conversation."""

from collections.abc import Iterator
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from actors.settings.fields import Problem, Section, Text, Url, too_long, unreadable


class ChatSettings(Section, frozen=True):
    """Whether and to whom the chat tab shows."""

    enabled: bool = True
    login_status: Literal["all_users", "hide_logged_out"] = "all_users"
    welcome: Text = "Hi! How can we help?"
    allowed_origins: Annotated[
        tuple[Annotated[str, Meta(pattern="^https?://[^/]+$", max_length=255)], ...],
        Meta(max_length=50),
    ] = ()
    locale: Annotated[str, Meta(pattern="^[a-z]{2}(-[A-Z]{2})?$")] = "en"
    theme: dict[
        Annotated[str, Meta(max_length=64)], Annotated[str, Meta(max_length=256)]
    ] = msgspec.field(default_factory=dict)


class LegalSettings(Section, frozen=True):
    """Links shown before the first message; either may be missing."""

    terms_url: Url | None = None
    privacy_url: Url | None = None
    ack_required: bool = False


class ReceiptSettings(Section, frozen=True):
    """Whether shoppers see that agents have read (spec F12)."""

    show_agent_read: bool = False


class RatingSettings(Section, frozen=True):
    """Whether shoppers are asked how it was, once a chat is over (spec F44)."""

    ask: bool = False


def problems(chat: ChatSettings, legal: LegalSettings) -> Iterator[Problem]:
    """Yield what is wrong between fields that are right by themselves."""
    if chat.welcome and not chat.welcome.strip():
        yield Problem("$.chat.welcome", "is only white space")
    yield from unreadable(chat.welcome, "$.chat.welcome")
    yield from too_long(legal.terms_url, "$.legal.terms_url")
    yield from too_long(legal.privacy_url, "$.legal.privacy_url")
