"""The files of all images of a broker, here and where other machines have them."""

from collections.abc import Iterable
from pathlib import Path

import trio

from broker.images.shared import Shared
from storage.files import Files


class Stock:
    """One per broker: whoever adds or removes files does it by this."""

    def __init__(self, folder: Path) -> None:
        """Keep files under `folder`."""
        self.files = Files(folder)
        self.shared: Shared | None = None
        """Where they go, too, if other machines need them."""
        self.changing = trio.Lock()
        """Held while files come and go, so that none goes that a row has just named."""

    async def keep(self, finished: Path) -> tuple[int, str]:
        """Have `finished`, which is on its way, for good; return size and digest.

        Raises:
            OSError: the disk is full or broken, or the others' is.
        """
        size, digest = await trio.to_thread.run_sync(self.files.keep, finished)
        if self.shared is not None:
            # Before any row speaks of it, there as here.
            await self.shared.put(digest, self.files.path(digest))
        return size, digest

    async def remove(self, digests: Iterable[str]) -> None:
        """Remove what no row names any more, everywhere.

        Raises:
            OSError: the disk refuses.
        """
        for digest in digests:
            await trio.to_thread.run_sync(self.files.remove, digest)
            if self.shared is not None:
                await self.shared.remove(digest)
