"""What a broker uses up, as the system or the broker itself says."""

import os
import re
from pathlib import Path
from typing import NamedTuple
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import urlopen

PATIENCE_S = 1.0
"""For an answer; figures are worth no more."""
_MIB = 1024 * 1024
_CPU = re.compile(rb"^process_cpu_seconds_total ([0-9.e+]+)$", re.MULTILINE)
_MEMORY = re.compile(rb"^process_resident_memory_bytes ([0-9.e+]+)$", re.MULTILINE)
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


def told_by(url: str) -> Usage | None:
    """Return what the broker behind a socket's URL says of itself, if it does."""
    try:
        where = f"http://{urlsplit(url).netloc}/metrics"
        with urlopen(where, timeout=PATIENCE_S) as answer:  # http, above
            text: bytes = answer.read()
    except (URLError, OSError, ValueError):
        return None
    cpu, memory = _CPU.search(text), _MEMORY.search(text)
    if cpu is None or memory is None:
        return None
    return Usage(float(cpu[1]), float(memory[1]) / _MIB)
