"""What a widget is told of its shop (spec F1)."""

import msgspec
from msgspec import UNSET, UnsetType

from actors.ids import Millis
from actors.settings.rules import Rules


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


class Storefront(msgspec.Struct, frozen=True, gc=False):
    """The document that comes with a shopper's or visitor's welcome."""

    enabled: bool
    tab: bool
    can_start: bool
    """Whether a human may be reached."""
    login_status: str
    faq: tuple[str, ...]
    welcome: str
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


def storefront(rules: Rules, role: str, now: Millis, staffing: Staffing) -> Storefront:
    """Return what one with this role sees of the shop."""
    chat, legal = rules.settings.chat, rules.settings.legal
    hidden = role == "visitor" and chat.login_status == "hide_logged_out"
    return Storefront(
        enabled=chat.enabled,
        tab=chat.enabled and not hidden,
        can_start=chat.enabled and role == "shopper",
        login_status=chat.login_status,
        faq=(),
        welcome=chat.welcome,
        legal=Legal(
            legal.ack_required,
            legal.terms_url or UNSET,
            legal.privacy_url or UNSET,
        ),
        bot=False,
        hours=_hours(rules, now),
        theme=chat.theme,
        locale=chat.locale,
        version=rules.version,
        team_online=staffing.online,
        first_reply_s=staffing.first_reply_s,
    )


def _hours(rules: Rules, now: Millis) -> Hours:
    hours, zone = rules.hours, rules.settings.hours.zone
    if hours.is_open(now):
        return Hours(open_now=True, zone=zone)
    return Hours(open_now=False, zone=zone, opens_at=hours.opens(now) or UNSET)
