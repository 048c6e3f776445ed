"""A NATS connection that mends itself: publish, subscribe, request; at most once.

What is asked while there is no connection fails at once, and what was asked of one that
is lost fails then: whether it was done is for the caller to find out. Subscriptions are
made anew with each connection.
"""

import logging
import random
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager

import trio

from broker.cluster.groups import one_error
from broker.cluster.nats import codec
from broker.cluster.nats.codec import Info, Message, ProtocolError
from broker.cluster.nats.link import (
    Denied,
    Disconnected,
    Link,
    NobodyThere,
    Server,
    TooLate,
)
from broker.cluster.nats.papers import BadPapers, Papers

log = logging.getLogger(__name__)

CONNECT_S = 3.0
"""Seconds in which a server has to welcome us."""
RETRY_S = (0.05, 2.0)
"""Seconds between rounds through the servers, the first and the longest."""
MOST_SERVERS = 32
"""Addresses kept, the configured ones and those the servers tell us of."""
NOBODY = 503


Deliver = Callable[[Message], None]


class Subscription:
    """Ends with `end`, and with the client."""

    def __init__(self, client: "NatsClient", sid: int) -> None:
        self._client, self._sid = client, sid

    def end(self) -> None:
        """Hear nothing more; may be called again."""
        self._client.forget(self._sid)


class _Asked:
    """A request under way."""

    __slots__ = ("answer", "done")

    def __init__(self) -> None:
        self.answer: Message | None = None
        self.done = trio.Event()


