"""A broker whose wall's clock stands still until a test moves it: a program.

`python -m tests.system.stepped FILE serve --data DIR` is `shopwire serve --data DIR`,
but that the time of day is what stands in `FILE`: eight bytes, seconds. All else is
the machine's: threads, sockets, the disk, and what a SIGKILL leaves of them.
"""

import mmap
import sys
import time
from collections.abc import Callable
from pathlib import Path
from struct import Struct

SECONDS = Struct("d")
LOOK_S = 0.01
"""Seconds after which the broker sees that its clock was moved."""


class Wall:
    """The clock, from a test's side."""

    def __init__(self, file: Path, moment: float) -> None:
        self.file = file
        file.write_bytes(SECONDS.pack(moment))
        self._shown = _shared(file)

    @property
    def now(self) -> float:
        """What it shows, in seconds."""
        seconds: float = SECONDS.unpack_from(self._shown)[0]
        return seconds

    def show(self, moment: float) -> None:
        """Move it."""
        SECONDS.pack_into(self._shown, 0, moment)

    def close(self) -> None:
        """Let go of the file."""
        self._shown.close()


def _shared(file: Path) -> mmap.mmap:
    with file.open("r+b") as opened:
        return mmap.mmap(opened.fileno(), SECONDS.size)


def _read(shown: mmap.mmap) -> Callable[[], float]:
    def now() -> float:
        seconds: float = SECONDS.unpack_from(shown)[0]
        return seconds

    return now


def main() -> None:
    """Run the command line on such a clock."""
    time.time = _read(_shared(Path(sys.argv.pop(1))))
    # What looks at the clock is imported behind it.
    from broker import server  # noqa: PLC0415  # as above
    from broker.__main__ import main as shopwire  # noqa: PLC0415  # as above

    server.LOOK_AT_CLOCK_S = LOOK_S
    shopwire()


if __name__ == "__main__":
    main()
