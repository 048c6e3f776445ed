"""What sends text messages: the seam between us and a provider."""

from collections import deque
from typing import Protocol

import msgspec

from broker.outward.delivery import Failed, Sent

KEPT = 1000
"""Messages that the loopback remembers."""


class Outbound(msgspec.Struct, frozen=True):
    """One message, ready to go."""

    key: str
    """The same each time it is tried."""
    site: str
    number: str
    """Whom it is from: the shop's own; empty if it has none."""
    to: str
    text: str

    def __repr__(self) -> str:
        """Show nothing of a person."""
        return f"Outbound({self.key!r})"


class Provider(Protocol):
    """Takes messages to telephones."""

    async def send(self, message: Outbound) -> Sent | Failed:
        """Hand `message` over, in bounded time."""
        ...

    async def close(self) -> None:
        """Let go of what it holds."""


class Loopback:
    """Keeps what would be sent, for tests and demonstrations."""

    def __init__(self) -> None:
        self.sent: deque[Outbound] = deque(maxlen=KEPT)

    async def send(self, message: Outbound) -> Sent:
        """Keep it."""
        self.sent.append(message)
        return Sent()

    async def close(self) -> None:
        """There is nothing to let go of."""
