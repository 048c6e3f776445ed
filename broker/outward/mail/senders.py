"""Who takes a mail from us: a server, or a folder."""

from pathlib import Path
from typing import Protocol

import trio

from broker.outward.delivery import Failed, Sent
from broker.outward.mail.letters import Letter

MOST_FILES = 1000
"""Mails kept in a folder, the newest: it is for trying out, and nobody empties it."""
FOLDER = "mail"
"""Name of that folder in the data folder."""


class Sender(Protocol):
    """Takes mails to where they are read."""

    async def send(self, letter: Letter) -> Sent | Failed:
        """Hand a mail over, in bounded time."""
        ...

    async def close(self) -> None:
        """Let go of what it holds."""


class Files:
    """Writes mails into a folder, where a mail program opens them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def send(self, letter: Letter) -> Sent | Failed:
        """Write it; the same mail again takes the place of the first."""
        try:
            await trio.to_thread.run_sync(self._write, letter)
        except OSError as error:
            return Failed(f"the folder cannot be written ({error.strerror})")
        return Sent()

    async def close(self) -> None:
        """There is nothing to let go of."""

    def _write(self, letter: Letter) -> None:
        self._folder.mkdir(mode=0o700, exist_ok=True)
        file = self._folder / f"{letter.name}.eml"
        half = file.with_suffix(".new")
        half.unlink(missing_ok=True)
        half.touch(0o600)
        half.write_bytes(letter.message.as_bytes())
        half.replace(file)
        kept = sorted(self._folder.glob("*.eml"), key=lambda path: path.stat().st_mtime)
        for old in kept[:-MOST_FILES]:
            old.unlink(missing_ok=True)


def empty(folder: Path) -> None:
    """Remove the mails that a data folder keeps: they say what was said."""
    for letter in (folder / FOLDER).glob("*"):
        letter.unlink(missing_ok=True)