class NatsClient:
    """All methods belong to the loop's thread; made by `connected`."""

    def __init__(
        self,
        servers: Sequence[Server],
        name: str,
        papers: Callable[[], Papers] = Papers,
    ) -> None:
        """Talk to any of `servers`, which are one cluster, as `name`.

        For each connection `papers` are asked for anew: they may have been renewed.
        """
        self._servers = list(servers)
        self._name, self._papers = name, papers
        self._link: Link | None = None
        self._sids = self._ids = 0
        self._subjects: dict[int, tuple[str, Deliver]] = {}
        self._asked: dict[str, _Asked] = {}
        self._chance = random.SystemRandom()
        self._inbox = f"_INBOX.{self._chance.getrandbits(96):024x}"
        self._on_connect: list[Callable[[], None]] = []
        self._looked = trio.Event()
        """Set, and replaced, after each look at whether servers let us in."""
        self._refusals = 0
        """Of the servers looked at in this round."""
        self._turned_away = False
        """Whether the last round came to servers, all of which have refused us."""
        self.connects = 0
        """How often a connection was made."""
        self.refused = ""
        """What the last server that did not let us in said."""
        self.info = Info()
        """What the server says of itself."""
        self.subscribe(f"{self._inbox}.*", self._answered)

    @property
    def connected(self) -> bool:
        """Whether there is a connection just now."""
        return self._link is not None

    async def wait_connected(self, seconds: float) -> None:
        """Wait for a connection.

        Raises:
            Denied: servers can be reached, but do not let us in.
            Disconnected: there was none in time.
        """
        with trio.move_on_after(seconds):
            while not (self.connected or self._turned_away):
                await self._looked.wait()
        if not self.connected:
            names = ", ".join(str(server) for server in self._servers)
            if self.refused:
                raise Denied(f"{names}: {self.refused}")
            raise Disconnected(f"none of {names} answers")

    def add(self, server: Server) -> None:
        """Talk to `server` too, if others fail; unless there are many already."""
        known = {(each.host, each.port) for each in self._servers}
        if server[:2] not in known and len(self._servers) < MOST_SERVERS:
            self._servers.append(server)

    def when_connected(self, then: Callable[[], None]) -> None:
        """Have `then` called after each connection, once subscriptions are made."""
        self._on_connect.append(then)

    def publish(
        self,
        subject: str,
        data: bytes,
        reply: str = "",
        headers: Mapping[str, str] = codec.NO_HEADERS,
    ) -> None:
        """Send a message, without knowing whether anybody gets it.

        Raises:
            Disconnected: there is no connection, or it takes nothing any more.
        """
        self._say(codec.publish(subject, data, reply, headers))

    def subscribe(self, subject: str, deliver: Deliver) -> Subscription:
        """Have `deliver` called with each message to `subject`, wildcards allowed.

        It is called between two reads of the connection: it neither waits nor fails.
        """
        self._sids += 1
        sid = self._sids
        self._subjects[sid] = subject, deliver
        if self._link is not None:
            self._link.say(codec.subscribe(subject, sid))
        return Subscription(self, sid)

    def forget(self, sid: int) -> None:
        """End a subscription; `Subscription.end` calls this."""
        if self._subjects.pop(sid, None) and self._link is not None:
            self._link.say(codec.unsubscribe(sid))

    def inbox(self) -> str:
        """Return a subject that nobody else has."""
        self._ids += 1
        return f"{self._inbox}-{self._ids}"

    async def request(
        self,
        subject: str,
        data: bytes = b"",
        headers: Mapping[str, str] = codec.NO_HEADERS,
        *,
        seconds: float = 2.0,
    ) -> Message:
        """Return the first answer to a message.

        Raises:
            Disconnected: the connection is not there, or was lost meanwhile.
            NobodyThere: nobody listens to `subject`.
            TooLate: no answer came within `seconds`.
        """
        self._ids += 1
        key, asked = str(self._ids), _Asked()
        self._asked[key] = asked
        try:
            self.publish(subject, data, f"{self._inbox}.{key}", headers)
            with trio.move_on_after(seconds) as scope:
                await asked.done.wait()
        finally:
            self._asked.pop(key, None)
        if scope.cancelled_caught:
            raise TooLate(f"no answer from {subject} within {seconds:g} s")
        if asked.answer is None:
            raise Disconnected(f"the connection was lost while {subject} was asked")
        if asked.answer.status == NOBODY:
            raise NobodyThere(subject)
        return asked.answer

    async def run(self) -> None:
        """Keep a connection, until cancelled."""
        pause = RETRY_S[0]
        while True:
            # A copy: servers tell us of others meanwhile.
            self._refusals = 0
            servers = self._chance.sample(self._servers, len(self._servers))
            for server in servers:
                if await self._visit(server):
                    pause = RETRY_S[0]
            self._turned_away = self._refusals == len(servers)
            self._look()
            await trio.sleep(pause * self._chance.uniform(0.5, 1.5))
            pause = min(2 * pause, RETRY_S[1])

    async def _visit(self, server: Server) -> bool:
        """Use `server` for as long as it lasts; return whether it let us in."""
        link: Link | None = None
        welcomed = False
        try:
            with trio.fail_after(CONNECT_S):
                tcp = await trio.open_tcp_stream(server.host, server.port)
                link = Link(tcp, server, self._heard)
                await link.greet(self._name, self._papers())
            welcomed = True
            self.refused = ""
            self._begin(link)
            await link.run()
        except (OSError, trio.BrokenResourceError, Disconnected) as error:
            log.info("nats %s: %s", server, error)
        except trio.TooSlowError:
            log.info("nats %s: no welcome within %g s", server, CONNECT_S)
        except ProtocolError as error:
            log.warning("nats %s: %s", server, error)
        except (Denied, BadPapers) as error:
            self.refused, self._refusals = str(error), self._refusals + 1
            log.warning("nats %s: %s", server, error)
        finally:
            if link is not None:
                self._end(link)
                await link.close()
        return welcomed

    def _begin(self, link: Link) -> None:
        self.info = link.info
        for sid, (subject, _) in self._subjects.items():
            link.say(codec.subscribe(subject, sid))
        self._link = link
        self.connects += 1
        self._look()
        self._learn(link)
        for then in self._on_connect:
            then()

    def _end(self, link: Link) -> None:
        if self._link is not link:
            return
        self._link = None
        asked, self._asked = self._asked, {}
        for each in asked.values():
            each.done.set()

    def _look(self) -> None:
        self._looked.set()
        self._looked = trio.Event()

    def _learn(self, link: Link) -> None:
        """Remember where else the cluster can be reached."""
        for address in link.info.connect_urls:
            host, _, port = address.rpartition(":")
            if host and port.isdigit():
                here = link.server._replace(host=host.strip("[]"), port=int(port))
                self.add(here)

    def _heard(self, link: Link, said: codec.Said) -> None:
        if isinstance(said, Message):
            _, deliver = self._subjects.get(said.sid, ("", None))
            if deliver is not None:
                deliver(said)
        elif isinstance(said, Info):
            link.info = self.info = said
            self._learn(link)
            if said.ldm and len(self._servers) > 1:
                link.stop()
        elif isinstance(said, codec.Failure):
            log.warning("nats %s: %s", link.server, said.reason)

    def _answered(self, message: Message) -> None:
        asked = self._asked.get(message.subject[len(self._inbox) + 1 :])
        if asked is not None and not asked.done.is_set():
            asked.answer = message
            asked.done.set()

    def _say(self, said: bytes) -> None:
        if self._link is None:
            raise Disconnected("no server of the cluster can be reached")
        self._link.say(said)


@asynccontextmanager
async def connected(
    servers: Sequence[Server], name: str, papers: Callable[[], Papers] = Papers
) -> AsyncGenerator[NatsClient]:
    """Yield a client that keeps a connection, and may have none yet."""
    client = NatsClient(servers, name, papers)
    async with one_error(), trio.open_nursery() as nursery:
        nursery.start_soon(client.run)
        yield client
        nursery.cancel_scope.cancel()
