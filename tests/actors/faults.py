"""Bugs and damage to plant, and worlds to plant them in."""

import sqlite3
from collections.abc import Generator
from contextlib import closing, contextmanager

import pytest

from actors.cells import chat as chat_module
from actors.chat import rules as rules_module
from actors.chat.commands import AnyCommand, Say
from actors.chat.cursors import Moving
from actors.chat.events import Event
from actors.chat.outcomes import Outcome
from actors.chat.state import ChatState
from actors.ids import ChatId
from actors.refusals import Reason, Refused
from actors.settings.rules import Rules
from tests.actors.client import Client
from tests.actors.scene import STRANGER
from tests.actors.world import World

POISON = "poison"
LATER = Refused(Reason.UNAVAILABLE)


class Boom(Exception):
    """A bug, planted."""


@contextmanager
def bug_in_decide(text: str = POISON) -> Generator[None]:
    """The rules fall over a message with `text`, having spoilt the state."""
    right = rules_module.decide

    def wrong(
        state: ChatState, command: AnyCommand, rules: Rules, moving: Moving
    ) -> Outcome:
        if isinstance(command, Say) and command.text == text:
            state.preview = "spoilt"
            state.seen.clear()
            raise Boom
        return right(state, command, rules, moving)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chat_module, "decide", wrong)
        yield


@contextmanager
def bug_in_publish(world: World, kind: str) -> Generator[None]:
    """Whoever tells the listeners falls over events of this kind."""

    def wrong(_chat: ChatId, event: Event) -> None:
        if event.body.kind == kind:
            raise Boom

    world.room.on_publish = wrong
    try:
        yield
    finally:
        world.room.on_publish = lambda _chat, _event: None


@contextmanager
def edited(world: World) -> Generator[sqlite3.Connection]:
    """Somebody edits the journal behind our back."""
    with closing(sqlite3.connect(world.path, isolation_level=None)) as tool:
        yield tool


def two(world: World) -> tuple[Client, ChatId, Client, ChatId]:
    """Return two shoppers in two chats, heard by an agent each."""
    sue, bob = world.client(), world.client(STRANGER)
    return sue, world.open(sue), bob, world.open(bob, chat=world.ids.chat())
