"""`shopwire replay`: chats as their journals have them (spec U3, U4)."""

import sqlite3
import sys
from pathlib import Path

import click
import msgspec

from actors import codec
from actors.chat.events import Opened
from actors.chat.state import ChatState
from actors.ids import ChatId, Millis, stream_of
from broker import replay
from broker.commands import options
from broker.commands.moments import MOMENT
from broker.commands.reading import journal, moment
from broker.commands.show import show, show_line
from storage import queries
from storage.records import Record


class Folded(msgspec.Struct, frozen=True):
    """A chat's state, and a hash that equal states share."""

    chat: str
    seq: int
    hash: str
    state: ChatState


class Hashed(msgspec.Struct, frozen=True):
    """The same in a line."""

    chat: str
    seq: int
    hash: str


class View(msgspec.Struct, frozen=True):
    """Which moment of a chat is asked for, and through whose eyes."""

    at: int | None = None
    seq: int | None = None
    who: str | None = None

    def check(self) -> None:
        """Make sure that it is one.

        Raises:
            click.UsageError: it is none.
        """
        if self.at is not None and self.seq is not None:
            raise click.UsageError("Take one of --at and --seq.")
        if self.who not in {None, "shopper"} and not str(self.who).startswith("agent:"):
            raise click.UsageError("--as is agent:ID or shopper.")


@click.command("replay")
@options.data
@click.option("--chat", metavar="ID", help="The chat to replay.")
@click.option("--all", "every", is_flag=True, help="All chats, a line for each.")
@click.option("--check", is_flag=True, help="Compare with what is kept beside it.")
@click.option("--at", type=MOMENT, help="As it was then, such as 2026-11-22T14:03:20Z.")
@click.option("--seq", type=click.IntRange(1), help="As it was after this event.")
@click.option(
    "--as", "who", metavar="PERSON", help="agent:ID or shopper: what they saw."
)
def command(
    folder: Path, chat: str | None, *, every: bool, check: bool, **asked: object
) -> None:
    """Fold a chat's journal anew, and print its state and hash as JSON.

    With --check, exit with 1 if a snapshot, a ticket row or a message row is not what
    the events make. All of it may run while the folder is served.
    """
    view = msgspec.convert(asked, View)
    view.check()
    if bool(chat) == every:
        raise click.UsageError("Name a chat with --chat, or take --all.")
    if (every or check) and view != View():
        raise click.UsageError("--at, --seq and --as go with one --chat, unchecked.")
    with journal(folder) as db:
        if check:
            _check(db, chat)
        elif chat is None:
            _list(db)
        else:
            _print(db, chat, view)


def _print(db: sqlite3.Connection, chat: str, view: View) -> None:
    at = None if view.at is None else Millis(view.at)
    with moment(db):
        try:
            replayed = replay.replay(db, _stream(db, chat), seq=view.seq, at=at)
        except codec.UnreadableRecordError as error:
            raise click.ClickException(f"The chat cannot be read: {error}.") from error
        state = replayed.state
        if not state.seq:
            raise click.ClickException("The chat had not begun then.")
        if view.who is None:
            show(Folded(state.chat, state.seq, codec.state_hash(state), state))
        else:
            show(replay.sight(db, replayed, view.who, at=at))


def _list(db: sqlite3.Connection) -> None:
    for stream in queries.streams(db):
        with moment(db):
            try:
                state = replay.replay(db, stream).state
            except codec.UnreadableRecordError as error:
                click.echo(f"stream {stream} cannot be read: {error}", err=True)
                sys.exit(1)
        show_line(Hashed(state.chat, state.seq, codec.state_hash(state)))


def _check(db: sqlite3.Connection, chat: str | None) -> None:
    streams = queries.streams(db) if chat is None else iter([_stream(db, chat)])
    chats, found = 0, 0
    for stream in streams:
        chats += 1
        with moment(db):
            differences = replay.check(db, stream)
        for difference in sorted(differences, key=lambda each: each.seq):
            found += 1
            show_line(difference)
    click.echo(f"{chats} chats replayed, {found} differences.", err=True)
    if found:
        sys.exit(1)


def _stream(db: sqlite3.Connection, chat: str) -> int:
    """Return the chat's stream.

    Raises:
        click.ClickException: there is no such chat.
    """
    stream = stream_of(ChatId(chat))
    first = None if stream is None else queries.record(db, stream, 1)
    if stream is None or first is None or _id(first) != chat:
        raise click.ClickException(f"There is no chat {chat}.")
    return stream


def _id(first: Record) -> str | None:
    """Return the id in a chat's first event; a chat that cannot be read has any."""
    try:
        body = codec.from_record(first).body
    except codec.UnreadableRecordError:
        return None
    return body.chat if isinstance(body, Opened) else None
