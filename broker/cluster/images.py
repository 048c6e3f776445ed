"""Images of a cluster: beside the log, for whichever node owns next."""

import logging
from contextlib import aclosing
from pathlib import Path

import trio

from broker.cluster.copying import pieces
from broker.cluster.ports import Log, Unavailable

log = logging.getLogger(__name__)


class LoggedImages:
    """What `broker.images.shared` asks for, on the partition's log."""

    def __init__(self, to: Log) -> None:
        self._log = to

    async def put(self, digest: str, path: Path) -> None:
        """Keep the file at `path`."""
        try:
            async with aclosing(pieces(path)) as data:
                await self._log.put_file(digest, data)
        except Unavailable as error:
            raise OSError(str(error)) from error

    async def fetch(self, digest: str, path: Path) -> bool:
        """Write the file to `path`."""
        try:
            async with (
                await trio.open_file(path, "wb") as file,
                aclosing(self._log.get_file(digest)) as data,
            ):
                async for piece in data:
                    await file.write(piece)
        except KeyError:
            return False
        except Unavailable as error:
            raise OSError(str(error)) from error
        return True

    async def remove(self, digest: str) -> None:
        """Forget the file."""
        try:
            await self._log.delete_file(digest)
        except Unavailable as error:
            log.warning("the image %s is kept longer: %s", digest, error)
