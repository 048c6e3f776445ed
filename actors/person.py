"""What a shop tells of its customers: typed, and as values for templates.

All of it is optional, and what is not known is absent: never an empty text (spec F33).
"""

from datetime import UTC, datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from actors.ids import Millis
from actors.library import Line, Tag
from actors.settings.fields import Section

Email = Annotated[str, Meta(max_length=254, pattern=r"^[^\s@]+@[^\s@]+$(?!\n)")]
Short = Annotated[
    str, Meta(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f]+$(?!\n)")
]
Link = Annotated[
    str, Meta(pattern=r"^https?://[^\s\x00-\x1f\x7f]+$(?!\n)", max_length=2048)
]
Moment = Annotated[Millis, Meta(ge=0, le=253_402_300_799_999)]
"""Up to the end of the year 9999, the last one that has a date here."""
Amount = Short | Annotated[float, Meta(ge=0, le=1e15)]
"""As the shop writes it, currency and all; or a bare number."""


class LastOrder(Section, frozen=True, omit_defaults=True):
    """What the person ordered last."""

    number: Short
    at: Moment | None = None
    status: Short | None = None
    total: Amount | None = None
    url: Link | None = None


class Facts(Section, frozen=True, omit_defaults=True, kw_only=True):
    """A person, as the shop knows them."""

    name: Line | None = None
    email: Email | None = None
    phone: Short | None = None
    place: Line | None = None
    language: Short | None = None
    customer_since: Moment | None = None
    orders: Annotated[int, Meta(ge=0, lt=2**53)] | None = None
    spent: Amount | None = None
    last_order: LastOrder | None = None
    consents: Annotated[dict[Short, bool], Meta(max_length=50)] = msgspec.field(
        default_factory=dict
    )
    """Whether the person may be written to, by way: `{"email": true}`."""
    tags: Annotated[tuple[Tag, ...], Meta(max_length=100)] = ()
    segment: Short | None = None


def values_of(facts: Facts) -> dict[str, str]:
    """Return what templates may say of a person; what is not known is not there."""
    order = facts.last_order
    first, _, last = (facts.name or "").strip().partition(" ")
    values = {
        "profile.name": facts.name,
        "profile.first_name": first,
        "profile.last_name": last.strip(),
        "profile.email": facts.email,
        "profile.phone": facts.phone,
        "profile.place": facts.place,
        "profile.language": facts.language,
        "profile.customer_since": _date(facts.customer_since),
        "profile.orders": None if facts.orders is None else str(facts.orders),
        "profile.spent": _amount(facts.spent),
        "profile.segment": facts.segment,
        "order.last.number": order and order.number,
        "order.last.date": order and _date(order.at),
        "order.last.status": order and order.status,
        "order.last.total": order and _amount(order.total),
        "order.last.url": order and order.url,
    }
    return {name: value for name, value in values.items() if value}


def _amount(amount: str | float | None) -> str | None:
    if amount is None or isinstance(amount, str):
        return amount
    # Two places where there are cents, none where there are none.
    return f"{amount:.2f}".removesuffix(".00")


def _date(at: Millis | None) -> str | None:
    if at is None:
        return None
    return datetime.fromtimestamp(at / 1000, UTC).date().isoformat()
