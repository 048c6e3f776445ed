"""What a supervisor is told of this process: systemd's `sd_notify`, and nothing else.

One datagram with a few words, to the socket that `NOTIFY_SOCKET` names; without it
nobody is told. Written here because it is fifteen lines: the libraries that have them
either need systemd's own headers or have not changed since 2017.
"""

import os
import socket
from collections.abc import Callable, Mapping

import trio

READY, STOPPING, ALIVE = "READY=1", "STOPPING=1", "WATCHDOG=1"


def tell(*words: str, environ: Mapping[str, str] = os.environ) -> bool:
    """Tell whoever started us; return whether anybody was told.

    A supervisor that has gone is not worth failing for: it would see that by itself.
    """
    address = environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return False
    # `@` stands for the first byte of a name that is in no folder.
    name = f"\0{address[1:]}" if address.startswith("@") else address
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
            # It is read at once or never: nothing here waits for it.
            out.setblocking(False)  # noqa: FBT003  # so it is called
            out.sendto("\n".join(words).encode(), name)
    except OSError:
        return False
    return True


def patience(environ: Mapping[str, str] = os.environ) -> float | None:
    """Return for how many seconds we may be silent; `None`: for ever."""
    microseconds = environ.get("WATCHDOG_USEC", "")
    owner = environ.get("WATCHDOG_PID", str(os.getpid()))
    if not microseconds.isdecimal() or owner != str(os.getpid()):
        return None
    return int(microseconds) / 1e6 or None


async def keep_alive(
    well: Callable[[], bool], environ: Mapping[str, str] = os.environ
) -> None:
    """Say that we live, twice in the time we may be silent, as long as we are `well`.

    Said by the thread that serves everybody: if that is stuck, it goes unsaid, and
    what was promised to nobody is all that a restart loses.
    """
    longest = patience(environ)
    while longest is not None:
        if well():
            tell(ALIVE, environ=environ)
        await trio.sleep(longest / 2)
