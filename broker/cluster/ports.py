"""What a cluster stands on: a log that fences, and a directory of who owns what.

What is owned is a partition, one journal with all that belongs to it. Whoever owns it
writes it; all others follow. The directory says who should: it may be wrong for a
moment, and that does no harm, for the log takes an entry only from who knows its end.

There are two of each: in memory, for tests, and on NATS. One suite of tests holds for
both (`tests/cluster`).
"""

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from typing import NamedTuple, Protocol

import msgspec


class ClusterError(Exception):
    """The root: what the cluster stands on does not do as it is asked."""


class Fenced(ClusterError):
    """Somebody else has written: nothing of this was accepted, nor will be."""


class Unavailable(ClusterError):
    """No quorum, or no answer in time: whether it was done is not known."""


class Gap(ClusterError):
    """What is asked for was purged: begin with the newest copy (`Log.load`)."""


class Entry(NamedTuple):
    """One entry of a partition's log."""

    seq: int
    """Its position: per partition, increasing, with gaps."""
    id: str
    data: bytes


class Copy(NamedTuple):
    """A copy of everything that the entries up to `seq` have made."""

    seq: int
    data: AsyncGenerator[bytes]


class Log(Protocol):
    """The log of one partition."""

    async def append(self, expected: int, id_: str, data: bytes) -> int:
        """Return the position of a new entry, which is there for good.

        `expected` is the position of the entry before it. The same `id_` may be tried
        again: it is one entry.

        Raises:
            Fenced: another entry is the last.
            Unavailable: it may be there or not.
        """
        ...

    async def last(self) -> Entry | None:
        """Return the last entry, as of now or later; `None` if there never was one.

        One that was purged has its position, and may have nothing else.

        Raises:
            Unavailable: nobody knows.
        """
        ...

    def follow(self, after: int) -> AsyncGenerator[Entry]:
        """Yield every entry after position `after`, and go on with those to come.

        Raises:
            Gap: the next one was purged.
            Unavailable: for longer than patience lasts.
        """
        ...

    async def save(self, seq: int, data: AsyncIterator[bytes]) -> None:
        """Keep a copy as of `seq`, in place of older ones.

        Raises:
            Unavailable: it may not be whole, and is not used then.
        """
        ...

    async def load(self) -> Copy | None:
        """Return the newest whole copy.

        Raises:
            Unavailable: nobody knows.
        """
        ...

    async def purge(self, until: int) -> None:
        """Forget the entries up to `until`, which a copy has."""
        ...

    async def put_file(self, name: str, data: AsyncIterator[bytes]) -> None:
        """Keep a file, whose name says what is in it.

        Raises:
            Unavailable: it may not be whole, and is not found then.
        """
        ...

    def get_file(self, name: str) -> AsyncGenerator[bytes]:
        """Yield the bytes of a file.

        Raises:
            KeyError: there is none.
            Unavailable: nobody knows.
        """
        ...

    async def delete_file(self, name: str) -> None:
        """Remove a file, if it is there."""
        ...


class Claim(NamedTuple):
    """Who owns a partition, and since which change of hands."""

    partition: int
    epoch: int


class Node(msgspec.Struct, frozen=True):
    """A process that takes connections, as the others see it."""

    name: str
    address: str
    """Where the others reach it, as `host:port`."""
    version: str
    since: int
    """When it came, in milliseconds."""
    draining: bool = False
    """Whether it is about to go, and takes nothing on."""
    applied: int = 0
    """How far it had come in the log when it last said so."""
    relayed: int = 0
    """Connections that it carried to the owner then."""


class Directory(Protocol):
    """Who is there, and who owns which partition, as seen from one node."""

    async def run(
        self, gained: Callable[[Claim], None], lost: Callable[[int], None]
    ) -> None:
        """Take part until cancelled; hear what becomes ours, and what no longer is."""
        ...

    def tell(self, applied: int, relayed: int = 0) -> None:
        """Say to the others, with the next sign of life, how far we have come.

        And how many connections we carry.
        """
        ...

    def mine(self, partition: int) -> Claim | None:
        """Return our claim to `partition`, if we have one."""
        ...

    def valid(self, partition: int) -> bool:
        """Return whether nobody else can have it by now, going by our own clock."""
        ...

    def owner(self, partition: int) -> Node | None:
        """Return who owns `partition`, as far as we know."""
        ...

    def epoch(self, partition: int) -> int:
        """Return how often `partition` has changed hands, as far as we know."""
        ...

    def silence(self) -> float:
        """Return for how many seconds nobody has told us who is there."""
        ...

    def nodes(self) -> tuple[Node, ...]:
        """Return who is there, by name; ourselves included."""
        ...

    async def drain(self) -> None:
        """Hand over what is ours, and take nothing on any more.

        What was handed over is not heard of as lost.
        """
        ...
