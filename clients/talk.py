"""`shopwire talk`: a conversation in a terminal, as a shopper or an agent."""

import os
import sys
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import click
import trio

from actors.ids import ChatId, Seq
from broker.wire.errors import Code
from clients.line import first_of
from clients.link import Event, Link, LinkClosed, RequestRefused, Resynced, open_link
from clients.wording import row_of, shown, told

HELP = """\
  TEXT         say it (a line that begins with / is said as //...)
  /hold TEXT   say it, and keep looking for an answer    (agents)
  /note TEXT   leave a note for the other agents         (agents)
  /read        everything shown was seen
  /open CHAT   go on in another chat
  /list        who waits for an answer                   (agents)
  /end         close the chat for good
  /quit        leave; the chat goes on"""
ROWS = 20
"""Tickets listed to an agent who has not said which."""
CHUNK = 4096

Act = Callable[[str], Awaitable[None]]
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
    try:
        async with open_link(url, token=token, site=site) as link:
            conversation = Conversation(link, click.echo)
            await conversation.begin(ChatId(chat) if chat else None)
            async with trio.open_nursery() as nursery:
                nursery.start_soon(conversation.show)
                await conversation.take(lines_of(sys.stdin.fileno()))
                nursery.cancel_scope.cancel()
    except* LinkClosed as closed:
        ended = str(first_of(closed))
    except* KeyboardInterrupt:
        click.echo()
    if ended:
        raise click.ClickException(f"disconnected: {ended}")


async def lines_of(descriptor: int) -> AsyncIterator[str]:
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


class Conversation:
    """One person at a terminal, in one chat at a time."""

    def __init__(self, link: Link, say: Callable[[str], object]) -> None:
        self._link = link
        self._say = say
        self._chat: ChatId | None = None
        self._last: dict[ChatId, Seq] = {}
        """The newest event shown of each chat."""
        self._ended: set[ChatId] = set()
        self._commands = {
            "/end": self._end,
            "/note": self._note,
            "/hold": self._hold,
            "/read": self._read,
            "/open": self._open,
            "/list": self._list,
            "/help": self._help,
        }

    async def begin(self, chat: ChatId | None) -> None:
        """Open `chat`, or the one that the shopper has; say what there is."""
        link = self._link
        self._say(f"You are {shown(link.who)} ({link.role}). /help shows the commands.")
        if chat is None and link.greeting is not None:
            chat = link.greeting.chat
        if chat is not None:
            await self._tried(self._open, chat)
        elif self._inside:
            await self._tried(self._list, "")

    async def show(self) -> None:
        """Write down what happens."""
        async for received in self._link:
            line = told(received, self._link.who)
            if line is not None:
                self._say(line)
            if isinstance(received, Resynced):
                self._last.pop(received.chat, None)
                self._ended.discard(received.chat)
            elif isinstance(received, Event):
                self._note_down(received)

    def _note_down(self, event: Event) -> None:
        self._last[event.chat] = event.seq
        if event.kind == "closed":
            self._ended.add(event.chat)
        elif event.kind == "msg" and event.by != self._link.who:
            self._link.got(event.chat, event.seq)

    async def take(self, lines: AsyncIterable[str]) -> None:
        """Do what each line says, until one says `/quit`."""
        async for line in lines:
            word, _, rest = line.partition(" ")
            if word == "/quit":
                return
            if word in self._commands:
                await self._tried(self._commands[word], rest.strip())
            elif word.startswith("/") and not word.startswith("//"):
                self._say(f"There is no {shown(word)}. /help shows the commands.")
            elif line.strip():
                await self._tried(self._speak, line.removeprefix("/"))

    async def _tried(self, act: Act, words: str) -> None:
        try:
            await act(words)
        except RequestRefused as refused:
            self._say(f"      ! {shown(str(refused))}")

    async def _speak(self, text: str) -> None:
        if self._chat is not None and (self._inside or self._chat not in self._ended):
            await self._link.send(self._chat, text)
        elif self._inside:
            self._say("      ! in which chat? /open CHAT")
        else:
            self._chat = await self._link.start_chat(text)
            self._say(f"      in chat {self._chat}")

    @property
    def _inside(self) -> bool:
        return self._link.role in ("agent", "admin")

    async def _list(self, _: str) -> None:
        """Show who waits for an answer, where the broker can say that."""
        asked = {"view": "all", "status": "open", "limit": ROWS}
        try:
            inbox = await self._link.request("inbox.open", **asked)
        except RequestRefused as refused:
            if refused.code != Code.BAD_FRAME:
                raise
        else:
            for row in inbox.get("rows", ()):
                self._say(row_of(row))
        self._say("Say which chat: /open CHAT")

    async def _hold(self, text: str) -> None:
        if self._chat is not None:
            await self._link.send(self._chat, text, hold=True)

    async def _note(self, text: str) -> None:
        if self._chat is not None:
            await self._link.note(self._chat, text)

    async def _end(self, _: str) -> None:
        if self._chat is not None:
            await self._link.end(self._chat)

    async def _read(self, _: str) -> None:
        await trio.lowlevel.checkpoint()
        if self._chat is not None and self._chat in self._last:
            self._link.read(self._chat, self._last[self._chat])

    async def _open(self, chat: str) -> None:
        if self._chat is not None and self._chat != chat:
            await self._link.leave_chat(self._chat)
        self._chat = ChatId(chat)
        try:
            await self._link.open_chat(self._chat)
        except RequestRefused:
            self._chat = None
            raise
        self._say(f"      in chat {shown(chat)}")

    async def _help(self, _: str) -> None:
        await trio.lowlevel.checkpoint()
        self._say(HELP)
