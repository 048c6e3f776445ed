"""The log of a partition in JetStream: a stream for entries, one for copies and files.

An entry that is larger than one message is several, and is there with the last of them.
Should its writer end in between, whoever writes next goes on behind the torn rest, and
readers leave it out; should it go on after all, its next part names a message that is
not the last any more, and is refused as anything else of its would be.
"""

import hashlib
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from functools import partial
from typing import NamedTuple, TypeVar

import msgspec
import trio

from broker.cluster.nats.jetstream import (
    DOWN,
    IN_PROCESS,
    WRONG_LAST,
    ApiError,
    Broken,
    JetStream,
    Stored,
)
from broker.cluster.nats.link import NatsError
from broker.cluster.ports import Copy, Entry, Fenced, Gap, Unavailable

PATIENCE_S = 12.0
"""Seconds for which is asked again: the election of a stream's leader takes 5 to 6."""
PAUSES_S = (0.02, 0.5)
"""Seconds between tries, the first and the longest."""
ROOM = 4096
"""Bytes of a message left to its headers."""
PART = 512 * 1024
"""Bytes of a copy's or a file's part."""
REPEATS_S = 120
"""Seconds in which the server knows an append again by its id."""

OURS = 500
"""Statuses from here on are the server's own trouble, as in HTTP, and may pass."""

ID = "Shopwire-Entry"
MORE = "Shopwire-More"
"""Present on all parts of an entry but the last."""

Found = TypeVar("Found")


class Manifest(msgspec.Struct, frozen=True):
    """Written behind the last part of a copy or a file: it is whole."""

    key: str
    """What its parts are called."""
    parts: int
    digest: str
    """SHA-256 of all of it, in hexadecimal."""
    seq: int = 0
    at: tuple[int, ...] = ()
    """Where its parts stand in the stream; empty if an older program wrote them."""


class Names(NamedTuple):
    """What one partition's streams and subjects are called."""

    entries: str
    entry: str
    things: str
    thing: str

    @classmethod
    def of(cls, cluster: str, partition: int) -> "Names":
        """Return those of a partition."""
        upper = f"{cluster.upper()}_{partition}"
        return cls(
            f"{upper}_LOG",
            f"{cluster}.log.{partition}",
            f"{upper}_COPIES",
            f"{cluster}.copies.{partition}",
        )


