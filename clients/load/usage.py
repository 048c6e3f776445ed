"""What a broker uses up, as the system says, or its own `/metrics`."""

import http.client
import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from clients.load.plug import Address, trust

_MIB = 1024 * 1024
_UTIME = 11
"""Where the times stand in `/proc/PID/stat`, after the name."""


PATIENCE_S = 2.0
"""Seconds for a broker to say it: the run has been waiting since it was set up."""
CPU, MEMORY = "process_cpu_seconds_total", "process_resident_memory_bytes"
"""As Prometheus calls them, so that other servers' are understood too."""


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


def told_by(address: Address) -> Usage | None:
    """Return what a broker elsewhere says of itself, if it says so to us."""
    figures = dict(_figures(_metrics(address)))
    if CPU not in figures or MEMORY not in figures:
        return None
    return Usage(figures[CPU], figures[MEMORY] / _MIB)


def _metrics(address: Address) -> str:
    """Return the page beside the socket; nothing, if it is not shown to us."""
    host, port = address.where
    connection = http.client.HTTPConnection(host, port, timeout=PATIENCE_S)
    tls = address.tls
    try:
        connection.connect()
        if tls is not None:
            context = trust(tls.ca, insecure=tls.insecure)
            connection.sock = context.wrap_socket(
                connection.sock, server_hostname=tls.name
            )
        headers = {"Host": address.host, "Accept": "text/plain"}
        connection.request("GET", "/metrics", headers=headers)
        answer = connection.getresponse()
        page = answer.read().decode(errors="replace")
    except (OSError, http.client.HTTPException):
        return ""
    else:
        return page if answer.status == http.HTTPStatus.OK else ""
    finally:
        connection.close()


def _figures(page: str) -> Iterator[tuple[str, float]]:
    for line in page.splitlines():
        name, _, value = line.rpartition(" ")
        if name in {CPU, MEMORY}:
            try:
                yield name, float(value)
            except ValueError:
                continue
