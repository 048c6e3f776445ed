"""Who is who in the demo: its agents, and customers with a past."""

from typing import NamedTuple

from actors.ids import Millis
from actors.person import Facts, LastOrder
from storage.people import Happening

DAY = 24 * 3600 * 1000
AGENTS = (("ann", "Ann", "admin"), ("ben", "Ben", "agent"))
"""Ann has the settings, too."""
TEXTS = (
    ("+48600100200", "Do you deliver on Saturdays?"),
    ("+48600300400", "Hi, the parcel says delivered, but there is nothing here."),
)
"""Who writes by SMS, and what."""


class Customer(NamedTuple):
    """One who may sign in at the demo shop."""

    sub: str
    name: str
    email: str
    language: str
    place: str
    since_days: int
    orders: int
    spent: str
    last_order: str


CUSTOMERS = (
    Customer(
        "sara",
        "Sara Nowak",
        "sara@shop.example",
        "en",
        "Gdańsk",
        900,
        4,
        "312 €",
        "#1042",
    ),
    Customer(
        "tomek",
        "Tomek Lis",
        "tomek@shop.example",
        "pl",
        "Kraków",
        40,
        1,
        "24 €",
        "#1057",
    ),
    Customer(
        "lena", "Lena Vogel", "lena@shop.example", "de", "Leipzig", 3, 0, "0 €", "none"
    ),
)


def facts_of(customer: Customer, now: Millis) -> Facts:
    """Return what the shop tells of `customer`."""
    order = None
    if customer.orders:
        order = LastOrder(
            number=customer.last_order, at=Millis(now - 2 * DAY), status="sent"
        )
    return Facts(
        name=customer.name,
        email=customer.email,
        language=customer.language,
        place=customer.place,
        customer_since=Millis(now - customer.since_days * DAY),
        orders=customer.orders,
        spent=customer.spent,
        last_order=order,
        consents={"email": True},
    )


def past_of(customer: Customer, now: Millis) -> tuple[Happening, ...]:
    """Return what `customer` did at the shop before today."""
    if not customer.orders:
        return (
            Happening(now - 3600_000, "seen", "viewed_product", '{"product":"Throw"}'),
        )
    order = f'{{"order":"{customer.last_order}"}}'
    return (
        Happening(now - 2 * DAY, "ordered", "ordered", order),
        Happening(now - 2 * DAY + 60_000, "confirmed", "received_email", order),
        Happening(now - DAY, "fulfilled", "fulfilled", order),
        Happening(now - 7200_000, "seen", "viewed_product", '{"product":"Lamp"}'),
    )
