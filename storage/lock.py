"""One process at a time per data folder.

The lock is the kernel's (`flock`): it goes with its process, however that ends, and no
stale file has ever to be removed. The file's text only says whom to blame.
"""

import fcntl
import os
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from storage.errors import DataHeld

NAME = "lock"
PATIENCE = 20
"""Looks at a pid that is not written yet, 10 ms apart: its process has only begun."""


class DataLock:
    """Holds a folder from `with` to its end, or from `acquire` to `release`.

    A child made by `exec` does not inherit it; one made by a bare `fork` shares it.
    """

    def __init__(self, folder: Path, option: str = "--data") -> None:
        """Stand for `folder`, which is chosen with `option`."""
        self._folder, self._option = folder, option
        self._descriptor: int | None = None

    @property
    def held(self) -> bool:
        """Whether it is ours."""
        return self._descriptor is not None

    def fileno(self) -> int:
        """Return what is locked: a child to which it is passed holds it, too.

        Raises:
            ValueError: it is not held.
        """
        if self._descriptor is None:
            raise ValueError("the lock is not held")
        return self._descriptor

    def acquire(self) -> None:
        """Take the folder, which exists.

        Raises:
            DataHeld: another process has it; that one's pid is named if it is known.
            OSError: the disk refuses, or knows no locks.
        """
        descriptor = os.open(self._folder / NAME, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.ftruncate(descriptor, 0)
            os.write(descriptor, b"%d\n" % os.getpid())
        except BlockingIOError:
            holder = _holder(descriptor)
            os.close(descriptor)
            raise DataHeld(self._folder, holder, self._option) from None
        except OSError:
            os.close(descriptor)
            raise
        self._descriptor = descriptor

    def release(self) -> None:
        """Let go of the folder, if it is held, whatever the disk says."""
        if self._descriptor is not None:
            with suppress(OSError):
                os.ftruncate(self._descriptor, 0)
            with suppress(OSError):
                os.close(self._descriptor)
            self._descriptor = None

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.release()


def _holder(descriptor: int) -> int | None:
    """Return the pid in the file, which may for a moment be a killed one's."""
    for _ in range(PATIENCE):
        text = os.pread(descriptor, 32, 0).strip()
        if text.isdigit() and _lives(int(text)):
            return int(text)
        time.sleep(0.01)
    return None


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # Somebody else's, and alive.
    return True
