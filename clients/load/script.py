"""Behaviour of one's own: two functions in a file, run for every chat.

    async def shopper(chat: Chat) -> None:
        await chat.say()
        while await chat.heard(within=60):
            await chat.think(5)
            await chat.say()

What is said is the load tester's, so that the oracle knows it again; when, and how
often, is the script's. Chance comes from `chat.chance`, which repeats itself.
"""

import runpy
from collections.abc import Awaitable, Callable
from functools import partial
from random import Random
from typing import NamedTuple, Protocol

import trio

from clients.load.plan import BadPlan
from clients.load.talk import Talk
from clients.load.texts import AGENT, SHOPPER


class Stage(Protocol):
    """What a chat needs of the run."""

    def speak(self, talk: Talk, side: str) -> None:
        """Let one side say something now."""

    def sign(self, talk: Talk, side: str) -> None:
        """Let the other side see that one types."""

    def look(self, talk: Talk, side: str) -> None:
        """Say that all was read."""

    def finish(self, talk: Talk) -> None:
        """End the chat; the shopper begins another one."""


class Chat:
    """One side of a chat."""

    def __init__(self, stage: Stage, talk: Talk, side: str, seed: int) -> None:
        self.number = talk.index
        """Counts the chats of the run from 0."""
        self.side = "shopper" if side == SHOPPER else "agent"
        self.chance = Random(f"{seed} {talk.index} {side}")  # noqa: S311  # repeats
        self._stage = stage
        self._talk = talk
        self._side = side
        self._unheard = 0
        self._news = trio.Event()

    async def say(self) -> None:
        """Say something; the answer is waited for by nobody."""
        self._stage.speak(self._talk, self._side)
        await trio.lowlevel.checkpoint()

    async def heard(self, *, within: float) -> bool:
        """Wait for the other side's next message; return whether it came in time."""
        with trio.move_on_after(within):
            while not self._unheard:
                await self._news.wait()
            self._unheard -= 1
            return True
        return False

    async def think(self, median: float) -> None:
        """Let time pass, as people do: about `median` seconds, at times much more."""
        await trio.sleep(median * self.chance.lognormvariate(0, 0.5))

    def types(self) -> None:
        """Let the other side see that one types."""
        self._stage.sign(self._talk, self._side)

    def reads(self) -> None:
        """Say that everything was read."""
        self._stage.look(self._talk, self._side)

    def ends(self) -> None:
        """End the chat; the shopper begins another one."""
        self._stage.finish(self._talk)

    def arrived(self) -> None:
        """Learn that the other side said something."""
        self._unheard += 1
        self._news.set()
        self._news = trio.Event()


Behaviour = Callable[[Chat], Awaitable[None]]


class Script(NamedTuple):
    """What a file says."""

    behaviours: dict[str, Behaviour]
    """By side; one that has none is silent."""


def read(path: str) -> Script:
    """Return the functions of a script.

    Raises:
        BadPlan: there are none.
    """
    names: dict[str, Behaviour]
    try:
        names = runpy.run_path(path)
    except Exception as error:
        raise BadPlan(f"{path}: {type(error).__name__}: {error}") from error
    sides = {SHOPPER: "shopper", AGENT: "agent"}
    behaviours = {side: names[name] for side, name in sides.items() if name in names}
    if not behaviours:
        raise BadPlan(f"{path} has neither a function `shopper` nor `agent`")
    return Script(behaviours)


async def played(stage: Stage, script: Script, talks: list[Talk], seed: int) -> None:
    """Run everybody's behaviour, each for its chat."""
    async with trio.open_nursery() as nursery:
        for talk in talks:
            chats: dict[str, Chat] = {}
            for side, behaviour in script.behaviours.items():
                chats[side] = Chat(stage, talk, side, seed)
                nursery.start_soon(behaviour, chats[side])
            talk.listener = partial(_tell, chats)


def _tell(chats: dict[str, Chat], side: str) -> None:
    if side in chats:
        chats[side].arrived()
