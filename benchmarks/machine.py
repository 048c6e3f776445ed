"""The machine under the benchmarks: what it is, and which core does what."""

import os
import platform
import resource
import subprocess
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.readings import Machine

CALM_S = 0.5
"""Long enough for a process that works to be seen at it."""
TICK_S = 0.011
"""A little more than the kernel's unit: as good as nothing."""


def describe() -> Machine:
    """Return what this machine is."""
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return Machine(
        processor=_processor(),
        cores=len(os.sched_getaffinity(0)),
        memory_gib=round(pages / 2**30, 1),
        system=f"{_distribution()}, Linux {platform.release()}",
        python=platform.python_version(),
    )


def server_core() -> int:
    """Return the core that servers run on."""
    return min(os.sched_getaffinity(0))


def client_core() -> int:
    """Return the core of the load generator: another one, if there is another."""
    return sorted(os.sched_getaffinity(0))[:2][-1]


@contextmanager
def on_core(core: int) -> Generator[None]:
    """Let the processes that are started within run on `core` alone.

    Affinity is inherited at the fork, so that no thread of theirs ever runs elsewhere.
    """
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def raise_descriptor_limit() -> int:
    """Allow this process and its children all the descriptors there are."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def resident_kib(pid: int) -> int:
    """Return the memory that a process holds."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    return 0


def cpu_s(pid: int) -> float:
    """Return the CPU time that a process has taken so far, by the 10 ms."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def wait_until_calm(pid: int) -> None:
    """Wait until a process does nothing: what it still imports is none of its load's.

    Ten seconds at most; what never rests has to be measured as it is.
    """
    before = cpu_s(pid)
    for _ in range(20):
        time.sleep(CALM_S)
        now = cpu_s(pid)
        if now - before <= TICK_S:
            return
        before = now


def said_by(*command: str) -> str:
    """Return the first line that a program says, or nothing if it is not there."""
    try:
        run = subprocess.run(command, check=False, capture_output=True, text=True)
    except OSError:
        return ""
    return run.stdout.partition("\n")[0].strip() if run.returncode == 0 else ""


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _distribution() -> str:
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        return "Linux"
