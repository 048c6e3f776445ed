"""The pykka actor of this system: no thread, no inbox, no task of its own."""

from collections import deque
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn, ParamSpec

import msgspec
import pykka

from actors.runtime.future import TrioFuture
from actors.runtime.timers import Timer

if TYPE_CHECKING:
    from actors.runtime.system import Kind

P = ParamSpec("P")

MAX_HELD = 256
"""Messages kept for an actor that is loading or backing off; more are turned away."""


class Envelope(msgspec.Struct, frozen=True, gc=False):
    """A message whose sender awaits the answer."""

    message: object
    reply: TrioFuture[Any]


class Fleeting(msgspec.Struct, frozen=True, gc=False):
    """Base of messages that mean nothing to an actor that is not in memory."""


class Stop(Fleeting, frozen=True, gc=False):
    """Let go of the actor now, if nothing is lost by it."""


class Actor(pykka.Actor):
    """Runs on the loop's thread, a message at a time, and never waits.

    What a handler cannot do at once, such as to write to the journal, comes back to it
    as a later call. Saves 20 KiB, a thread and a uuid against `pykka.ThreadingActor`.
    """

    __slots__ = ("backoff", "crashes", "held", "key", "kind", "touched")

    def __init__(self, kind: "Kind[Any]", key: str) -> None:
        # Not calling pykka's: it makes an inbox, a lock and an urn.
        self.kind = kind
        self.key = key
        self.held: deque[object] | None = None
        """Mail that waits until the actor can take it; `None` when it can."""
        self.touched = True
        """Whether a message came since the last sweep."""
        self.crashes: tuple[float, ...] = ()
        self.backoff: Timer | None = None

    @property
    def actor_ref(self) -> "Ref":
        """A name for this actor that outlives it."""
        return Ref(self.kind, self.key)

    def __str__(self) -> str:
        """Return kind and key."""
        return f"{self.kind.name}/{self.key}"

    def hold(self) -> None:
        """Let mail wait until `release`."""
        if self.held is None:
            self.held = deque()

    def release(self) -> None:
        """Let the mail through that was held, ahead of what came later."""
        held, self.held = self.held, None
        if held:
            self.kind.put_back(self.key, held)

    def guarded(
        self, call: Callable[P, None], about: object = None
    ) -> Callable[P, None]:
        """Return `call` such that, whoever calls it, a bug in it is this actor's.

        `about` is the message that it is in answer to: it is turned away then.
        """
        # A nested function with these annotations takes three times as long to make.
        return partial(self._guard, call, about)

    def _guard(
        self,
        call: Callable[P, None],
        about: object,
        /,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> None:
        self.kind.system.supervised(self, partial(call, *args, **kwargs), about)

    def stop(self) -> None:
        """Let go of the actor once it has had its mail, if nothing is lost by it."""
        self.actor_ref.tell(Stop())

    def turn_away(self, message: object) -> None:
        """Answer `message`, of which nothing came: too much mail, or a bug here."""

    def restart(self) -> None:
        """Begin anew after a bug: with a state from the journal, the mail kept."""

    def may_rest(self) -> bool:
        """Return whether nothing would be lost if the actor were let go of now."""
        return True

    # pykka's hooks for actors that run in a thread; abstract there, unused here.
    @staticmethod
    def _create_actor_inbox() -> NoReturn:
        raise NotImplementedError

    @staticmethod
    def _create_future() -> NoReturn:
        raise NotImplementedError

    def _start_actor_loop(self) -> NoReturn:
        raise NotImplementedError


class Ref(pykka.ActorRef[Any]):
    """A name to send messages to; telling starts the actor if it is not in memory.

    A value: two of the same actor are equal.
    """

    def __init__(self, kind: "Kind[Any]", key: str) -> None:
        # Not calling pykka's: it would keep the actor alive, and ask it for an urn.
        self.actor_class = Actor
        self.actor_urn = f"urn:shopwire:{kind.name}:{key}"
        self._kind = kind
        self._key = key

    def tell(self, message: object) -> None:
        """Queue `message`; returns at once and never raises."""
        self._kind.tell(self._key, message)

    def ask(
        self, message: object, *, block: bool = False, timeout: float | None = None
    ) -> TrioFuture[Any]:
        """Queue `message` and return a future of the answer, or of what went wrong.

        That is the handler's own exception if it had a bug, `TurnedAwayError` if there
        was too much mail, and `pykka.ActorDeadError` once the system has stopped.

        Raises:
            RuntimeError: `block` was asked for, which would stop the loop.
        """
        del timeout
        if block:
            raise RuntimeError("ask(block=True) would stop the loop; await the future")
        reply: TrioFuture[Any] = TrioFuture()
        if self._kind.system.stopped:
            error = pykka.ActorDeadError(f"{self} is no longer running")
            reply.set_exception((pykka.ActorDeadError, error, None))
        else:
            self._kind.tell(self._key, Envelope(message, reply))
        return reply

    # pykka's returns a bare bool to those who block; here nobody does.
    def stop(  # type: ignore[override]  # pyright: ignore[reportIncompatibleMethodOverride]
        self, *, block: bool = False, timeout: float | None = None
    ) -> TrioFuture[bool]:
        """Queue a `Stop`; the future says whether the actor was let go of by it.

        Not if it is not in memory, or has something to lose. What is told to it later
        starts it again.

        Raises:
            RuntimeError: `block` was asked for, which would stop the loop.
        """
        return self.ask(Stop(), block=block, timeout=timeout)

    def is_alive(self) -> bool:
        """Return whether the actor is in memory; it need not be, to be told things."""
        return self._kind.get(self._key) is not None

    def proxy(self) -> NoReturn:
        """Our actors take messages alone; a proxy reads attributes from outside.

        Raises:
            NotImplementedError: always.
        """
        raise NotImplementedError("tell or ask it a message instead")

    def __eq__(self, other: object) -> bool:
        """Return whether `other` names the same actor."""
        if not isinstance(other, Ref):
            return NotImplemented
        return self._kind is other._kind and self._key == other._key

    def __hash__(self) -> int:
        """Return a number that is the same for equal names."""
        return hash((id(self._kind), self._key))

    def __repr__(self) -> str:
        """Return the name."""
        return f"<Ref {self.actor_urn}>"
