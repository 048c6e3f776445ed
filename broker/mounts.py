"""What kind of file system a folder lies on, as Linux tells a process."""

import re
from pathlib import Path
from typing import NamedTuple

TABLE = Path("/proc/self/mountinfo")
"""Of this process's view: a container has one of its own."""
LINE = re.compile(r"\S+ \S+ \S+ \S+ (\S+) .*? - (\S+) (\S+)")
"""Where, and after fields of no fixed number and a dash, what: see proc(5)."""
IN_MEMORY = frozenset({"tmpfs", "ramfs", "devtmpfs"})
"""Gone when the machine, or the unit, starts again."""
REMOTE = re.compile(
    r"nfs4?|cifs|smb.*|9p|afs|ceph|glusterfs|lustre|gpfs|ncpfs|vboxsf"
    r"|fuse\.(sshfs|glusterfs|s3fs|ceph|.*rclone|davfs|goofys|gcsfuse|vmhgfs-fuse).*"
)
"""Another machine's, whose locks and shared memory cannot be relied on."""
LAYERED = frozenset({"overlay", "aufs"})
"""What a container is made of."""


class Mount(NamedTuple):
    """One line of the table."""

    at: Path
    kind: str
    source: str
    """A device, or what a server exports."""


def mount_of(folder: Path) -> Mount | None:
    """Return what `folder` lies on; `None` where nobody says, as off Linux."""
    try:
        lines = TABLE.read_text(errors="replace").splitlines()
    except OSError:
        return None
    there = folder.resolve()
    # Of those that it lies below the innermost; of those in one place the last.
    found = [
        mount
        for mount in map(_read, lines)
        if mount is not None and there.is_relative_to(mount.at)
    ]
    return max(reversed(found), key=lambda each: len(each.at.parts), default=None)


def _read(line: str) -> Mount | None:
    found = LINE.match(line)
    if found is None:
        return None
    at, kind, source = found.groups()
    return Mount(Path(_plain(at)), kind, _plain(source))


def _plain(text: str) -> str:
    """Return a name whose blanks were written as numbers."""
    return re.sub(r"\\([0-7]{3})", lambda each: chr(int(each[1], 8)), text)
