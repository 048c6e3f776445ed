"""Actors without tasks: one run queue on the loop's thread, driven once per turn.

The queue of all actors' mail in order of arrival is every actor's mailbox at once, so
an idle actor costs its state and a dictionary entry. An exception in a handler is a
bug: that actor restarts from its journal with its mail kept, the message that set it
off is dropped and answered, and no other actor notices. One that crashes over and over
is left alone for a second each time; it is never given up.
"""

import logging
import random
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any, Generic, NamedTuple, TypeVar

import pykka

from actors.runtime.actor import MAX_HELD, Actor, Envelope, Fleeting, Stop
from actors.runtime.future import TrioFuture
from actors.runtime.timers import Timer, Timers

MAX_CRASHES = 3
WITHIN = 5.0
"""More than this many crashes in so many seconds, and the actor backs off."""
BACKOFF = 1.0
"""Seconds that an actor which keeps crashing is left alone."""

log = logging.getLogger(__name__)
A = TypeVar("A", bound=Actor)


class TurnedAwayError(Exception):
    """The actor could not take the message; ask again later."""


class Watch(NamedTuple):
    """Who looks at the clock while actors act; without one nobody does."""

    now: Callable[[], float]
    longest: float
    """Seconds with one message past which `acted` hears of it."""
    acted: Callable[[str, object, float], None]
    """Called with the kind of actor, the message, and how long it took."""


class Kind(Generic[A]):
    """All actors of one kind, by key."""

    def __init__(
        self, system: "System", name: str, spawn: Callable[["Kind[A]", str], A]
    ) -> None:
        self.system = system
        self.name = name
        self._spawn = spawn
        self._actors: dict[str, A] = {}
        self._mail = system.mail
        system.kinds.append(self)
        self._round: Iterator[str] = iter(())

    def __len__(self) -> int:
        """Return how many are in memory."""
        return len(self._actors)

    def __iter__(self) -> Iterator[A]:
        """Iterate over those in memory, as of now."""
        return iter(tuple(self._actors.values()))

    def get(self, key: str) -> A | None:
        """Return the actor called `key` if it is in memory."""
        return self._actors.get(key)

    def tell(self, key: str, message: object) -> None:
        """Queue `message` for the actor called `key`, which need not be in memory."""
        self._mail.append((self, key, message))

    def put_first(self, key: str, message: object) -> None:
        """Queue `message` before all others."""
        self._mail.appendleft((self, key, message))

    def put_back(self, key: str, held: Iterable[object]) -> None:
        """Queue what was held, ahead of what came later."""
        self.system.put_back((self, key, message) for message in held)

    def find(self, key: str) -> A:
        """Return the actor called `key`, starting it if need be."""
        actor = self._actors.get(key)
        if actor is None:
            actor = self._actors[key] = self._spawn(self, key)
            self.system.supervised(actor, actor.on_start)
        return actor

    def forget(self, actor: A) -> None:
        """Let go of `actor`; the next message for its key starts it anew."""
        if self._actors.get(actor.key) is actor:
            del self._actors[actor.key]
            self.system.contained(actor, actor.on_stop)

    def sweep(self, most: int) -> None:
        """Look at up to `most` actors; let go of those untouched for a whole round.

        Asked so often that a round takes five minutes, an actor rests after five to
        ten idle ones.
        """
        for _ in range(min(most, len(self._actors))):
            key = next(self._round, None)
            if key is None:
                self._round = iter(tuple(self._actors))
                return
            actor = self._actors.get(key)
            if actor is None or actor.held is not None:
                continue
            if actor.touched:
                actor.touched = False
            else:
                self.system.supervised(actor, partial(_let_rest, actor))


