"""`shopwire top`: how a running broker is, over its admin socket."""

import os
import signal
import sys
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import ExitStack, aclosing
from itertools import count
from pathlib import Path

import click
import trio

from broker.admin import ask_server, is_served
from broker.commands import options
from broker.commands.fullscreen import draw, full_screen, size, stop
from broker.commands.instruments import Line, drawn, lines
from broker.office.requests import LookAtVitals
from broker.vitals import Vitals

KEYS = 64
"""Bytes of what is typed that are looked at together."""
ENDS = frozenset(b"qQ")
FATAL = frozenset({signal.SIGTERM, signal.SIGHUP})
"""Signals that end it as they end any other: shells add 128 to them."""
ROWS = 1000
"""More than there are: all of them, where nothing is below."""


@click.command("top")
@options.data
@click.option(
    "--every",
    default=2.0,
    show_default=True,
    type=click.FloatRange(0.1, 3600),
    metavar="S",
    help="Seconds between two looks.",
)
@click.option(
    "--count",
    "times",
    type=click.IntRange(1),
    metavar="N",
    help="Look so often, then end.  [default: until q or Ctrl-C]",
)
def command(folder: Path, every: float, times: int | None) -> None:
    """Show how the broker that serves a folder is, until stopped.

    In a terminal the whole screen, which is as before at the end; elsewhere a line of
    `name=value` for each look. Rates are of the time since the look before.
    """
    looks = Looks(folder, every, times)
    if sys.stdout.isatty():
        ended = trio.run(Watch(looks).run)
        if ended:
            sys.exit(ended)
        return
    try:
        trio.run(_print, looks)
    except KeyboardInterrupt:
        return


class Looks:
    """Asks a broker how it is, again and again."""

    def __init__(self, folder: Path, every: float, times: int | None) -> None:
        self._folder = folder
        self._every = every
        self._numbers = count() if times is None else range(times)
        self._before: Vitals | None = None

    async def each(self) -> AsyncGenerator[tuple[Vitals, list[Line]]]:
        """Yield how it is, and what is shown of it.

        Raises:
            click.ClickException: nobody can be asked, or not any more.
        """
        for number in self._numbers:
            if number:
                await trio.sleep(self._every)
            now = await self._look()
            rows = lines(now, self._before)
            self._before = now
            yield now, rows

    async def _look(self) -> Vitals:
        try:
            answer = await ask_server(self._folder, LookAtVitals())
        except TimeoutError as error:
            if self._before is not None and not await is_served(self._folder):
                answer = None  # it has gone while it was asked
            else:
                why = "The broker does not answer."
                raise click.ClickException(why) from error
        if isinstance(answer, Vitals):
            return answer
        if answer is not None:
            raise click.ClickException(str(answer))
        if self._before is not None:
            raise click.ClickException(f"The broker that served {self._folder} ended.")
        why = f"Nobody serves {self._folder}."
        raise click.ClickException(
            f"{why} Name another --data, or `shopwire serve` it."
        )


class Watch:
    """Shows looks on a whole screen, and does what is typed."""

    def __init__(self, looks: Looks) -> None:
        self._looks = looks
        self._screen = ExitStack()
        self._shown: tuple[Vitals, list[Line]] | None = None
        self._ended_by = 0
        """The signal, if it was one that stands for a failure."""
        self._failed: click.ClickException | None = None
        self._over = False
        """Whether there are no more looks."""

    async def run(self) -> int:
        """Show them to their end, or until told to stop; return the exit code.

        Raises:
            click.ClickException: nobody can be asked, or not any more.
        """
        heeded = (signal.SIGINT, *FATAL, signal.SIGWINCH, signal.SIGTSTP)
        with trio.open_signal_receiver(*heeded) as signals, self._screen:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._heed, signals, nursery.cancel_scope)
                await self._show(nursery)
                nursery.cancel_scope.cancel()
        if self._failed is not None:
            raise self._failed
        if self._over and self._shown is not None:
            _write_down(*self._shown)
        return 128 + self._ended_by if self._ended_by else 0

    async def _show(self, nursery: trio.Nursery) -> None:
        try:
            async with aclosing(self._looks.each()) as looks:
                async for shown in looks:
                    if self._shown is None:
                        self._screen.enter_context(full_screen())
                        if sys.stdin.isatty():
                            nursery.start_soon(self._obey, nursery.cancel_scope)
                    self._shown = shown
                    self._draw()
        except click.ClickException as error:
            self._failed = error
        else:
            self._over = True

    async def _obey(self, ending: trio.CancelScope) -> None:
        """Read keys, until one ends it or there are no more."""
        keyboard = sys.stdin.fileno()
        while True:
            await trio.lowlevel.wait_readable(keyboard)
            keys = os.read(keyboard, KEYS)
            if ENDS & set(keys):
                ending.cancel()
            if not keys:
                return

    async def _heed(
        self, signals: AsyncIterator[int], ending: trio.CancelScope
    ) -> None:
        async for number in signals:
            if number == signal.SIGTSTP:
                self._screen.close()
                stop()
                if self._shown is not None:
                    self._screen.enter_context(full_screen())
            if number in {signal.SIGTSTP, signal.SIGWINCH}:
                self._draw()
                continue
            self._ended_by = number if number in FATAL else 0
            ending.cancel()

    def _draw(self) -> None:
        if self._shown is not None:
            draw(drawn(*self._shown, size(), hint="q: end"))


def _write_down(now: Vitals, rows: list[Line]) -> None:
    """Leave the last look on the screen that was there before."""
    room = os.terminal_size((size().columns, ROWS))
    click.echo("\n".join(drawn(now, rows, room)))


async def _print(looks: Looks) -> None:
    async with aclosing(looks.each()) as each:
        async for _, rows in each:
            click.echo(" ".join(f"{row.name}={row.plain}" for row in rows))
            sys.stdout.flush()