class NatsLog:
    """A `ports.Log`."""

    def __init__(
        self, stream: JetStream, cluster: str, partition: int, replicas: int
    ) -> None:
        """Have partition `partition` of `cluster`, on `replicas` of its servers."""
        self._stream = stream
        self._names = Names.of(cluster, partition)
        self._replicas = replicas

    async def found(self) -> None:
        """Make the streams, where there are none yet.

        Raises:
            Unavailable: nobody answers.
        """
        names = self._names
        config: dict[str, object] = {
            "retention": "limits",
            "storage": "file",
            "discard": "new",
            "num_replicas": self._replicas,
            "duplicate_window": REPEATS_S * 1_000_000_000,
        }
        ensure = self._stream.ensure
        entries = config | {"subjects": [names.entry]}
        await _asked(partial(ensure, names.entries, entries))
        things = config | {"subjects": [f"{names.thing}.>"], "max_msgs_per_subject": 1}
        await _asked(partial(ensure, names.things, things | {"discard": "old"}))

    # Entries.

    async def append(self, expected: int, id_: str, data: bytes) -> int:
        """Return the position of a new entry; see `ports.Log`."""
        most = max(self._stream.client.info.max_payload - ROOM, ROOM)
        parts = [data[at : at + most] for at in range(0, len(data), most)] or [b""]
        for number, part in enumerate(parts):
            headers = {ID: id_, "Nats-Msg-Id": f"{id_}.{number}"}
            if number < len(parts) - 1:
                headers[MORE] = "1"
            expected = await self._append_part(expected, headers, part)
        return expected

    async def _append_part(
        self, expected: int, headers: dict[str, str], part: bytes
    ) -> int:
        names, pause = self._names, PAUSES_S[0]
        with trio.move_on_after(PATIENCE_S):
            while True:
                naming = headers | {"Nats-Expected-Last-Sequence": str(expected)}
                try:
                    return (await self._stream.append(names.entry, part, naming)).seq
                except ApiError as error:
                    if error.code == WRONG_LAST:
                        landed = await self._landed(expected, headers)
                        if landed.ours:
                            return landed.seq
                        expected = landed.seq
                    elif error.code not in IN_PROCESS and error.status < OURS:
                        raise Unavailable(str(error)) from error
                except DOWN:
                    pass
                await trio.sleep(pause)
                pause = min(2 * pause, PAUSES_S[1])
        raise Unavailable(f"no answer within {PATIENCE_S:g} s")

    async def _landed(self, expected: int, headers: dict[str, str]) -> "_Landed":
        """Return what is behind `expected`: our own, or a torn rest to go on behind.

        Raises:
            Fenced: somebody else's whole entry.
        """
        last = await self._last()
        if last is None or last.seq < expected:
            raise Fenced(f"the log ends before {expected}: it is another one")
        for seq in range(expected + 1, last.seq + 1):
            stored = await self._get(seq=seq)
            if stored is None:
                raise Fenced(f"{seq} was purged: somebody else has written")
            if stored.headers.get("Nats-Msg-Id") == headers["Nats-Msg-Id"]:
                return _Landed(seq, ours=True)
            if MORE not in stored.headers:
                raise Fenced(f"somebody else has written {seq}")
        return _Landed(last.seq, ours=False)

    async def last(self) -> Entry | None:
        """Return the last entry; see `ports.Log`."""
        last = await self._last()
        while last is not None and MORE in last.headers:
            last = await self._get(seq=last.seq - 1)
        if last is None:
            return await self._purged()
        parts = [last]
        while (before := await self._get(seq=parts[0].seq - 1)) is not None and (
            MORE in before.headers and before.headers.get(ID) == last.headers.get(ID)
        ):
            parts.insert(0, before)
        return _entry(parts)

    async def _purged(self) -> Entry | None:
        """Return where a log ends of which nothing is left."""
        bounds = partial(self._stream.bounds, self._names.entries)
        end = (await _asked(bounds)).last
        return Entry(end, "", b"") if end else None

    async def follow(self, after: int) -> AsyncGenerator[Entry]:
        """Yield every entry after position `after`; see `ports.Log`."""
        names = self._names
        failing_since: float | None = None
        while True:
            try:
                first = (await self._stream.bounds(names.entries)).first
                if first > after + 1:
                    raise Gap(f"the log begins at {first}, not at {after + 1}")
                async with self._stream.consume(names.entries, after) as consumer:
                    parts: list[Stored] = []
                    while True:
                        stored = await consumer.next()
                        failing_since = None
                        if parts and stored.headers.get(ID) != parts[0].headers.get(ID):
                            parts = []  # Its writer ended, or was fenced, in between.
                        parts.append(stored)
                        if MORE not in stored.headers:
                            yield _entry(parts)
                            after, parts = stored.seq, []
            except Broken:
                pass
            except (ApiError, *DOWN) as error:
                now = trio.current_time()
                failing_since = failing_since or now
                if now - failing_since > PATIENCE_S:
                    raise Unavailable(str(error)) from error
            await trio.sleep(PAUSES_S[1])

    async def purge(self, until: int) -> None:
        """Forget the entries up to `until`; see `ports.Log`."""
        purge = self._stream.purge
        await _asked(partial(purge, self._names.entries, seq=until + 1))

    async def _last(self) -> Stored | None:
        return await self._get(last_by_subj=self._names.entry)

    async def _get(self, **which: object) -> Stored | None:
        if which.get("seq") == 0:
            return None
        return await _asked(partial(self._stream.get, self._names.entries, **which))

    # Copies and files.

    async def save(self, seq: int, data: AsyncIterator[bytes]) -> None:
        """Keep a copy as of `seq`, in place of older ones; see `ports.Log`."""
        old = await self._manifest("copy")
        await self._keep("copy", f"copy-{seq}", data, seq)
        if old is not None and old.seq != seq:
            await self._erase(old)

    async def load(self) -> Copy | None:
        """Return the newest whole copy; see `ports.Log`."""
        manifest = await self._manifest("copy")
        if manifest is None:
            return None
        return Copy(manifest.seq, self._parts(manifest))

    async def put_file(self, name: str, data: AsyncIterator[bytes]) -> None:
        """Keep a file; see `ports.Log`."""
        key = name.encode().hex()
        if await self._manifest(key) is None:
            await self._keep(key, key, data)

    async def get_file(self, name: str) -> AsyncGenerator[bytes]:
        """Yield the bytes of a file; see `ports.Log`."""
        manifest = await self._manifest(name.encode().hex())
        if manifest is None:
            raise KeyError(name)
        async with aclosing(self._parts(manifest)) as parts:
            async for part in parts:
                yield part

    async def delete_file(self, name: str) -> None:
        """Remove a file, if it is there; see `ports.Log`."""
        key = name.encode().hex()
        manifest = await self._manifest(key)
        if manifest is not None:
            # Before its manifest: who dies halfway can begin again.
            await self._erase(manifest)
        await self._forget(f"{self._names.thing}.whole.{key}")
        await self._forget(f"{self._names.thing}.part.{key}.*")

    async def _erase(self, old: Manifest) -> None:
        """Remove the parts of a copy or a file, from the servers' disks too."""
        for seq in old.at:
            await _asked(partial(self._stream.erase, self._names.things, seq))
        await self._forget(f"{self._names.thing}.part.{old.key}.*")

    async def _keep(
        self, name: str, key: str, data: AsyncIterator[bytes], seq: int = 0
    ) -> None:
        digest, at, thing = hashlib.sha256(), list[int](), self._names.thing
        async with aclosing(_cut(data)) as parts:
            async for part in parts:
                digest.update(part)
                at.append(await self._put(f"{thing}.part.{key}.{len(at)}", part))
        manifest = Manifest(key, len(at), digest.hexdigest(), seq, tuple(at))
        await self._put(f"{thing}.whole.{name}", msgspec.json.encode(manifest))

    async def _put(self, subject: str, data: bytes) -> int:
        ack = await _asked(partial(self._stream.append, subject, data))
        return ack.seq

    async def _forget(self, subject: str) -> None:
        await _asked(partial(self._stream.purge, self._names.things, filter=subject))

    async def _manifest(self, name: str) -> Manifest | None:
        names = self._names
        get = partial(
            self._stream.get, names.things, last_by_subj=f"{names.thing}.whole.{name}"
        )
        stored = await _asked(get)
        if stored is None:
            return None
        return msgspec.json.decode(stored.data, type=Manifest)

    async def _parts(self, manifest: Manifest) -> AsyncGenerator[bytes]:
        names, digest = self._names, hashlib.sha256()
        for number in range(manifest.parts):
            subject = f"{names.thing}.part.{manifest.key}.{number}"
            get = partial(self._stream.get, names.things, last_by_subj=subject)
            stored = await _asked(get)
            if stored is None:
                raise Unavailable(
                    f"{subject} is gone: another copy has taken its place"
                )
            digest.update(stored.data)
            yield stored.data
        if digest.hexdigest() != manifest.digest:
            raise Unavailable(f"{manifest.key} is not what was kept")


class _Landed(NamedTuple):
    seq: int
    ours: bool


def _entry(parts: list[Stored]) -> Entry:
    last = parts[-1]
    data = b"".join(part.data for part in parts)
    return Entry(last.seq, last.headers.get(ID, ""), data)


async def _cut(data: AsyncIterator[bytes]) -> AsyncGenerator[bytes]:
    """Yield the same bytes, in parts of one size."""
    rest = b""
    async for more in data:
        rest += more
        while len(rest) > PART:
            yield rest[:PART]
            rest = rest[PART:]
    if rest:
        yield rest


async def _asked(ask: Callable[[], Awaitable[Found]]) -> Found:
    """Return what `ask` does, which is asked again while nobody answers.

    Raises:
        Unavailable: for too long.
    """
    pause, why = PAUSES_S[0], "nobody answers"
    with trio.move_on_after(PATIENCE_S):
        while True:
            try:
                return await ask()
            except DOWN as error:
                why = str(error)
            except ApiError as error:
                why = str(error)
                if error.status < OURS:
                    raise Unavailable(why) from error
            except NatsError as error:
                raise Unavailable(str(error)) from error
            await trio.sleep(pause)
            pause = min(2 * pause, PAUSES_S[1])
    raise Unavailable(why)
