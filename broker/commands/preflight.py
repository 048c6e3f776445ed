"""Whether a machine is fit to serve a folder, before anybody tries."""

import errno
import getpass
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

import trio

from broker import mounts
from broker.admin import is_served
from broker.commands.surroundings import Check, certificate, servers, shipping
from broker.config import Config
from broker.doors import portable
from storage.errors import DataHeld
from storage.lock import NAME as LOCK
from storage.lock import DataLock
from storage.meta import JOURNAL

LEAST_SQLITE = (3, 35, 0)
"""`RETURNING` came with it; the FTS5 and JSON functions are asked for by name."""
LEAST_DISK = 256 * 1024 * 1024
"""Bytes free: some hundred thousand messages, and room for a checkpoint."""
LEAST_INODES = 1000
"""Files that can be made: images are one each."""
LEAST_FILES = 4096
"""Descriptors: a broker serves 80 % as many connections at the most."""
EPOCH = 1_767_225_600
"""Seconds: the clock cannot be right if it says that 2026 has not begun."""
ADVICE = {
    errno.EADDRINUSE: "end what listens there (ss -ltnp), or choose another --port",
    errno.EACCES: "below 1024 is root's: choose 8080, and put a proxy in front",
    errno.EADDRNOTAVAIL: "name an address of this machine in server.host",
}
"""What to do about an address that cannot be had."""
OURS = (JOURNAL, f"{JOURNAL}-wal", f"{JOURNAL}-shm", LOCK, "blobs", "erasures")
"""What a broker writes there; a command that root ran would have left it root's."""
OTHERS = stat.S_IRWXG | stat.S_IRWXO


def examine(folder: Path, config: Config) -> Iterator[Check]:
    """Yield every check, whatever the others found."""
    yield _folder(folder)
    yield _mount(folder)
    yield _disk(folder)
    yield _sqlite()
    yield _files()
    yield _clock(folder)
    yield _port(folder, config)
    yield _path(config)
    if config.server.tls is not None:
        yield certificate(config.server.tls)
    if config.ship.to is not None:
        yield shipping(folder, config)
    if config.cluster.nats is not None:
        yield servers(config)


def _folder(folder: Path) -> Check:
    if not os.path.exists(folder):  # noqa: PTH110  # that of a path raises if hidden
        return _above_it(folder)
    if not folder.is_dir():
        return Check("folder", f"{folder} is no folder: name another.", well=False)
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        return Check("folder", _unwritable(folder), well=False)
    for path in (folder / name for name in OURS):
        wanted = os.R_OK | os.W_OK | (os.X_OK if path.is_dir() else 0)
        if path.exists() and not os.access(path, wanted):
            return Check("folder", _unwritable(path), well=False)
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


def _above_it(folder: Path) -> Check:
    above = _above(folder)
    if not above.is_dir():
        why = f"{above} is no folder, so none can be made in it: name another."
        return Check("folder", why, well=False)
    if not os.access(above, os.W_OK | os.X_OK):
        return Check("folder", _unwritable(above), well=False)
    return Check("folder", f"{folder} is new and can be made.")


def _unwritable(path: Path) -> str:
    """Return why we cannot write there: mostly, somebody was root here once."""
    if os.statvfs(path).f_flag & os.ST_RDONLY:
        return f"{path} lies on a disk that is mounted read-only: remount it."
    user = _user()
    owner = path.stat().st_uid
    return f"{path} is user {owner}'s, and {user} cannot write it: chown -R {user}."


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.geteuid())  # a container's, of no name


def _mount(folder: Path) -> Check:
    mount = mounts.mount_of(_above(folder))
    if mount is None:
        return Check("mount", "Which disk it is cannot be told here.")
    where = f"{folder} lies on {mount.at} ({mount.kind})"
    if mount.kind in mounts.IN_MEMORY:
        why = f"{where}, in memory: a restart loses all. Choose a disk."
        return Check("mount", why, well=False)
    if mounts.REMOTE.fullmatch(mount.kind):
        why = (
            f"{where}, another machine's, whose locks are not to be relied on:"
            " choose a disk of this one, and ship or back up to that."
        )
        return Check("mount", why, well=False)
    if mount.kind in mounts.LAYERED:
        return Check(
            "mount", f"{where}: in a container, give it a volume to outlive it."
        )
    return Check("mount", f"{where}.")


def _disk(folder: Path) -> Check:
    free = shutil.disk_usage(_above(folder)).free
    said = f"{free // (1024 * 1024)} MiB are free."
    if free < LEAST_DISK:
        said += f" Free some space: {LEAST_DISK // (1024 * 1024)} are the least."
    room = os.statvfs(_above(folder))
    # Some file systems make them as they are needed, and count none.
    if room.f_files and room.f_favail < LEAST_INODES:
        said += f" But only {room.f_favail} more files can be made: remove some."
        return Check("disk", said, well=False)
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
    for name in (JOURNAL, f"{JOURNAL}-wal"):
        with suppress(OSError):
            written = (folder / name).stat().st_mtime
            if written > now + 1:
                late = int(written - now)
                why = f"the clock is {late} s behind the journal: set it, or wait."
                return Check("clock", why, well=False)
    if now < EPOCH:
        why = "the clock has not been set: set it, and let NTP keep it."
        return Check("clock", why, well=False)
    return Check("clock", time.strftime("It is %Y-%m-%d %H:%M:%S UTC.", time.gmtime()))


def _port(folder: Path, config: Config) -> Check:
    server = config.server
    where = f"{server.host} port {server.port}"
    if trio.run(is_served, folder) or _held(folder):
        return Check("port", f"{folder} is served already.")
    family = socket.AF_INET6 if ":" in server.host else socket.AF_INET
    try:
        # As the broker does: what lingers from the last one is in nobody's way.
        with socket.create_server((server.host, server.port), family=family):
            pass
    except OSError as error:
        said = str(error.strerror or error).partition(" (while")[0]
        advice = ADVICE.get(error.errno or 0, "choose another")
        return Check("port", f"cannot listen at {where}: {said}; {advice}.", well=False)
    return Check("port", f"{where} can be listened at.")


def _held(folder: Path) -> bool:
    """Return whether somebody has the folder: a node that follows takes no commands."""
    if not (folder / LOCK).exists():
        return False
    try:
        with DataLock(folder):
            return False
    except DataHeld:
        return True
    except OSError:
        return False  # The folder's own check says why.


def _path(config: Config) -> Check:
    how = "portable" if portable(config.server) else "fast"
    return Check("path", f"Sockets are served in the {how} way.")


def _above(folder: Path) -> Path:
    """Return the nearest folder that is there."""
    near = folder.absolute()
    while not os.path.exists(near):  # noqa: PTH110  # that of a path raises if hidden
        near = near.parent
    return near
