"""What a broker uses up, as the system says."""

import os
from pathlib import Path
from typing import NamedTuple

_MIB = 1024 * 1024
_UTIME = 11
"""Where the times stand in `/proc/PID/stat`, after the name."""


class Usage(NamedTuple):
    """Until now."""

    cpu_s: float
    memory_mib: float


def used_by(pid: int) -> Usage | None:
    """Return what a process of this machine has used, if it lives."""
    folder = Path("/proc") / str(pid)
    try:
        stat = (folder / "stat").read_text().rpartition(")")[2].split()
        pages = int((folder / "statm").read_text().split()[1])
    except (OSError, IndexError):
        return None
    ticks = int(stat[_UTIME]) + int(stat[_UTIME + 1])
    memory = pages * os.sysconf("SC_PAGE_SIZE") / _MIB
    return Usage(ticks / os.sysconf("SC_CLK_TCK"), memory)
