"""What all seats of a process share, and whom they tell what becomes of them."""

from random import Random
from typing import NamedTuple, Protocol

from clients.load.figures import Figures
from clients.load.line import Traffic
from clients.load.loop import Loop
from clients.load.oracle import Oracle
from clients.load.plug import Address
from clients.load.talk import Follower, Talk, Write
from clients.load.texts import Texts


class Guest(Protocol):
    """A connection that is there for a moment."""

    def leave(self) -> None:
        """Go at once."""


class Who(NamedTuple):
    """Whose seat it is."""

    role: str
    sub: str
    token: str


class Host(Protocol):
    """Whom seats tell what becomes of them."""

    def greeted(self, side: str, who: Who) -> None:
        """Learn that somebody was welcomed for the first time."""

    def began(self, talk: Talk, chat: str, since: int, *, existing: bool) -> None:
        """Learn that the shopper's first words are in `chat`, at seq `since`."""

    def attached(self, follower: Follower) -> None:
        """Learn that one side follows its chat now."""

    def answered(self, write: Write) -> None:
        """Learn that a write was answered."""

    def given_up(self, write: Write, code: str) -> None:
        """Learn that a write was refused for good."""


class Scene:
    """What all seats of a process share."""

    def __init__(self, address: Address, texts: Texts, run: str) -> None:
        self.loop = Loop()
        self.address = address
        self.texts = texts
        self.figures = Figures()
        self.oracle = Oracle(texts, self.figures)
        self.traffic = Traffic()
        self.run = run
        """Begins every id, so that no other run's are repeated."""
        self.chance = Random(run)  # noqa: S311  # spreads returns, guards nothing
        self.unknown: set[str] = set()
        """Operations that the server does not have."""
        self.open = 0
        """Connections that were welcomed."""
        self.guests: set[Guest] = set()
        """Connections that go by themselves."""
        self.over = False
        """Whether nobody comes back any more."""
        self.host: Host
