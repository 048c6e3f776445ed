"""A site's settings: one typed document, and the rules a chat is run by.

Every field has a default with which a fresh site works. Bounds that concern one field
are in its type; those between fields in `problems`. Spec F1, protocol section 8.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from actors.chat.hours import ALWAYS, OpenHours
from actors.ids import Millis

Url = Annotated[str, Meta(pattern="^https://", max_length=2048)]
Text = Annotated[str, Meta(max_length=2000)]
Seconds = Annotated[int, Meta(ge=0, le=86_400)]


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Base of the document's parts: a misspelt setting is an error, not a default."""


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


class CheckInSettings(Section, frozen=True):
    """How long a shopper may wait without a sign of life (spec U6)."""

    enabled: bool = True
    remind_s: Annotated[int, Meta(ge=5, le=86_400)] = 180
    breach_s: Annotated[int, Meta(ge=6, le=86_400)] = 300
    auto_s: Annotated[int, Meta(ge=5, le=86_400)] | None = None
    auto_text: Text = "Still looking into this. Thank you for your patience."


class AssignmentSettings(Section, frozen=True):
    """What a reply does to the ticket's owner (spec F23)."""

    on_reply: Literal["always", "if_unassigned", "forbid_others"] = "always"


class ReceiptSettings(Section, frozen=True):
    """Whether shoppers see that agents have read (spec F12)."""

    show_agent_read: bool = False


class Settings(Section, frozen=True):
    """The whole document of one site."""

    # Made by a factory for the API's description, which hashes plain defaults.
    chat: ChatSettings = msgspec.field(default_factory=ChatSettings)
    legal: LegalSettings = LegalSettings()
    check_in: CheckInSettings = CheckInSettings()
    assignment: AssignmentSettings = AssignmentSettings()
    receipts: ReceiptSettings = ReceiptSettings()


class Problem(msgspec.Struct, frozen=True):
    """One setting that cannot stand, as `$.check_in.breach_s`, and why."""

    path: str
    reason: str


def problems(settings: Settings) -> tuple[Problem, ...]:
    """Return what is wrong between fields that are right by themselves."""
    found: list[Problem] = []
    check_in, chat = settings.check_in, settings.chat
    if check_in.breach_s <= check_in.remind_s:
        found.append(Problem("$.check_in.breach_s", "must be more than remind_s"))
    if check_in.auto_s is not None:
        if not check_in.remind_s <= check_in.auto_s < check_in.breach_s:
            reason = "must be at least remind_s and less than breach_s"
            found.append(Problem("$.check_in.auto_s", reason))
        if not check_in.auto_text.strip():
            # An enabled text left empty is an error, not a silent default (F1).
            found.append(Problem("$.check_in.auto_text", "is empty but auto_s is set"))
    if chat.welcome and not chat.welcome.strip():
        found.append(Problem("$.chat.welcome", "is only white space"))
    return tuple(found)


class Rules(msgspec.Struct, frozen=True):
    """What a chat's decisions depend on besides its own events."""

    version: int = 0
    settings: Settings = Settings()
    hours: OpenHours = ALWAYS

    @property
    def remind(self) -> Millis:
        """Return the silence after which a check-in falls due."""
        return Millis(self.settings.check_in.remind_s * 1000)

    @property
    def breach(self) -> Millis:
        """Return the silence after which it is missed."""
        return Millis(self.settings.check_in.breach_s * 1000)

    @property
    def auto(self) -> Millis | None:
        """Return the silence after which the broker says something, if it should."""
        seconds = self.settings.check_in.auto_s
        return None if seconds is None else Millis(seconds * 1000)
