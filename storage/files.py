"""The bytes of images: files named by their digest, written once and never changed.

A file is there, whole and durable, before any row speaks of it; and it goes after the
last row that does. What a crash leaves over is found by looking.
"""

import os
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from storage.sync import sync

FOLDER = "blobs"
"""Name of their folder in the data folder."""
INCOMING = "incoming"
"""Inside it: what is on its way. Nothing there outlives the process."""
CHUNK = 1 << 18


class Files:
    """All files of a broker, which holds the data folder's lock."""

    def __init__(self, data: Path) -> None:
        self._folder = data / FOLDER
        self._incoming = self._folder / INCOMING

    def prepare(self) -> None:
        """Make the folder, or remove what an earlier process left unfinished.

        Raises:
            OSError: the disk refuses.
        """
        self._incoming.mkdir(mode=0o700, parents=True, exist_ok=True)
        for left in self._incoming.iterdir():
            left.unlink()
        sync(self._folder.parent)

    def incoming(self, name: str) -> Path:
        """Return where to write what is on its way."""
        return self._incoming / name

    def path(self, digest: str) -> Path:
        """Return where the bytes with this digest are."""
        # Two levels: some file systems are slow with a million names in a folder.
        return self._folder / digest[:2] / digest

    def keep(self, finished: Path) -> tuple[int, str]:
        """Have `finished`, which is on its way, for good; return size and digest.

        Raises:
            OSError: the disk is full or broken.
        """
        size, digest = finished.stat().st_size, digest_of(finished)
        place = self.path(digest)
        if not place.parent.exists():
            place.parent.mkdir(mode=0o700)
            sync(self._folder)
        finished.chmod(0o600)
        sync(finished)
        finished.replace(place)
        sync(place.parent)
        return size, digest

    def remove(self, digest: str) -> None:
        """Remove the bytes with this digest, if they are there."""
        self.path(digest).unlink(missing_ok=True)

    def older(self, than: float) -> Iterator[str]:
        """Yield the digests of files last written before `than`, in seconds."""
        for folder in self._folder.glob("[0-9a-f][0-9a-f]"):
            for file in os.scandir(folder):
                if file.stat().st_mtime < than:
                    yield file.name


def digest_of(path: Path) -> str:
    """Return what names the bytes of a file."""
    digest = sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
