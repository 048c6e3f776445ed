"""A site's settings: one typed document, and the rules a chat is run by.

Every field has a default with which a fresh site works. Bounds that concern one field
are in its type; those between fields in `problems`. Spec F1, protocol section 8.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from actors.chat.hours import ALWAYS, OpenHours
from actors.chat.limits import ChatLimits
from actors.ids import Millis

Url = Annotated[str, Meta(pattern="^https://", max_length=2048)]
Text = Annotated[str, Meta(max_length=2000)]
Seconds = Annotated[int, Meta(ge=0, le=86_400)]
Minutes = Annotated[int, Meta(ge=1, le=30 * 24 * 60)]
Name = Annotated[str, Meta(pattern="^[A-Za-z0-9_.-]{1,64}$")]
"""Of a team, or an agent."""
Word = Annotated[str, Meta(min_length=1, max_length=256)]


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


class Condition(Section, frozen=True, omit_defaults=True):
    """What a new ticket has to be like: all that is said here (spec F26)."""

    tag: Word | None = None
    segment: Word | None = None
    page: Word | None = None
    """How the page's address begins."""
    lang: Word | None = None
    """`pl` takes `pl-PL` too."""
    country: Word | None = None
    bot_reason: Word | None = None


class Rule(Section, frozen=True, rename={"when": "if"}):
    """Tickets that are like this wait in the queue of `team`."""

    when: Condition
    team: Name


class Team(Section, frozen=True):
    """Agents with a queue of their own."""

    id: Name
    name: Annotated[str, Meta(min_length=1, max_length=256)]
    members: Annotated[tuple[Word, ...], Meta(max_length=1000)] = ()
    restricted: bool = False
    """Whether nobody but its members and admins may open its tickets."""


class HoursSettings(Section, frozen=True):
    """When the shop answers (spec F37)."""

    zone: Annotated[
        str,
        Meta(
            pattern=r"^[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*$(?!\n)",
            max_length=64,
            description="Where the shop's day begins: an IANA zone, as Europe/Warsaw.",
        ),
    ] = "UTC"


class AssignmentSettings(Section, frozen=True):
    """Whose a ticket is: by replying (F23), by the router (F25 to F28)."""

    on_reply: Literal["always", "if_unassigned", "forbid_others"] = "always"
    routing: Literal["manual", "round_robin"] = "manual"
    max_chats: Annotated[int, Meta(ge=1, le=1000)] = 5
    """Open ones that an agent has room for."""
    queue_limit: Annotated[int, Meta(ge=1, le=100_000)] | None = None
    """How many may wait before the next one is told that it will take long."""
    show_queue: bool = False
    """Whether a shopper who waits is told how many are before them."""
    prefer_recent_s: Seconds = 0
    """How long a ticket that came back to the queue prefers the agent it had."""
    on_leave: Literal["keep", "requeue", "to_team"] = "requeue"
    leave_grace_s: Annotated[int, Meta(ge=1, le=86_400)] = 60
    announce_transfer: Text | None = None
    """Said to the shopper when their agent has left; `None`: nothing."""
    rules: Annotated[tuple[Rule, ...], Meta(max_length=200)] = ()
    teams: Annotated[tuple[Team, ...], Meta(max_length=100)] = ()


class InboxSettings(Section, frozen=True):
    """What agents' lists make of a ticket (spec F19)."""

    surface_closed_events: bool = False
    """Whether a closed ticket may have a dot."""


class IdleSettings(Section, frozen=True):
    """When a chat is closed whose shopper does not answer any more (spec F43)."""

    close_min: Minutes | None = None
    """Of silence after our last word; `None`: never."""
    warn_min: Minutes | None = None
    """Before that, in which the shopper is warned; `None`: not at all."""
    warn_text: Text = "Are you still there? This chat will be closed soon."


class RatingSettings(Section, frozen=True):
    """Whether shoppers are asked how it was, once a chat is over (spec F44)."""

    ask: bool = False


class ReceiptSettings(Section, frozen=True):
    """Whether shoppers see that agents have read (spec F12)."""

    show_agent_read: bool = False


class SmsSettings(Section, frozen=True):
    """How customers reach the shop by text message (spec F21)."""

    provider: Literal["loopback", "twilio"] = "loopback"
    """`loopback` keeps what would be sent: for trying out."""
    number: Annotated[str, Meta(pattern=r"^\+[1-9][0-9]{1,14}$(?!\n)")] | None = None
    """The shop's own, as `+48600100200`."""
    reopen: Literal["new_ticket", "reopen"] = "new_ticket"
    """What comes of a message when the last ticket was closed (F15)."""


class Settings(Section, frozen=True):
    """The whole document of one site."""

    # Made by a factory for the API's description, which hashes plain defaults.
    chat: ChatSettings = msgspec.field(default_factory=ChatSettings)
    legal: LegalSettings = LegalSettings()
    hours: HoursSettings = HoursSettings()
    check_in: CheckInSettings = CheckInSettings()
    assignment: AssignmentSettings = AssignmentSettings()
    inbox: InboxSettings = InboxSettings()
    receipts: ReceiptSettings = ReceiptSettings()
    idle: IdleSettings = IdleSettings()
    rating: RatingSettings = RatingSettings()
    sms: SmsSettings = SmsSettings()


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
    if settings.sms.provider == "twilio" and settings.sms.number is None:
        found.append(Problem("$.sms.number", "is needed by this provider"))
    if chat.welcome and not chat.welcome.strip():
        found.append(Problem("$.chat.welcome", "is only white space"))
    found += _out_of_time(settings.idle)
    return (*found, *_misrouted(settings.assignment))


def _out_of_time(idle: IdleSettings) -> list[Problem]:
    if idle.warn_min is None:
        return []
    found: list[Problem] = []
    if idle.close_min is None or idle.warn_min >= idle.close_min:
        found.append(Problem("$.idle.warn_min", "must be less than close_min"))
    if not idle.warn_text.strip():
        found.append(Problem("$.idle.warn_text", "is empty but warn_min is set"))
    return found


def _misrouted(assignment: AssignmentSettings) -> list[Problem]:
    found: list[Problem] = []
    known: set[str] = set()
    for number, team in enumerate(assignment.teams):
        if team.id in known:
            found.append(Problem(f"$.assignment.teams[{number}].id", "is there twice"))
        known.add(team.id)
    for number, rule in enumerate(assignment.rules):
        if rule.when == Condition():
            # It would take everything, and the rules after it would be dead.
            path = f"$.assignment.rules[{number}].if"
            found.append(Problem(path, "asks for nothing"))
        if rule.team not in known:
            path = f"$.assignment.rules[{number}].team"
            found.append(Problem(path, "is none of the teams"))
    said = assignment.announce_transfer
    if said is not None and not said.strip():
        found.append(Problem("$.assignment.announce_transfer", "is empty"))
    return found


class Rules(msgspec.Struct, frozen=True):
    """What a chat's decisions depend on besides its own events."""

    version: int = 0
    settings: Settings = Settings()
    hours: OpenHours = ALWAYS
    limits: ChatLimits = ChatLimits()
    """Of the broker, and the same for all its sites."""
    admins: frozenset[str] = frozenset()
    """Agents who may open any ticket of the site."""

    bot: bool = False
    """Whether there is a bot that may answer in the humans' place (F36)."""

    def team(self, id_: str) -> Team | None:
        """Return the team called `id_`, if there still is one."""
        teams = self.settings.assignment.teams
        return next((team for team in teams if team.id == id_), None)

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
