"""One person of a run: connects, says hello, comes back, repeats what was not answered.

It does what the protocol asks of a client (sections 3 and 6), but hides nothing: every
frame goes past the oracle before anything is made good.
"""

from collections.abc import Callable

from broker.wire.codec import Codec
from broker.wire.errors import FINAL, Code
from clients.load.asking import UNKNOWN, hello_of, request_of
from clients.load.heard import Garbled, Heard, heard
from clients.load.line import Line
from clients.load.loop import clock
from clients.load.notices import Notices
from clients.load.patience import Patience
from clients.load.scene import Scene, Who
from clients.load.talk import (
    Asked,
    Cursor,
    Follower,
    Listing,
    Op,
    Opening,
    Picking,
    Write,
)
from clients.load.texts import SHOPPER

BACKOFF_S = 0.5
"""The first wait before coming back, doubled up to the longest one; a chance of it."""
LONGEST_BACKOFF_S = 2.0
"""Less than the protocol's 30 s: a run has to see everybody come back."""
GRACE_S = 1.0
"""What was skipped may still come, though too late; then it is asked for."""
NO_LIVE_S = 2.0
"""After this a server is taken not to say when all was sent."""


class Seat:
    """One connection of one person, again and again."""

    __slots__ = (
        "_asked",
        "_back_at",
        "_codec",
        "_hello",
        "_line",
        "_numbered",
        "_patience",
        "_resuming",
        "_scene",
        "_serial",
        "_since",
        "_tries",
        "config",
        "epoch",
        "followers",
        "lists",
        "name",
        "notices",
        "side",
        "there",
        "who",
        "why",
    )

    def __init__(self, scene: Scene, who: Who, side: str) -> None:
        self.who = who
        self.side = side
        self.name = ""
        """What the server calls the person."""
        self.there = False
        """Whether it was welcomed on its present connection."""
        self.why = "not connected yet"
        """Why it is not, in words."""
        self.followers: dict[str, Follower] = {}
        """By chat."""
        self.epoch: str | None = None
        self.config: object = None
        """What the server shows of the shop, if it does."""
        self.lists = False
        """Whether it has the list open."""
        self.notices = Notices(scene.oracle, who.sub, who.role)
        self._scene = scene
        self._asked: dict[str, Asked] = {}
        """Unanswered requests, in the order in which they were made."""
        self._line: Line | None = None
        self._codec: Codec | None = None
        self._hello = ""
        self._serial = self._numbered = self._tries = 0
        self._since = 0.0
        self._back_at = 0.0
        self._resuming: set[str] = set()
        self._patience = Patience(scene.loop, self._asked, self._send)

    # What it is told to do.

    def come(self) -> None:
        """Connect."""
        if self._line is None and not self._scene.over:
            self._since = clock()
            scene = self._scene
            self._line = Line(scene.loop, scene.address, self, scene.traffic)

    def leave(self) -> None:
        """Disconnect for good."""
        line, self._line = self._line, None
        self._gone()
        if line is not None:
            line.close()

    def harm(self, does: Callable[[Line], None]) -> None:
        """Do something to the connection, if there is one."""
        if self._line is not None:
            does(self._line)

    def new_id(self, kind: str) -> str:
        """Return an id for a request that is no write."""
        self._numbered += 1
        return f"{self._scene.run}{kind}{self._numbered:x}"

    def ask(self, asked: Asked) -> None:
        """Send a request, now or as soon as there is a connection."""
        self._asked[asked.id] = asked
        if self.there and not self._patience.needed(asked):
            self._send(asked)

    def write(self, write: Write) -> None:
        """Send what is to arrive at the other side."""
        write.talk.writes[write.mark.kind, write.mark.number] = write
        self.ask(write)

    def open_chat(self, follower: Follower) -> None:
        """Ask for what comes after what the follower has."""
        self.followers[follower.chat] = follower
        asked = self._asked.values()
        if any(isinstance(a, Opening) and a.follower is follower for a in asked):
            return
        if self.there:
            # Who comes back opens all that is not resumed.
            self.ask(Opening(self.new_id("o"), follower))

    def read(self, follower: Follower) -> None:
        """Say that everything was seen that has come."""
        if "read" not in self._scene.unknown and self.there and follower.position:
            follower.hoped = max(follower.hoped, follower.position)
            self.ask(Cursor(self.new_id("r"), follower, follower.position))

    def signal(self, said: dict[str, object]) -> None:
        """Send what is never answered."""
        if self.there and self._line is not None and self._codec is not None:
            self._line.send(self._codec.encode(said))

    # From the line.

    def opened(self, codec: Codec) -> None:
        """Say hello."""
        self._codec = codec
        self._serial += 1
        self._hello = self.new_id("h")
        hello, resumed = hello_of(self._hello, self.who, self.followers, self.epoch)
        self._resuming = resumed
        if self._line is not None:
            self._line.send(codec.encode(hello))

    def took(self, payload: bytes) -> None:
        """Take a frame of the server's."""
        codec = self._codec
        if codec is None:
            return
        try:
            frame = heard(codec, payload)
        except Garbled as error:
            self._scene.figures.problem(f"a frame could not be read: {error}")
            return
        kind = frame.t
        if kind == "ev":
            self._event(frame)
        elif kind == "ok":
            self._ok(frame)
        elif kind == "live":
            self._live(frame.chat or "")
        elif kind == "err":
            self._err(frame)
        elif kind == "welcome":
            self._welcomed(frame)
        elif kind in {"badge", "ix", "push"}:
            self.notices.noticed(frame)
        elif kind == "closing":
            self._back_at = clock() + frame.reconnect_after_ms / 1000
            self.why = frame.reason or f"closed with {frame.code}"

    def ended(self, code: int, why: str) -> None:
        """Come back, unless that would help nobody."""
        scene, now = self._scene, clock()
        self._line = None
        self._gone()
        self.why = why or f"closed with {code}"
        if why != "cut" and not scene.over:
            scene.figures.error(f"connection: {self.why}", now)
        for follower in self.followers.values():
            if follower.holes:
                scene.oracle.skipped(follower, now)
        if code in FINAL:
            scene.figures.problem(f"a connection was closed for good: {self.why}")
            return
        longest = min(BACKOFF_S * 2**self._tries, LONGEST_BACKOFF_S)
        self._tries += 1
        wait = max(scene.chance.random() * longest, self._back_at - now)
        scene.loop.after(min(wait, LONGEST_BACKOFF_S), self.come)

    def _gone(self) -> None:
        if self.there:
            self.there = False
            self._scene.open -= 1
        # They are made anew, or have lost their meaning.
        for id_ in [i for i, a in self._asked.items() if not isinstance(a, Write)]:
            del self._asked[id_]
        self._resuming = set()
        self._patience.over()
        self.notices.over()

    # What the server says.

    def _welcomed(self, welcome: Heard) -> None:
        first, self.there = not self.name, True
        self._scene.open += 1
        self._tries = 0
        self.name, self.epoch = welcome.who or "somebody", welcome.epoch
        self.config = welcome.config
        for follower in self.followers.values():
            if follower.chat in self._resuming:
                follower.begin()
            else:
                self.open_chat(follower)
            if follower.cursor and "read" not in self._scene.unknown:
                # The last second of cursors is all that a crash may cost.
                self.ask(Cursor(self.new_id("r"), follower, follower.cursor))
        for asked in list(self._asked.values()):
            if isinstance(asked, Write):
                self._send(asked)
        if self.lists:
            self.ask(Listing(self.new_id("l"), "mine"))
        if self._resuming:
            serial = self._serial
            self._scene.loop.after(NO_LIVE_S, lambda: self._open_instead(serial))
        elif first:
            self._scene.host.greeted(self.side, self.who)

    def _open_instead(self, serial: int) -> None:
        """Open the chats that a server without resume has not sent."""
        if self.there and serial == self._serial:
            for chat in self._resuming:
                self.open_chat(self.followers[chat])
            self._resuming = set()

    def _ok(self, ok: Heard) -> None:
        now = clock()
        asked = self._asked.pop(ok.re, None)
        if asked is None:
            if ok.re.startswith(self._scene.run):
                self._scene.oracle.answered_again(ok.re, now)
        elif isinstance(asked, Write):
            self._written(asked, ok, now)
        elif isinstance(asked, Opening):
            asked.follower.begin()
            # A server may have no `live` to say.
            host, follower = self._scene.host, asked.follower
            self._scene.loop.after(NO_LIVE_S, lambda: host.attached(follower))
        elif isinstance(asked, Cursor):
            asked.follower.cursor = max(asked.follower.cursor, asked.seq)
        elif isinstance(asked, Listing):
            if asked.told is not None:
                asked.told(ok)
            self.notices.listed(ok)
        elif isinstance(asked, Picking):
            self._scene.figures.totals["picks"] += 1

    def _written(self, write: Write, ok: Heard, now: float) -> None:
        scene = self._scene
        if write.op is Op.START:
            self._begun(write, ok)
        scene.oracle.answered(write, ok, self._serial, now)
        if write.op is Op.SAY:
            scene.figures.totals["answered"] += 1
            scene.figures.second(now).answered += 1
            scene.figures.took("send", write.intended, now)
        scene.host.answered(write)

    def _begun(self, write: Write, ok: Heard) -> None:
        """Follow the chat that has begun, or goes on."""
        talk, chat = write.talk, ok.chat or ""
        follower = talk.followers.get(SHOPPER)
        if follower is None or follower.chat != chat:
            follower = talk.followers[SHOPPER] = Follower(talk, SHOPPER, chat)
            if ok.existing:
                follower.position = ok.seq
        self.followers[chat] = follower
        write.chat = chat
        self._scene.host.began(talk, chat, ok.seq, existing=ok.existing)
        if ok.existing or ok.dup or write.resent:
            self.open_chat(follower)
        else:
            follower.begin()
            self._scene.host.attached(follower)

    def _event(self, event: Heard) -> None:
        now, scene = clock(), self._scene
        follower = self.followers.get(event.chat or "") or self._starting(event)
        if follower is None:
            scene.oracle.stranger(self.side, event, now)
            return
        scene.oracle.told(follower, event, self._serial, now)
        if follower.holes:
            scene.loop.after(GRACE_S, lambda: self._heal(follower))
        if event.kind == "read" and self.side != SHOPPER:
            scene.oracle.receipt(follower.talk, event, now)
        elif event.kind == "checkin":
            self.notices.happened(event, follower.talk.holder)

    def _starting(self, event: Heard) -> Follower | None:
        """Return the follower of a chat that begins before its answer comes."""
        for asked in self._asked.values():
            if asked.op is Op.START and not asked.talk.followers and not event.prev:
                talk, chat = asked.talk, event.chat or ""
                follower = talk.followers[SHOPPER] = Follower(talk, SHOPPER, chat)
                self.followers[chat] = follower
                return follower
        return None

    def _heal(self, follower: Follower) -> None:
        """Judge what was skipped and did not come, and ask for it."""
        if follower.holes and self.there:
            self._scene.oracle.skipped(follower, clock())
            self.open_chat(follower)

    def _live(self, chat: str) -> None:
        follower = self.followers.get(chat)
        if follower is None:
            return
        follower.live()
        self.notices.live(chat)
        if chat in self._resuming:
            self._resuming.discard(chat)
            if not self._resuming:
                self._scene.figures.took("resume", self._since, clock())
        else:
            self._scene.host.attached(follower)

    def _err(self, err: Heard) -> None:
        scene, now, code = self._scene, clock(), str(err.code)
        if err.re == self._hello:
            self._not_welcome(err, code)
            return
        asked = self._asked.get(err.re)
        if asked is None:
            if code == Code.BAD_FRAME:
                # A signal goes with an id, so that one may say so.
                scene.unknown.add("typing")
            return
        if asked.op in UNKNOWN and code == Code.BAD_FRAME:
            scene.unknown.add(UNKNOWN[asked.op])
            del self._asked[err.re]
            return
        scene.figures.error(code, now)
        if err.retry:
            self._patience.refused(asked, err.retry_ms / 1000)
            return
        del self._asked[err.re]
        if isinstance(asked, Write):
            asked.talk.writes.pop((asked.mark.kind, asked.mark.number), None)
            scene.host.given_up(asked, code)
        elif isinstance(asked, Opening) and code == Code.RESYNC_REQUIRED:
            asked.follower.position = 0
            self.open_chat(asked.follower)
        elif isinstance(asked, Opening):
            scene.figures.problem(f"chat.open was refused with {code}")

    def _not_welcome(self, err: Heard, code: str) -> None:
        follower = self.followers.get(err.chat or "")
        if follower is None:
            self.why = f"hello was refused: {code} {err.message}".rstrip()
            return
        self._scene.figures.problem(f"a resume was refused with {code}")
        self._resuming.discard(follower.chat)
        if code == Code.RESYNC_REQUIRED:
            follower.position = 0
            self.open_chat(follower)

    def _send(self, asked: Asked) -> None:
        line, codec = self._line, self._codec
        if line is None or codec is None:
            return
        if isinstance(asked, Write):
            # Once it is unknown what became of it, it stays so.
            asked.resent |= asked.sent_at > 0 and not asked.refused
            asked.sent_at = asked.sent_at or clock()
        asked.refused = False
        line.send(codec.encode(request_of(asked, self._scene.texts)))
