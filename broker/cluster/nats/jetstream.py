"""What we use of JetStream: streams, appends that name what they follow, reads.

Source: the JetStream wire API (docs.nats.io, "JetStream wire API Reference"; ADR-9 for
heartbeats and flow control); error codes from the server's `errors.json`.
"""

import base64
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import msgspec
import trio

from broker.cluster.nats import codec
from broker.cluster.nats.client import NatsClient, Subscription
from broker.cluster.nats.codec import Message
from broker.cluster.nats.link import Disconnected, NatsError, NobodyThere, TooLate

NO_MESSAGE = 10037
NOT_DELETED = 10057
NO_STREAM = 10059
WRONG_LAST = 10071
"""The append names another last message than there is."""
IN_PROCESS = frozenset({10163, 10164})
"""Another append to the same is under way: no verdict, ask again."""
ANSWER_S = 2.0
"""Seconds for one answer: an election takes five, and is asked through."""
BEAT_S = 1.0
"""Seconds between a quiet consumer's signs of life."""
SILENCE_S = 3.5
"""Seconds without any, after which a consumer is made anew."""
AHEAD = 4096
"""Messages that a reader may be behind; the server is held up before that."""
DOWN = (NobodyThere, TooLate, Disconnected)
"""No answer of JetStream's: it is being elected, or is gone."""


class ApiError(NatsError):
    """JetStream refuses; `code` says what."""

    def __init__(self, status: int, code: int, description: str) -> None:
        super().__init__(f"{description} ({code})")
        self.status, self.code = status, code


class Stored(NamedTuple):
    """A message as a stream keeps it."""

    seq: int
    subject: str
    headers: Mapping[str, str]
    data: bytes


class Ack(NamedTuple):
    """What an append comes to."""

    seq: int
    repeated: bool
    """Whether it was there already, by its id."""


class Bounds(NamedTuple):
    """What a stream holds."""

    first: int
    last: int


class Broken(NatsError):
    """A consumer's messages do not follow each other any more: begin anew."""


class JetStream:
    """Calls of one client's."""

    def __init__(self, client: NatsClient) -> None:
        self.client = client

    async def ensure(self, name: str, config: Mapping[str, object]) -> None:
        """Make the stream `name`, if there is none; one that is there stays as it is.

        Raises:
            ApiError: it cannot be had with these settings.
            NatsError: no answer came.
        """
        try:
            await self._call(f"STREAM.INFO.{name}", {})
        except ApiError as error:
            if error.code != NO_STREAM:
                raise
            await self._call(
                f"STREAM.CREATE.{name}", {"name": name, **config}, seconds=10
            )

    async def append(
        self,
        subject: str,
        data: bytes,
        headers: Mapping[str, str] = codec.NO_HEADERS,
        *,
        seconds: float = ANSWER_S,
    ) -> Ack:
        """Return where a message is, once the stream has it for good.

        Raises:
            ApiError: `WRONG_LAST` and `IN_PROCESS` among them; it is not there.
            NatsError: no answer came; it may be there.
        """
        answer = await self.client.request(subject, data, headers, seconds=seconds)
        found = _checked(answer)
        return Ack(int(found["seq"]), bool(found.get("duplicate")))

    async def bounds(self, stream: str) -> Bounds:
        """Return the positions of the first and last message.

        Of an empty stream the first is behind the last.

        Raises:
            NatsError: no answer came.
        """
        state: dict[str, int] = (await self._call(f"STREAM.INFO.{stream}", {}))["state"]
        return Bounds(state["first_seq"], state["last_seq"])

    async def leader(self, stream: str) -> str:
        """Return which server leads a stream; empty if none does, or there is one only.

        Raises:
            NatsError: no answer came.
        """
        found = await self._call(f"STREAM.INFO.{stream}", {})
        cluster: dict[str, str] = found.get("cluster") or {}
        return cluster.get("leader", "")

    async def subjects(self, stream: str) -> tuple[str, ...]:
        """Return the subjects of which a stream has messages.

        Raises:
            NatsError: no answer came.
        """
        asked = {"subjects_filter": ">"}
        info = await self._call(f"STREAM.INFO.{stream}", asked)
        found: dict[str, int] = info["state"].get("subjects") or {}
        return tuple(found)

    async def get(self, stream: str, **which: object) -> Stored | None:
        """Return one message, by `seq` or `last_by_subj`, as the leader has it.

        Raises:
            NatsError: no answer came.
        """
        try:
            answer = await self._call(f"STREAM.MSG.GET.{stream}", which)
        except ApiError as error:
            if error.code == NO_MESSAGE:
                return None
            raise
        found = answer["message"]
        block = base64.b64decode(found.get("hdrs", ""))
        _, headers = codec.read_headers(block) if block else (0, codec.NO_HEADERS)
        data = base64.b64decode(found.get("data", ""))
        return Stored(int(found["seq"]), str(found["subject"]), headers, data)

    async def erase(self, stream: str, seq: int) -> None:
        """Remove one message, overwritten where it stands; if it is gone, nothing.

        What is purged stays on the disk until the server needs its place.

        Raises:
            NatsError: no answer came.
        """
        asked = {"seq": seq, "no_erase": False}
        try:
            await self._call(f"STREAM.MSG.DELETE.{stream}", asked)
        except ApiError as error:
            if error.code not in (NO_MESSAGE, NOT_DELETED):
                raise

    async def purge(self, stream: str, **which: object) -> None:
        """Remove messages: all before `seq`, or of the subjects `filter`.

        Raises:
            NatsError: no answer came.
        """
        await self._call(f"STREAM.PURGE.{stream}", which, seconds=10)

    @asynccontextmanager
    async def consume(
        self, stream: str, after: int, subject: str = ""
    ) -> AsyncGenerator["Consumer"]:
        """Yield what comes after position `after`, in order, from now until it ends.

        Raises:
            NatsError: it cannot be had.
        """
        box = self.client.inbox()
        consumer = Consumer(self.client, box)
        try:
            await self._call(
                f"CONSUMER.CREATE.{stream}",
                {"stream_name": stream, "config": _following(box, after, subject)},
            )
            yield consumer
        finally:
            # The server forgets it by itself, once nobody listens.
            consumer.end()

    async def _call(
        self, what: str, body: Mapping[str, object], *, seconds: float = ANSWER_S
    ) -> dict[str, Any]:
        asked = msgspec.json.encode(body) if body else b""
        subject = f"$JS.API.{what}"
        return _checked(await self.client.request(subject, asked, seconds=seconds))


