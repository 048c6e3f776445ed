"""`shopwire demo`: a shop to try, in a temporary folder."""

import importlib
import logging
import signal
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

import click
import msgspec
import trio

from actors.ids import SYSTEM, ChatId
from actors.library import Faq, FaqItem, Macro, Macros, Then
from broker import log
from broker.commands import options
from broker.commands.serve import listening, raise_descriptor_limit
from broker.config import Config
from broker.office.clerk import carry_out
from broker.office.library import put_collection
from broker.office.requests import Minted, MintToken
from broker.outward.sms import take_in
from broker.server import Broker
from broker.sites import DEFAULT_SITE

TOKEN_S = 12 * 3600
"""Seconds the printed tokens are good for: a working day."""
AGENTS = (("ann", "Ann"), ("ben", "Ben"))
SHOPPER = ("sara", "Sara Nowak")
TEXT = ("+48600100200", "Do you deliver on Saturdays?")
"""Who writes by SMS, and what."""
SEED = (
    "Hi! I ordered a lamp on Monday.",
    "Is it on its way already?",
)
FAQ = Faq(
    items=(
        FaqItem(
            id="delivery",
            question="When will my order arrive?",
            answer="Within two working days.",
        ),
        FaqItem(
            id="returns",
            question="Can I send it back?",
            answer="Yes, within 30 days, at our expense.",
        ),
    )
)
MACROS = Macros(
    items=(
        Macro(
            id="hello",
            name="Greeting",
            shortcut="hello",
            text="Hello {{profile.first_name|there}}, this is {{agent.name}}.",
        ),
        Macro(
            id="look",
            name="Still looking",
            shortcut="look",
            text="Still looking into this. Thank you for your patience.",
            hold=True,
        ),
        Macro(
            id="bye",
            name="Goodbye",
            shortcut="bye",
            text="Glad to help. Have a good day!",
            then=Then(close=True),
        ),
    )
)


class Tokens(msgspec.Struct, frozen=True):
    """What the people of the demo sign in with."""

    shopper: str
    agents: tuple[str, ...]


@click.command("demo")
@options.config
@click.option("--port", type=int, help="Port; 0 picks a free one.  [default: 8080]")
@click.option("--script", is_flag=True, help="Play a conversation, print it, and end.")
def command(file: Path | None, port: int | None, *, script: bool) -> None:
    """Serve a seeded shop in a temporary folder until stopped."""
    with tempfile.TemporaryDirectory(prefix="shopwire-demo-") as temporary:
        folder = Path(temporary)
        # A script needs no address that anybody knows.
        asked = 0 if script and port is None else port
        config = options.configured(folder, file, server_port=asked)
        log.set_up(config.log)
        logging.getLogger().setLevel(logging.WARNING)
        raise_descriptor_limit()
        trio.run(demo, folder, config, script)


async def demo(folder: Path, config: Config, script: bool) -> None:  # noqa: FBT001  # trio.run passes by position
    """Serve the demo's folder until the first signal, or to the script's end."""
    with trio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
        async with (
            Broker.open(folder, config) as broker,
            trio.open_nursery() as nursery,
        ):
            broker.demo = True
            try:
                url = await listening(broker, nursery)
            except click.ClickException:
                # Somebody has the usual port: a demo is as good on any other.
                url = await nursery.start(partial(broker.serve, port=0))
            socket = url.replace("http", "ws", 1) + "/ws"
            tokens = await _people(broker)
            if script:
                # By name: clients import the broker, and not the other way round.
                rehearsal: Any = importlib.import_module("clients.rehearsal")
                await rehearsal.play(
                    socket, tokens.shopper, tokens.agents[0], click.echo
                )
            else:
                await _stock(broker)
                chat = await _seed(broker, tokens.shopper)
                await take_in(broker, DEFAULT_SITE, TEXT[0], "demo", TEXT[1])
                _invite(url, socket, tokens, chat)
                await anext(signals)
            nursery.cancel_scope.cancel()


async def _people(broker: Broker) -> Tokens:
    """Make the agents' accounts, and everybody's tokens."""
    agents = [await _token(broker, "agent", sub, name) for sub, name in AGENTS]
    return Tokens(await _token(broker, "shopper", *SHOPPER), tuple(agents))


async def _token(broker: Broker, role: str, sub: str, name: str) -> str:
    fields = {"role": role, "sub": sub, "name": name, "ttl": TOKEN_S}
    minted = await carry_out(broker, msgspec.convert(fields, MintToken))
    if not isinstance(minted, Minted):
        raise click.ClickException(f"no token for {sub}: {minted}")
    return minted.token


async def _stock(broker: Broker) -> None:
    """Give the shop its questions and its macros."""
    for collection in (FAQ, MACROS):
        put = await put_collection(broker, DEFAULT_SITE, collection, by=SYSTEM)
        if not isinstance(put, int):
            raise click.ClickException(f"the demo cannot be stocked: {put}")


async def _seed(broker: Broker, token: str) -> ChatId:
    """Let the shopper begin a chat, so that there is something to answer."""
    async with await broker.connect_local("shopper", token) as shopper:
        first, *more = SEED
        started, _ = await shopper.ask(
            {"op": "chat.start", "id": "seed", "text": first}
        )
        chat = ChatId(started["chat"])
        for number, text in enumerate(more):
            id_ = f"seed-{number}"
            await shopper.ask({"op": "msg.send", "id": id_, "chat": chat, "text": text})
        return chat


def _invite(url: str, socket: str, tokens: Tokens, chat: ChatId) -> None:
    """Print how to join."""
    program = sys.argv[0] if Path(sys.argv[0]).name == "shopwire" else "shopwire"
    talk = f"{program} talk --url {socket}"
    click.echo(f"A demo shop is served at {url} (site {DEFAULT_SITE}).")
    click.echo(f"Its protocol is spoken at {socket}.\n")
    click.echo("Sara has asked something. Answer her as Ann, in another terminal:\n")
    click.echo(f"  {talk} --chat {chat} --token {tokens.agents[0]}\n")
    click.echo("And be Sara, in a third one:\n")
    click.echo(f"  {talk} --chat {chat} --token {tokens.shopper}\n")
    click.echo("Ctrl-C stops it; its folder is temporary.")
