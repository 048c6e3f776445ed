"""What was refused for now at one connection, until it is sent again, in its order.

A server that refused a write refuses later ones of the connection to that chat until it
comes again. So what comes later waits here as well, and nothing is sent again before it
is known what became of all that was sent: else the newest might overtake.
"""

from collections.abc import Callable

from clients.load.loop import Loop
from clients.load.talk import Asked, Talk, Write

RETRY_S = 1.0
"""Before what was refused for now is sent again, if the server names no time."""
SOON_S = 0.1
"""Before it is looked at again, if something before it is not answered yet."""


class Patience:
    """Over `asked`, the unanswered requests in their order."""

    def __init__(
        self, loop: Loop, asked: dict[str, Asked], send: Callable[[Asked], None]
    ) -> None:
        self._loop = loop
        self._asked = asked
        self._send = send
        self._held: set[Talk] = set()
        self._connection = 0
        self._waiting = False

    def needed(self, asked: Asked) -> bool:
        """Return whether a new request has to wait; then it will be sent by itself."""
        asked.refused = asked.talk in self._held and isinstance(asked, Write)
        return asked.refused

    def refused(self, asked: Asked, seconds: float) -> None:
        """Send it again after that time, if it is one, and what has to wait for it."""
        asked.refused = True
        self._held.add(asked.talk)
        self._after(seconds or RETRY_S)

    def over(self) -> None:
        """Forget it all: on another connection everything is sent again anyway."""
        self._held.clear()
        self._connection += 1
        self._waiting = False

    def _after(self, seconds: float) -> None:
        if not self._waiting:
            self._waiting, connection = True, self._connection
            self._loop.after(seconds, lambda: self._again(connection))

    def _again(self, connection: int) -> None:
        if connection != self._connection:
            return
        self._waiting = False
        asked = list(self._asked.values())
        self._held &= {a.talk for a in asked if isinstance(a, Write) and not a.refused}
        for each in asked:
            if each.refused and each.talk not in self._held:
                self._send(each)
        if self._held:
            self._after(SOON_S)
