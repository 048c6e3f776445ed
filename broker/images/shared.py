"""Where images go that other machines are to have, too."""

from pathlib import Path
from typing import Protocol


class Shared(Protocol):
    """Keeps files by what is in them."""

    async def put(self, digest: str, path: Path) -> None:
        """Return when the file at `path` is kept, too.

        Raises:
            OSError: it is not.
        """
        ...

    async def fetch(self, digest: str, path: Path) -> bool:
        """Return whether the file is at `path` now.

        Raises:
            OSError: nobody knows where it is.
        """
        ...

    async def remove(self, digest: str) -> None:
        """Forget the file, if possible."""
        ...
