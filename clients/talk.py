"""`shopwire talk`: a conversation in a terminal, as a shopper or an agent."""

import os
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, redirect_stdout
from functools import partial
from io import StringIO, TextIOWrapper
from pathlib import Path

import click
import trio

from actors.ids import ChatId
from clients.line import first_of
from clients.link import Link, LinkClosed, open_link
from clients.terminal.editor import Editor
from clients.terminal.screen import Screen
from clients.terminal.session import Conversation

CHUNK = 4096
"""Bytes read at a time: a terminal gives a line, a pipe what there is."""

Mint = Callable[[Path, dict[str, str]], str]
"""Returns a token from a data folder, for `role`, `sub` and `site`."""


@click.command("talk")
@click.option("--url", default="ws://127.0.0.1:8080/ws", show_default=True)
@click.option("--token", envvar="SHOPWIRE_TOKEN", help="Who you are.")
@click.option("--chat", metavar="ID", help="The chat to open.")
@click.option(
    "--data",
    "folder",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help="In place of a token: the broker's folder, to take one from.",
)
@click.option(
    "--role", type=click.Choice(["shopper", "agent"]), help="With --data: as what."
)
@click.option("--sub", metavar="ID", help="With --data: as whom.")
@click.option("--site", metavar="SITE", help="[default: default]")
@click.pass_context
def command(
    context: click.Context,
    /,
    url: str,
    token: str | None,
    chat: str | None,
    folder: Path | None,
    **account: str | None,
) -> None:
    """Talk in a terminal: `/help` says how. Without a token you are a visitor."""
    if folder is not None:
        given = {name: value for name, value in account.items() if value is not None}
        if not {"role", "sub"} <= given.keys():
            raise click.UsageError("--data needs --role and --sub")
        mint: Mint = context.obj or minted
        token = mint(folder, given)
    elif account["role"] or account["sub"]:
        raise click.UsageError("--role and --sub need --data")
    trio.run(talk, url, token, account["site"], chat)


def minted(folder: Path, account: dict[str, str]) -> str:
    """Return a token, as `shopwire token` prints it."""
    # Late: who has a token needs nothing of the broker's own.
    from broker.commands.token import command as token  # noqa: PLC0415

    options = [f"--{name}={value}" for name, value in account.items()]
    with redirect_stdout(StringIO()) as printed:
        token.main([f"--data={folder}", *options], standalone_mode=False)
    return printed.getvalue().strip()


async def talk(url: str, token: str | None, site: str | None, chat: str | None) -> None:
    """Talk until the input ends or the link does.

    Raises:
        click.ClickException: the link could not be made, or has ended.
    """
    ended = ""
    if isinstance(sys.stdout, TextIOWrapper):
        # A locale without the characters that people write is no reason to end.
        sys.stdout.reconfigure(errors="replace")
    try:
        async with open_link(url, token=token, site=site) as link:
            conversation, lines = seated(link)
            await conversation.begin(ChatId(chat) if chat else None)
            # Closed whatever happens: a terminal is left as it was found.
            async with aclosing(lines), trio.open_nursery() as nursery:
                nursery.start_soon(conversation.show)
                nursery.start_soon(conversation.look)
                await conversation.take(lines)
                nursery.cancel_scope.cancel()
    except* LinkClosed as closed:
        ended = str(first_of(closed))
    except* KeyboardInterrupt:
        click.echo()
    except* BrokenPipeError:
        # Whoever read along has gone: there is nobody left to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if ended:
        raise click.ClickException(f"disconnected: {ended}")


def seated(link: Link) -> tuple[Conversation, AsyncGenerator[str]]:
    """Return the conversation, and the lines for it: edited if a person types them."""
    descriptor = sys.stdin.fileno()
    able = os.environ.get("TERM", "dumb") != "dumb"
    if not (able and sys.stdin.isatty() and sys.stdout.isatty()):
        return Conversation(link, click.echo), lines_of(descriptor)
    editor = Editor()
    screen = Screen(editor, partial(click.echo, nl=False), columns)
    conversation = Conversation(link, screen.say)
    editor.complete, conversation.redraw = conversation.names, screen.draw
    screen.prompt, screen.typing = conversation.prompt, conversation.typing
    return conversation, screen.lines(descriptor)


def columns() -> int:
    """Return how wide the terminal is now."""
    return os.get_terminal_size(sys.stdout.fileno()).columns


async def lines_of(descriptor: int) -> AsyncGenerator[str]:
    """Yield the lines of a terminal, a pipe or a file.

    No thread reads it: one that is stuck in `readline` would not let the program end.
    """
    rest = b""
    while True:
        try:
            await trio.lowlevel.wait_readable(descriptor)
        except PermissionError:
            # A regular file, which is always readable.
            await trio.lowlevel.checkpoint()
        chunk = os.read(descriptor, CHUNK)
        *lines, rest = (rest + chunk).split(b"\n")
        if not chunk and rest:
            lines, rest = [rest], b""
        for line in lines:
            yield line.decode(errors="replace").rstrip("\r")
        if not chunk:
            return
