"""A folder in which people have talked, as a killed broker leaves it; to be read."""

import shutil
from pathlib import Path
from typing import NamedTuple, cast

import trio

from broker.config import Config, StorageConfig
from broker.local import LocalClosed, LocalSocket
from broker.server import Broker
from storage.errors import StorageError
from storage.meta import JOURNAL
from tests.system.process import Keys, furnish

CHATS, LONG = 8, 70
"""Of these chats the first is so long that it has a snapshot."""
TURNS = 6
"""Messages of each of the others before the folder is carried over from its WAL, and
as many after that."""
READ_S = 10.0
"""Seconds for a damaged folder to say something: most take a tenth of one."""
CONFIG = Config(storage=StorageConfig("relaxed"))

Said = dict[str, list[str]]
"""Every word of each chat, in order."""


class Shop(NamedTuple):
    """What was said in a folder, and who may read it."""

    folder: Path
    said: Said
    keys: Keys


class Read(NamedTuple):
    """What a broker on a damaged folder says."""

    said: Said
    refused: list[str]
    """Why, of chats or of all."""


async def talked(folder: Path) -> Shop:
    """Make a folder where half of what was said is in the WAL alone."""
    open_one = folder / "open"
    keys = await furnish(open_one, "ann")
    said: Said = {}
    for half in (0, 1):
        async with Broker.open(open_one, CONFIG) as broker:
            for n in range(CHATS):
                await _talk(broker, keys, said, n, LONG if n == 0 else TURNS)
            if half == 1:
                # Its process dies here.
                shutil.copytree(
                    open_one,
                    folder / "left",
                    ignore=shutil.ignore_patterns("*.sock", "*-shm"),
                )
    return Shop(folder / "left", said, keys)


async def _talk(broker: Broker, keys: Keys, said: Said, n: int, turns: int) -> None:
    token = keys.token("shopper", f"sara-{n}")
    async with await broker.connect_local("shopper", token) as sara:
        text = f"Hello, I am the {n}th, and it is about order {n * 7919}."
        started, _ = await sara.ask({"op": "chat.start", "id": f"s{n}", "text": text})
        chat = started["chat"]
        words = said.setdefault(chat, [])
        if not started.get("existing") and not words:
            words.append(text)
        for turn in range(len(words), len(words) + turns):
            text = f"Word {turn} of the {n}th: where is parcel {turn * 104729 + n}?"
            answer, _ = await sara.ask(
                {"op": "msg.send", "id": f"m{n}-{turn}", "chat": chat, "text": text}
            )
            assert answer["t"] == "ok", answer
            words.append(text)


async def read(shop: Shop, folder: Path) -> Read:
    """Return what a broker on `folder` shows of what was said in `shop`.

    Raises:
        Exception: it broke in a way that has no sentence.
    """
    said: Said = {}
    refused: list[str] = []
    try:
        with trio.fail_after(READ_S):
            async with Broker.open(folder, CONFIG) as broker:
                token = shop.keys.token("agent", "ann")
                async with await broker.connect_local("agent", token) as ann:
                    for number, chat in enumerate(shop.said):
                        await _read(ann, str(number), chat, said, refused)
    except* StorageError as group:
        refused += [str(error) for error in _leaves(group)]
    except* (PermissionError, LocalClosed) as group:
        refused += [f"{type(e).__name__}: {e}" for e in _leaves(group)]
    return Read(said, refused)


async def _read(
    ann: LocalSocket, number: str, chat: str, said: Said, refused: list[str]
) -> None:
    opened, _ = await ann.ask({"op": "chat.open", "id": f"o{number}", "chat": chat})
    if opened["t"] == "err":
        refused.append(f"{chat}: {opened['code']}")
        return
    words: list[str] = []
    seq = 0
    while seq < opened["head"]:
        frame = await ann.receive()
        if frame["t"] == "err":
            refused.append(f"{chat}: {frame['code']}")
            return
        if frame["t"] != "ev" or frame["chat"] != chat:
            continue
        seq = frame["seq"]
        if frame["kind"] == "msg" and str(frame["by"]).startswith("shopper"):
            words.append(frame["body"]["text"])
    said[chat] = words


def _leaves(group: BaseExceptionGroup[BaseException]) -> list[BaseException]:
    found: list[BaseException] = []
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            found += _leaves(cast("BaseExceptionGroup[BaseException]", error))
        else:
            found.append(error)
    return found


def journal_of(folder: Path) -> Path:
    """Return the journal's file."""
    return folder / JOURNAL


def wal_of(folder: Path) -> Path:
    """Return its write-ahead log."""
    return folder / f"{JOURNAL}-wal"