def _following(box: str, after: int, subject: str) -> dict[str, object]:
    config: dict[str, object] = {
        "deliver_subject": box,
        "deliver_policy": "by_start_sequence",
        "opt_start_seq": after + 1,
        "ack_policy": "none",
        "max_deliver": 1,
        "flow_control": True,
        "idle_heartbeat": int(BEAT_S * 1e9),
        "inactive_threshold": int(10e9),
        "mem_storage": True,
        "num_replicas": 1,
    }
    return config | ({"filter_subject": subject} if subject else {})


class Consumer:
    """Messages of a stream as they come, in order and without a hole."""

    def __init__(self, client: NatsClient, box: str) -> None:
        self._client = client
        self._put, self._take = trio.open_memory_channel[Message](AHEAD)
        self._count = 0
        self._whole = True
        self._subscription: Subscription = client.subscribe(box, self._heard)

    async def next(self) -> Stored:
        """Return the next message.

        Raises:
            Broken: some are missing, or it is too quiet to be alive.
        """
        while True:
            try:
                with trio.fail_after(SILENCE_S):
                    message = await self._take.receive()
            except trio.TooSlowError as error:
                raise Broken(f"no sign of life for {SILENCE_S:g} s") from error
            if not self._whole:
                raise Broken("its reader was too far behind")
            if message.status:
                # Flow control: answered when its turn has come, it holds the server up.
                reply = message.reply or message.headers.get("Nats-Consumer-Stalled")
                if reply:
                    self._client.publish(reply, b"")
                continue
            place = message.reply.split(".")
            # $JS.ACK.[domain.account.]stream.consumer.tries.seq.count.time.pending[.x]
            at = 5 if len(place) < 11 else 7  # noqa: PLR2004  # as of the two forms
            self._count += 1
            if int(place[at + 1]) != self._count:
                raise Broken("a message is missing")
            return Stored(
                int(place[at]), message.subject, message.headers, message.data
            )

    def end(self) -> None:
        """Hear nothing more."""
        self._subscription.end()

    def _heard(self, message: Message) -> None:
        try:
            self._put.send_nowait(message)
        except trio.WouldBlock:
            self._whole = False


def _checked(answer: Message) -> dict[str, Any]:
    try:
        found = msgspec.json.decode(answer.data, type=dict[str, Any])
    except msgspec.DecodeError as error:
        raise NatsError(f"an answer that cannot be read: {error}") from error
    refusal = found.get("error")
    if refusal:
        status, code = int(refusal.get("code", 0)), int(refusal.get("err_code", 0))
        raise ApiError(status, code, str(refusal.get("description", "")))
    return found
