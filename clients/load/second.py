"""A person's second connection, for a moment: what a client makes that connects twice.

It says hello with the same token, resumes where the first connection is, hears what
that one hears, and goes. The first must not suffer, and what the second is told is
judged as strictly: it only listens, so everything has to come to it as an event.
"""

from actors.ids import ChatId, Seq
from broker.wire.codec import Codec
from broker.wire.errors import FINAL
from broker.wire.fields import Client, Resume
from broker.wire.frames import Hello
from clients.load.heard import Garbled, Heard, heard
from clients.load.line import Line
from clients.load.loop import clock
from clients.load.scene import Scene
from clients.load.seat import Seat
from clients.load.talk import Fit, Follower
from clients.load.texts import NOTE, SHOPPER

STAY_S = 1.0
"""From when it connects until it goes."""
CLIENT = Client("shopwire-load-second")


class Second:
    """Connects when it is made, beside `seat`; goes by itself."""

    def __init__(self, scene: Scene, seat: Seat) -> None:
        self._scene = scene
        self._seat = seat
        self._codec: Codec | None = None
        self._hello = seat.new_id("h")
        self._followers: dict[str, Follower] = {}
        self._line: Line | None = Line(scene.loop, scene.address, self, scene.traffic)
        scene.guests.add(self)
        scene.loop.after(STAY_S, self.leave)

    def leave(self) -> None:
        """Go, and judge what the connection was never told."""
        line, self._line = self._line, None
        self._scene.guests.discard(self)
        if line is None:
            return
        for follower in self._followers.values():
            for low, high in follower.holes:
                self._wrong("lost", follower, f"nothing came from {low} to {high}")
        line.close()

    # From the line.

    def opened(self, codec: Codec) -> None:
        """Say hello, and where the first connection is."""
        self._codec = codec
        for known in self._seat.followers.values():
            if known.attached:
                # What lies before a hole of the first one it has not had either.
                at = known.holes[0][0] if known.holes else known.position
                beside = Follower(known.talk, known.side, known.chat, at)
                self._followers[known.chat] = beside
        positions = {ChatId(c): Seq(f.position) for c, f in self._followers.items()}
        resume = Resume(positions, self._seat.epoch) if positions else None
        token = self._seat.who.token
        hello = Hello(self._hello, token=token, client=CLIENT, resume=resume)
        if self._line is not None:
            self._line.send(codec.encode(hello))

    def took(self, payload: bytes) -> None:
        """Take a frame of the server's."""
        if self._codec is None:
            return
        try:
            frame = heard(self._codec, payload)
        except Garbled as error:
            self._scene.figures.problem(f"a frame could not be read: {error}")
            return
        if frame.t == "welcome":
            self._scene.figures.totals["second_connections"] += 1
        elif frame.t == "ev":
            self._event(frame)
        elif frame.t == "err" and frame.re == self._hello:
            # Counted, and no fault: a chat may have ended since.
            self._scene.figures.error(f"second connection: {frame.code}", clock())

    def ended(self, code: int, why: str) -> None:
        """Be gone: nobody comes back who was only passing by."""
        self._line = None
        self._scene.guests.discard(self)
        if code in FINAL:
            words = why or f"closed with {code}"
            self._scene.figures.problem(f"a second connection was refused: {words}")

    def _event(self, event: Heard) -> None:
        follower = self._followers.get(event.chat or "")
        if follower is None:
            self._scene.oracle.stranger(self._seat.side, event, clock())
            return
        mark = self._scene.texts.mark(event.body.text or "")
        secret = mark is not None and mark.kind == NOTE and follower.side == SHOPPER
        if secret or (mark is not None and mark.chat != follower.talk.index):
            self._wrong("misrouted", follower, f"it was told {event.body.text!r}")
            return
        fit = follower.take(event.seq, event.prev)
        if fit is Fit.LATE:
            self._wrong("misordered", follower, f"seq {event.seq} came late")
        elif fit is not Fit.NEXT:
            self._wrong("duplicated", follower, f"seq {event.seq} again")

    def _wrong(self, what: str, follower: Follower, words: str) -> None:
        said = f"a second connection: {words}"
        self._scene.figures.wrong(what, follower.chat, said, clock())
