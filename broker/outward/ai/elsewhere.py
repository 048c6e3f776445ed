"""What a help desk of another is asked, and how it says no."""

from typing import NamedTuple, Protocol

from actors.settings.ai import AiSettings
from broker.outward.ai.cases import Case


class NotTaken(Exception):
    """The other side did not take it; the text says how, and nothing of what it was."""

    def __init__(self, why: str, status: int = 0) -> None:
        super().__init__(why)
        self.status = status
        """What it answered; 0: nothing that is an answer."""


class Heard(NamedTuple):
    """Something that was said in the other system."""

    id: str
    text: str


class Standing(NamedTuple):
    """How a ticket is there."""

    ref: str
    over: bool
    changed: str
    """Another text whenever the ticket has changed."""


class Elsewhere(Protocol):
    """The help desks of others; each method raises `NotTaken` if it cannot."""

    async def open(self, case: Case, ai: AiSettings) -> str:
        """Return what the ticket of a chat is called, made now or before."""
        ...

    async def add(self, case: Case, ai: AiSettings, key: str, *, again: bool) -> None:
        """Add a message to its ticket; `again`: unless it is there."""

    async def standing(self, ai: AiSettings, refs: list[str]) -> list[Standing]:
        """Return how tickets are that have control of a chat."""
        ...

    async def said(self, ai: AiSettings, ref: str) -> list[Heard]:
        """Return what was said there to the customer, the oldest first."""
        ...

    async def close(self) -> None:
        """Close the connections."""
