"""A shop whose agents have macros, and know the people they talk to."""

from collections.abc import Sequence

import msgspec

from actors.library import Macro, Macros, Then
from actors.person import Facts, LastOrder
from broker.office.library import put_collection
from broker.office.people import add_happenings, put_facts
from storage.people import Happening
from tests.system.client import Client
from tests.system.shop import Shop

HELLO = Macro(
    "hi", "Hello", text="Hi {{profile.first_name|there}}, {{agent.name}} here"
)
ORDER = Macro("order", "Order", text="{{order.last.number}} of {{profile.place}}")
PLAIN = Macro("plain", "Plain", text="One moment, please.", hold=True)
SARA = Facts(
    name="Sara Lindt",
    place="Kraków",
    last_order=LastOrder(number="#1042"),
    tags=("vip",),
)


def doing(id_: str, text: str = "", **then: object) -> Macro:
    """Return a macro that does something with the ticket."""
    return Macro(id_, id_, text=text, then=msgspec.convert(then, Then))


async def stocked(shop: Shop, *macros: Macro) -> None:
    """Let the default site have these macros."""
    site = "default"
    version = shop.broker.sites.library_of(site).macros.version
    new = Macros(version, macros)
    outcome = await put_collection(shop.broker, site, new, by="agent:boss")
    assert outcome == version + 1


async def told(shop: Shop, facts: Facts = SARA, sub: str = "sara") -> None:
    """Have the shop tell who somebody is."""
    await put_facts(shop.broker, "default", sub, facts)


async def did(shop: Shop, happenings: Sequence[Happening], sub: str = "sara") -> None:
    """Have the shop tell what somebody did."""
    await add_happenings(shop.broker, "default", sub, tuple(happenings))


async def talking(shop: Shop) -> tuple[Client, Client, str]:
    """Return Sara, Ann who has her chat open, and the chat."""
    sara, ann = await shop.shopper(), await shop.agent()
    chat: str = (await sara.ask("chat.start", text="hello"))["chat"]
    await ann.ask("chat.open", chat=chat)
    await ann.until(t="live")
    return sara, ann, chat
