"""Makes a new folder the demo shop: people, texts, settings, and what was said."""

from typing import TYPE_CHECKING

import click
import msgspec

from actors.ids import SYSTEM, ChatId
from actors.settings.document import Settings
from broker.demo.people import AGENTS, CUSTOMERS, TEXTS, facts_of, past_of
from broker.demo.stock import FAQ, KNOWLEDGE, MACROS, SETTINGS, WITH_AI
from broker.demo.story import CHATS, Chat, play
from broker.office.clerk import carry_out
from broker.office.library import put_collection
from broker.office.people import add_happenings, put_facts
from broker.office.requests import Minted, MintToken
from broker.office.settings import put_settings
from broker.outward.sms import take_in
from broker.sites import DEFAULT_SITE

if TYPE_CHECKING:
    from broker.server import Broker

TOKEN_S = 12 * 3600
"""Seconds the printed tokens are good for: a working day."""


class Tokens(msgspec.Struct, frozen=True):
    """What the people of the demo sign in with."""

    shopper: str
    agents: tuple[str, ...]


async def people(broker: "Broker") -> Tokens:
    """Make the agents' accounts, and everybody's tokens."""
    agents = [await token(broker, role, sub, name) for sub, name, role in AGENTS]
    sara = CUSTOMERS[0]
    return Tokens(await token(broker, "shopper", sara.sub, sara.name), tuple(agents))


async def token(broker: "Broker", role: str, sub: str, name: str) -> str:
    """Return a token for one of the demo's people.

    Raises:
        ClickException: the folder will not have it.
    """
    fields = {"role": role, "sub": sub, "name": name, "ttl": TOKEN_S}
    minted = await carry_out(broker, msgspec.convert(fields, MintToken))
    if not isinstance(minted, Minted):
        raise click.ClickException(f"no token for {sub}: {minted}")
    return minted.token


async def stock(broker: "Broker") -> None:
    """Give the shop its texts and its settings, and tell of its customers.

    Raises:
        ClickException: the folder will not have them.
    """
    for collection in (FAQ, MACROS, KNOWLEDGE):
        put = await put_collection(broker, DEFAULT_SITE, collection, by=SYSTEM)
        if not isinstance(put, int):
            raise click.ClickException(f"the demo cannot be stocked: {put}")
    await _set_up(broker, SETTINGS)
    now = broker.clock()
    for customer in CUSTOMERS:
        await put_facts(broker, DEFAULT_SITE, customer.sub, facts_of(customer, now))
        past = past_of(customer, now)
        await add_happenings(broker, DEFAULT_SITE, customer.sub, past)


async def remember(broker: "Broker") -> ChatId:
    """Let the past happen; return the chat that waits for an answer."""
    waiting = ChatId("")
    for chat in CHATS:
        waiting = ChatId(await _told(broker, chat))
    for number, (telephone, text) in enumerate(TEXTS):
        await take_in(broker, DEFAULT_SITE, telephone, f"demo-{number}", text)
    await _set_up(broker, WITH_AI)
    return waiting


async def _set_up(broker: "Broker", settings: Settings) -> None:
    version = broker.sites.rules_of(DEFAULT_SITE).version
    put = await put_settings(broker, DEFAULT_SITE, version, settings, by=SYSTEM)
    if not isinstance(put, int):
        raise click.ClickException(f"the demo cannot be set up: {put}")


async def _told(broker: "Broker", chat: Chat) -> str:
    names = {customer.sub: customer.name for customer in CUSTOMERS}
    roles = {sub: role for sub, _, role in AGENTS}
    shopper_token = await token(broker, "shopper", chat.customer, names[chat.customer])
    async with await broker.connect_local("shopper", shopper_token) as shopper:
        if not chat.agent:
            return await play(chat, shopper, None)
        role = roles[chat.agent]
        agent_token = await token(broker, role, chat.agent, chat.agent.capitalize())
        async with await broker.connect_local(role, agent_token) as agent:
            return await play(chat, shopper, agent)
