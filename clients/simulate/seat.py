"""A person of a simulated day, on a connection in memory."""

from collections.abc import Callable
from itertools import count

import trio

from broker.local import LocalClosed, LocalSocket
from broker.server import Broker
from broker.wire.heard import Fields


class Seat:
    """One connection: asks, waits for the answers, and hands on what else comes."""

    def __init__(self, local: LocalSocket, take: Callable[[Fields], None]) -> None:
        self._local = local
        self._take = take
        self._numbers = count(1)
        self._answers: dict[str, Fields] = {}
        self._waiting: dict[str, trio.Event] = {}

    @classmethod
    async def open(
        cls, broker: Broker, role: str, token: str, take: Callable[[Fields], None]
    ) -> "Seat":
        """Return a seat that was welcomed."""
        return cls(await broker.connect_local(role, token), take)

    async def read(self) -> None:
        """Take what comes, until the connection ends."""
        try:
            while True:
                frame = await self._local.receive()
                waiting = self._waiting.pop(frame.get("re", ""), None)
                if waiting is not None:
                    self._answers[frame["re"]] = frame
                    waiting.set()
                else:
                    self._take(frame)
        except LocalClosed:
            for waiting in self._waiting.values():
                waiting.set()

    async def ask(self, op: str, **fields: object) -> Fields:
        """Return the answer to a request; an empty one if the connection ends."""
        id_ = f"r{next(self._numbers)}"
        answered = self._waiting[id_] = trio.Event()
        try:
            await self._local.send({"op": op, "id": id_, **fields})
        except LocalClosed:
            return {}
        await answered.wait()
        return self._answers.pop(id_, {})

    def leave(self) -> None:
        """End the connection."""
        self._local.close_now()
