"""A pykka future that a trio task can await."""

import sys
from collections.abc import Callable, Generator, Iterable
from functools import reduce
from types import TracebackType
from typing import Any, NoReturn, TypeVar

import pykka
import trio

T = TypeVar("T")
M = TypeVar("M")
J = TypeVar("J")
R = TypeVar("R")
ExcInfo = tuple[type[BaseException] | None, BaseException | None, TracebackType | None]
"""What `sys.exc_info` returns."""


class TrioFuture(pykka.Future[T]):
    """Set once, on the loop's thread; any number of tasks may await it.

    pykka's own `get` blocks its thread, which here would be the loop's: it answers
    only when there is an answer already. What is derived from a future is computed as
    soon as it can be, not when somebody asks.
    """

    def __init__(self) -> None:
        # Not calling pykka's: it makes a hook and a cache for blocking reads.
        self._value: Any = None
        self._error: BaseException | None = None
        self._done = False
        self._waiting: list[trio.lowlevel.Task] = []
        self._then: list[Callable[[TrioFuture[T]], None]] = []

    @property
    def done(self) -> bool:
        """Whether a value or an exception has been set."""
        return self._done

    def set(self, value: T | None = None) -> None:
        """Give the answer to all who wait for it.

        Raises:
            RuntimeError: it was given before.
        """
        self._settle(value, None)

    def set_exception(self, exc_info: ExcInfo | None = None) -> None:
        """Give an exception instead: of `exc_info`, or the one being handled.

        Raises:
            RuntimeError: an answer was given before, or there is no exception.
        """
        error = (exc_info or sys.exc_info())[1]
        if error is None:
            raise RuntimeError("no exception to set")
        self._settle(None, error)

    def get(self, *, timeout: float | None = None) -> T:
        """Return the answer if there is one.

        Raises:
            pykka.Timeout: there is none yet; this thread must not wait for it.
        """
        del timeout
        if not self._done:
            raise pykka.Timeout("await the future instead: get() would block the loop")
        if self._error is not None:
            raise self._error
        value: T = self._value
        return value

    def then(self, call: Callable[["TrioFuture[T]"], None]) -> None:
        """Have `call` called with this future once it is done."""
        if self._done:
            call(self)
        else:
            self._then.append(call)

    def map(self, func: Callable[[T], M]) -> "TrioFuture[M]":
        """Return a future of what `func` makes of the answer."""
        return _derived(lambda: func(self.get()), self)

    def filter(
        self: "TrioFuture[Iterable[J]]", func: Callable[[J], bool]
    ) -> "TrioFuture[Iterable[J]]":
        """Return a future of those in the answer for which `func` is true."""
        return _derived(lambda: list(filter(func, self.get())), self)

    def reduce(
        self: "TrioFuture[Iterable[J]]", func: Callable[[R, J], R], *args: R
    ) -> "TrioFuture[R]":
        """Return a future of the answer folded by `func`."""
        return _derived(lambda: reduce(func, self.get(), *args), self)

    def join(self, *futures: pykka.Future[Any]) -> "TrioFuture[Iterable[Any]]":
        """Return a future of all the answers, in order."""
        every = (self, *(each for each in futures if isinstance(each, TrioFuture)))
        return _derived(lambda: [each.get() for each in every], *every)

    def set_get_hook(self, func: Callable[[float | None], T]) -> NoReturn:
        """Refuse a hook, which runs when somebody blocks: here nobody does.

        Raises:
            NotImplementedError: always.
        """
        raise NotImplementedError("set the answer, or derive a future with `map`")

    def __await__(self) -> Generator[Any, None, T]:
        """Wait for the answer."""
        return self._wait().__await__()

    async def _wait(self) -> T:
        if self._done:
            await trio.lowlevel.checkpoint()
        else:
            task = trio.lowlevel.current_task()
            self._waiting.append(task)

            def abort(_: object) -> trio.lowlevel.Abort:
                self._waiting.remove(task)
                return trio.lowlevel.Abort.SUCCEEDED

            await trio.lowlevel.wait_task_rescheduled(abort)
        return self.get()

    def _settle(self, value: T | None, error: BaseException | None) -> None:
        if self._done:
            raise RuntimeError("the future has its answer already")
        self._done, self._value, self._error = True, value, error
        waiting, self._waiting = self._waiting, []
        for task in waiting:
            trio.lowlevel.reschedule(task)
        then, self._then = self._then, []
        for call in then:
            call(self)


def _derived(compute: Callable[[], M], *sources: TrioFuture[Any]) -> TrioFuture[M]:
    """Return a future of what `compute` returns once all `sources` are done."""
    derived: TrioFuture[M] = TrioFuture()

    def settle(_: TrioFuture[Any]) -> None:
        if derived.done or not all(source.done for source in sources):
            return
        try:
            value = compute()
        except Exception:  # noqa: BLE001 - the answer, to be raised where it is awaited
            derived.set_exception()
        else:
            derived.set(value)

    for source in sources:
        source.then(settle)
    return derived
