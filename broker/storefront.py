"""What a widget is told of its shop (spec F1)."""

import msgspec
from msgspec import UNSET, UnsetType

from actors.ids import Millis
from actors.library import Library
from actors.settings.rules import Rules
from broker.wire.frames import Answer, Err


class Legal(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """Links to show before the first message."""

    ack_required: bool | UnsetType = UNSET
    terms_url: str | UnsetType = UNSET
    privacy_url: str | UnsetType = UNSET


class Hours(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """Whether the shop is open now."""

    open_now: bool | UnsetType = UNSET
    zone: str | UnsetType = UNSET
    opens_at: Millis | UnsetType = UNSET


class Staffing(msgspec.Struct, frozen=True, gc=False):
    """Whether anybody is there to answer; who, is not for shoppers to know (F27)."""

    online: bool = False
    first_reply_s: int | UnsetType = UNSET
    """In how many seconds a first answer usually comes, in whole minutes."""


class Question(msgspec.Struct, frozen=True, gc=False):
    """A question that the shop has an answer to: `faq.pick` gives it."""

    id: str
    question: str


class FaqPicked(Answer, frozen=True, gc=False, tag="ok"):
    """Answers `faq.pick`."""

    faq: str
    question: str
    answer: str


class FaqFinished(Answer, frozen=True, gc=False, tag="ok"):
    """Answers `faq.done`: how the shop welcomes who needs more."""

    welcome: str | UnsetType = UNSET


class FaqUnknown(Err, frozen=True, gc=False, tag="err"):
    """There is no such question any more; these there are."""

    faq: tuple[Question, ...] = ()


class FirstWords(msgspec.Struct, frozen=True, gc=False):
    """What the shop says before anybody has asked anything."""

    faq: tuple[Question, ...]
    welcome: str


class Storefront(msgspec.Struct, frozen=True, gc=False):
    """The document that comes with a shopper's or visitor's welcome."""

    enabled: bool
    tab: bool
    can_start: bool
    """Whether a human may be reached."""
    login_status: str
    faq: tuple[Question, ...]
    """What to show first, in this order."""
    welcome: str
    """What to show then, filled in with what is known of the shopper."""
    legal: Legal
    bot: bool
    hours: Hours
    theme: dict[str, str]
    locale: str
    version: int
    team_online: bool
    """Whether anybody is there to answer; who, is not for shoppers to know (F27)."""
    first_reply_s: int | UnsetType = UNSET
    """In how many seconds a first answer usually comes, if that is known."""
    bot_name: str | UnsetType = UNSET
    """What the bot is called, where there is one."""


def questions(library: Library) -> tuple[Question, ...]:
    """Return what a shop has published, in its order."""
    return tuple(Question(item.id, item.question) for item in library.published())


def storefront(
    rules: Rules, role: str, now: Millis, staffing: Staffing, first: FirstWords
) -> Storefront:
    """Return what one with this role sees of the shop."""
    chat, legal = rules.settings.chat, rules.settings.legal
    hidden = role == "visitor" and chat.login_status == "hide_logged_out"
    return Storefront(
        enabled=chat.enabled,
        tab=chat.enabled and not hidden,
        can_start=chat.enabled and role == "shopper",
        login_status=chat.login_status,
        # Where there is no tab nothing is shown in it.
        faq=() if hidden or not chat.enabled else first.faq,
        welcome=first.welcome,
        legal=Legal(
            legal.ack_required,
            legal.terms_url or UNSET,
            legal.privacy_url or UNSET,
        ),
        bot=rules.bot,
        hours=_hours(rules, now),
        theme=chat.theme,
        locale=chat.locale,
        version=rules.version,
        team_online=staffing.online or _bot_counts(rules),
        first_reply_s=staffing.first_reply_s,
        bot_name=rules.settings.ai.name if rules.bot else UNSET,
    )


def _bot_counts(rules: Rules) -> bool:
    """Return whether the bot is somebody who is there (F27)."""
    return rules.bot and rules.settings.ai.counts_online


def _hours(rules: Rules, now: Millis) -> Hours:
    hours, zone = rules.hours, rules.settings.hours.zone
    if hours.is_open(now):
        return Hours(open_now=True, zone=zone)
    return Hours(open_now=False, zone=zone, opens_at=hours.opens(now) or UNSET)
