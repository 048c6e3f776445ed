"""Whether a machine is fit to serve a folder, before anybody tries."""

import os
import resource
import shutil
import socket
import sqlite3
import stat
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import trio

from broker.admin import is_served
from broker.config import Config
from broker.doors import portable
from storage.meta import JOURNAL

LEAST_SQLITE = (3, 35, 0)
"""`RETURNING` came with it; the FTS5 and JSON functions are asked for by name."""
LEAST_DISK = 256 * 1024 * 1024
"""Bytes free: some hundred thousand messages, and room for a checkpoint."""
LEAST_FILES = 4096
"""Descriptors: a broker serves 80 % as many connections at the most."""
EPOCH = 1_767_225_600
"""Seconds: the clock cannot be right if it says that 2026 has not begun."""
OTHERS = stat.S_IRWXG | stat.S_IRWXO


class Check(NamedTuple):
    """One thing that was looked at."""

    name: str
    said: str
    """What was found, or what is wrong and what to do."""
    well: bool = True


def examine(folder: Path, config: Config) -> Iterator[Check]:
    """Yield every check, whatever the others found."""
    yield _folder(folder)
    yield _disk(folder)
    yield _sqlite()
    yield _files()
    yield _clock(folder)
    yield _port(folder, config)
    yield _path(config)


def _folder(folder: Path) -> Check:
    if not folder.exists():
        above = _above(folder)
        if os.access(above, os.W_OK | os.X_OK):
            return Check("folder", f"{folder} is new and can be made.")
        return Check(
            "folder", f"{above} cannot be written; choose another.", well=False
        )
    if not folder.is_dir():
        return Check("folder", f"{folder} is no folder.", well=False)
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        why = f"{folder} cannot be written; it has to belong to who serves it."
        return Check("folder", why, well=False)
    open_to = [
        path
        for path in (folder, folder / JOURNAL)
        if path.exists() and path.stat().st_mode & OTHERS
    ]
    if open_to:
        names = ", ".join(map(str, open_to))
        why = f"others may look into {names}: chmod go= for its secrets' sake."
        return Check("folder", why, well=False)
    return Check("folder", f"{folder} is its owner's alone.")


def _disk(folder: Path) -> Check:
    free = shutil.disk_usage(_above(folder)).free
    said = f"{free // (1024 * 1024)} MiB are free."
    if free < LEAST_DISK:
        said += f" Free some space: {LEAST_DISK // (1024 * 1024)} are the least."
    return Check("disk", said, well=free >= LEAST_DISK)


def _sqlite() -> Check:
    version = sqlite3.sqlite_version
    if sqlite3.sqlite_version_info < LEAST_SQLITE:
        least = ".".join(map(str, LEAST_SQLITE))
        why = f"SQLite {version} is too old: {least} is the least."
        return Check("sqlite", why, well=False)
    try:
        with sqlite3.connect(":memory:") as database:
            database.execute("CREATE VIRTUAL TABLE t USING fts5(x)")
            database.execute("SELECT json_each.value FROM json_each('[]')")
        database.close()
    except sqlite3.Error as error:
        why = f"SQLite {version} lacks what is needed ({error}): use another Python."
        return Check("sqlite", why, well=False)
    return Check("sqlite", f"SQLite {version} has all that is needed.")


def _files() -> Check:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard in (resource.RLIM_INFINITY, -1):
        return Check("files", "Any number of files may be open.")
    said = f"{hard} files may be open: {hard * 8 // 10} connections."
    if hard < LEAST_FILES:
        said += " Raise it: `ulimit -Hn`, or LimitNOFILE= of the unit."
    return Check("files", said, well=hard >= LEAST_FILES)


def _clock(folder: Path) -> Check:
    now = time.time()
    with suppress(OSError):
        written = (folder / JOURNAL).stat().st_mtime
        if written > now + 1:
            late = int(written - now)
            why = f"the clock is {late} s behind the journal: set it, or wait."
            return Check("clock", why, well=False)
    if now < EPOCH:
        return Check("clock", "the clock has not been set; set it.", well=False)
    return Check("clock", time.strftime("It is %Y-%m-%d %H:%M:%S UTC.", time.gmtime()))


def _port(folder: Path, config: Config) -> Check:
    server = config.server
    where = f"{server.host} port {server.port}"
    if trio.run(is_served, folder):
        return Check("port", f"{folder} is served already.")
    family = socket.AF_INET6 if ":" in server.host else socket.AF_INET
    try:
        # As the broker does: what lingers from the last one is in nobody's way.
        with socket.create_server((server.host, server.port), family=family):
            pass
    except OSError as error:
        said = str(error.strerror or error).partition(" (while")[0]
        return Check("port", f"cannot listen at {where}: {said}.", well=False)
    return Check("port", f"{where} can be listened at.")


def _path(config: Config) -> Check:
    how = "portable" if portable(config.server) else "fast"
    return Check("path", f"Sockets are served in the {how} way.")


def _above(folder: Path) -> Path:
    """Return the nearest folder that is there."""
    near = folder.absolute()
    while not near.exists():
        near = near.parent
    return near
