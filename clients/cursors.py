"""How far a person has read, told the broker at most once a second for each chat."""

import trio

from actors.ids import ChatId, Seq
from broker.wire.client import ClientSession
from broker.wire.frames import Got, Read
from clients.line import Line

EVERY_S = 1.0
"""Seconds between two cursors of a kind in a chat, as the protocol asks."""

Cursor = Read | Got


class Cursors:
    """The newest cursor of each kind in each chat; older ones need not be sent."""

    def __init__(self, session: ClientSession, line: Line) -> None:
        self._session = session
        self._line = line
        self._newest: dict[tuple[type[Cursor], ChatId], Seq] = {}
        """There is a key, and a task, for each that moved within the last second."""

    def move(
        self, kind: type[Cursor], chat: ChatId, seq: Seq, *, nursery: trio.Nursery
    ) -> None:
        """Send the cursor, when a second has passed and there is a connection."""
        key = (kind, chat)
        waiting = self._newest.get(key)
        self._newest[key] = seq if waiting is None else max(seq, waiting)
        if waiting is None:
            nursery.start_soon(self._send, kind, chat)

    async def _send(self, kind: type[Cursor], chat: ChatId) -> None:
        key = (kind, chat)
        sent = Seq(-1)
        while self._newest[key] > sent:
            if self._session.connected:
                sent = self._newest[key]
                id_ = self._session.ask(kind(self._session.new_id(), chat, sent))
                # The session itself repeats the newest one on another connection.
                self._session.forget(id_)
                self._line.wake()
            await trio.sleep(EVERY_S)
        del self._newest[key]
