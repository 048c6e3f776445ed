"""One of several processes of a run: `python -m clients.load.worker`, told over pipes.

It reads its part, says `ready`, reads when to begin, and writes what it counted.
"""

import struct
import sys
from functools import partial
from typing import IO, NamedTuple

import msgspec
import trio

from clients.load.crowd import NotSetUp
from clients.load.running import Part, Watched, made, run

_SIZE = struct.Struct("!Q")


class Pipes(NamedTuple):
    """Ways to and from another process."""

    to: IO[bytes]
    of: IO[bytes]


class Said(msgspec.Struct):
    """What goes from a worker to its parent first."""

    ready: bool
    why: str = ""


def put(pipe: IO[bytes], value: object) -> None:
    """Write a value, with its size before it."""
    encoded = msgspec.msgpack.encode(value)
    pipe.write(_SIZE.pack(len(encoded)) + encoded)
    pipe.flush()


def taken(pipe: IO[bytes]) -> bytes:
    """Return the next value's bytes.

    Raises:
        EOFError: there is none.
    """
    head = pipe.read(_SIZE.size)
    if len(head) < _SIZE.size:
        raise EOFError("the other process has gone")
    return pipe.read(*_SIZE.unpack(head))


async def _told() -> float:
    """Say that all is set up; return when to begin."""
    put(sys.stdout.buffer, Said(ready=True))
    told = await trio.to_thread.run_sync(
        taken, sys.stdin.buffer, abandon_on_cancel=True
    )
    return msgspec.msgpack.decode(told, type=float)


def main() -> None:
    """Do one part of a run."""
    part = msgspec.msgpack.decode(taken(sys.stdin.buffer), type=Part)
    try:
        shelf = trio.run(partial(run, Watched(made(part), _told)))
    except* NotSetUp as errors:
        put(sys.stdout.buffer, Said(ready=False, why=str(errors.exceptions[0])))
    else:
        put(sys.stdout.buffer, shelf)


if __name__ == "__main__":
    main()