class System:
    """The run queue and the actors of every kind.

    With `shuffle`, whose turn it is is drawn from it, while each actor still gets its
    mail in order: the same seed gives the same run, another seed another legal one.
    """

    def __init__(
        self,
        timers: Timers,
        shuffle: random.Random | None = None,
        watch: Watch | None = None,
    ) -> None:
        self.timers = timers
        self._watch = watch
        self.stopped = False
        self.kinds: list[Kind[Any]] = []
        self.restarts = 0
        self.mail: deque[tuple[Kind[Any], str, object]] = deque()
        self._shuffle = shuffle
        self._back: int | None = 0
        """How much at the front was put back since the last run; `None` during one."""

    def put_back(self, held: Iterable[tuple[Kind[Any], str, object]]) -> None:
        """Queue the mail of an actor that has held it, ahead of what came later.

        Of several, who was ready first goes first: alarms that were slept through ring
        in the order in which they were due (F17).
        """
        at = self._back or 0
        for item in held:
            self.mail.insert(at, item)
            at += 1
        if self._back is not None:
            self._back = at

    def run(self) -> None:
        """Hand out the mail until there is none; once stopped, nobody gets any."""
        mail, shuffle = self.mail, self._shuffle
        self._back = None
        watch = self._watch
        before = 0.0 if watch is None else watch.now()
        if self.stopped:
            mail.clear()
        while mail:
            kind, key, message = (
                mail.popleft() if shuffle is None else self._draw(shuffle)
            )
            actor: Actor | None = kind.get(key)
            if actor is None:
                actor = self._start(kind, key, message)
                if actor is None:
                    continue
            if actor.held is None:
                actor.touched = True
                try:
                    if type(message) is Envelope:
                        _ask(actor, message)
                    elif type(message) is Stop:
                        _let_rest(actor)
                    else:
                        actor.on_receive(message)
                except Exception as error:  # noqa: BLE001 - a bug of this actor alone
                    self.failed(actor, error, message)
            elif len(actor.held) < MAX_HELD:
                actor.held.append(message)
            else:
                self._turn_away(actor, message)
            if watch is not None:
                # One look at the clock a message: the end of this is the next's begin.
                after = watch.now()
                if after - before >= watch.longest:
                    watch.acted(kind.name, message, after - before)
                before = after
        self._back = 0

    def stop(self) -> None:
        """Hand out nothing more: whoever awaits an answer hears that all are dead."""
        self.stopped = True
        dead = pykka.ActorDeadError("the system has stopped")
        for _, _, message in self.mail:
            _fail(message, dead)
        self.mail.clear()
        for actor in (actor for kind in self.kinds for actor in kind):
            for message in actor.held or ():
                _fail(message, dead)

    def supervised(
        self, actor: Actor, call: Callable[[], object], about: object = None
    ) -> None:
        """Call `call` on behalf of `actor`, whose bug it is if it fails.

        `about` is the message that it is in answer to, if any.
        """
        try:
            call()
        except Exception as error:  # noqa: BLE001 - a bug of this actor alone
            self.failed(actor, error, about)

    def failed(self, actor: Actor, error: Exception, poison: object = None) -> None:
        """Restart `actor`, whose bug `error` is, and turn `poison` away."""
        # The message may hold what a person wrote: only its type is logged.
        what = type(poison).__name__
        log.error("actor %s failed on %s", actor, what, exc_info=error)
        self.restarts += 1
        if actor.kind.get(actor.key) is actor:
            self._begin_anew(actor)
        # After the restart: what answers the sender may look at the actor.
        self._turn_away(actor, poison, error)

    def contained(self, actor: Actor, call: Callable[[], None]) -> None:
        """Call `call`, a hook whose own failure has nobody left to be told of."""
        try:
            call()
        except Exception:
            log.exception("a hook of actor %s failed", actor)

    def _start(self, kind: Kind[Any], key: str, message: object) -> Actor | None:
        """Return a new actor for `message`, or `None` if it is not worth one."""
        if isinstance(message, Fleeting):
            return None
        if isinstance(message, Envelope) and isinstance(message.message, Stop):
            message.reply.set(value=False)
            return None
        try:
            actor: Actor = kind.find(key)
        except Exception as error:
            log.exception("actor %s/%s could not be made", kind.name, key)
            _fail(message, error)
            return None
        return actor

    def _begin_anew(self, actor: Actor) -> None:
        now = self.timers.now()
        recent = tuple(at for at in actor.crashes if now - at < WITHIN)
        actor.crashes = (*recent, now)[-MAX_CRASHES - 1 :]
        if len(actor.crashes) <= MAX_CRASHES:
            self._restart(actor)
            return
        self._back_off(actor)

    def _back_off(self, actor: Actor) -> None:
        actor.hold()
        if actor.backoff is None:
            actor.backoff = Timer(partial(self._restart, actor))
        self.timers.arm(actor.backoff, BACKOFF)

    def _restart(self, actor: Actor) -> None:
        if actor.kind.get(actor.key) is not actor:
            return
        try:
            actor.restart()
        except Exception:
            log.exception("actor %s could not be restarted", actor)
            self._back_off(actor)

    def _turn_away(
        self, actor: Actor, message: object, error: Exception | None = None
    ) -> None:
        if type(message) is Envelope:
            _fail(message, error or TurnedAwayError(str(actor)))
        elif message is not None:
            self.contained(actor, partial(actor.turn_away, message))

    def _draw(self, shuffle: random.Random) -> tuple[Kind[Any], str, object]:
        kind, key, _ = self.mail[shuffle.randrange(len(self.mail))]
        for index, item in enumerate(self.mail):
            if item[0] is kind and item[1] == key:
                del self.mail[index]
                return item
        raise AssertionError("what was drawn is in the queue")


def _ask(actor: Actor, envelope: Envelope) -> None:
    if isinstance(envelope.message, Stop):
        envelope.reply.set(_let_rest(actor))
        return
    answer: object = actor.on_receive(envelope.message)
    if isinstance(answer, TrioFuture):
        later: TrioFuture[object] = answer  # pyright: ignore[reportUnknownVariableType]  # of what, nobody can know
        later.then(partial(_pass_on, envelope.reply))
    else:
        envelope.reply.set(answer)


def _let_rest(actor: Actor) -> bool:
    rests = actor.may_rest()
    if rests:
        actor.kind.forget(actor)
    return rests


def _pass_on(reply: TrioFuture[object], answer: TrioFuture[object]) -> None:
    try:
        value = answer.get()
    except Exception:  # noqa: BLE001 - the answer, to be raised where it is awaited
        reply.set_exception()
    else:
        reply.set(value)


def _fail(message: object, error: Exception) -> None:
    if type(message) is Envelope and not message.reply.done:
        message.reply.set_exception((type(error), error, None))
