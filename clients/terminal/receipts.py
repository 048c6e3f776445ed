"""How far one's own messages have come: sent, delivered, seen."""

from actors.ids import Person, Seq
from broker.wire.heard import Event
from clients.terminal.wording import outside

_MARKS = {"got": "      ✓ delivered", "read": "      ✓✓ seen"}


class Receipts:
    """One chat's; of several messages in a row the last one counts."""

    def __init__(self, me: Person) -> None:
        self._me = me
        self._own = Seq(0)
        self._reached = {"got": Seq(0), "read": Seq(0)}
        self._told = {"got": Seq(0), "read": Seq(0)}

    def take(self, event: Event) -> None:
        """Note an event of the chat."""
        if event.kind == "msg" and event.by == self._me:
            self._own = event.seq
        elif event.kind in self._reached and self._matters(event):
            upto = Seq(int(event.body.get("upto", 0)))
            for kind in ("got", "read") if event.kind == "read" else ("got",):
                self._reached[kind] = max(self._reached[kind], upto)

    def news(self) -> str | None:
        """Return what was not said yet of the last message."""
        for kind in ("read", "got"):
            if self._own and self._reached[kind] >= self._own > self._told[kind]:
                self._told["got"] = self._own
                self._told[kind] = self._own
                return _MARKS[kind]
        return None

    def _matters(self, event: Event) -> bool:
        """Return whether the other side has read it, not one of one's own."""
        who = Person(str(event.body.get("who", event.by)))
        return who != self._me and outside(who) != outside(self._me)
