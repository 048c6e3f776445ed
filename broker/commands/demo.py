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
import trio

from actors.ids import ChatId
from broker import log
from broker.commands import options
from broker.commands.serve import listening, raise_descriptor_limit
from broker.config import Config
from broker.demo import opening
from broker.demo.opening import Tokens
from broker.server import Broker
from broker.sites import DEFAULT_SITE


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
            tokens = await opening.people(broker)
            if script:
                # By name: clients import the broker, and not the other way round.
                rehearsal: Any = importlib.import_module("clients.rehearsal")
                await rehearsal.play(
                    socket, tokens.shopper, tokens.agents[0], click.echo
                )
            else:
                await opening.stock(broker)
                chat = await opening.remember(broker)
                _invite(url, socket, tokens, chat)
                await anext(signals)
            nursery.cancel_scope.cancel()


def _invite(url: str, socket: str, tokens: Tokens, chat: ChatId) -> None:
    """Print where to look, and how to join from a terminal."""
    program = sys.argv[0] if Path(sys.argv[0]).name == "shopwire" else "shopwire"
    talk = f"{program} talk --url {socket}"
    click.echo(f"A demo shop is served at {url} (site {DEFAULT_SITE}).")
    click.echo(f"Its protocol is spoken at {socket}.\n")
    click.echo(f"The shop, be anybody there:  {url}/demo/\n")
    click.echo("The desk, as Ann who has the settings, or as Ben:\n")
    for token in tokens.agents:
        click.echo(f"  {url}/desk/#token={token}\n")
    click.echo("Sara has asked something. Answer her as Ann, in another terminal:\n")
    click.echo(f"  {talk} --chat {chat} --token {tokens.agents[0]}\n")
    click.echo("And be Sara, in a third one:\n")
    click.echo(f"  {talk} --chat {chat} --token {tokens.shopper}\n")
    click.echo("Ctrl-C stops it; its folder is temporary.")
