"""A broker with its people: what a test of the whole begins with."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple

import msgspec
import trio
from trio_websocket import wrap_client_stream

from actors import codec
from actors.ids import ChatId, SiteId, stream_of
from actors.settings.document import Settings
from actors.settings.rules import Rules
from broker import founding
from broker.config import Config, LimitsConfig
from broker.founding import SETTINGS
from broker.gate import sign
from broker.office.clerk import carry_out
from broker.office.requests import AddKey, Denied
from broker.office.settings import put_settings
from broker.server import Broker
from broker.sites import DEFAULT_SITE, Site
from storage import accounts, documents, queries
from storage.accounts import Agent
from storage.documents import Document
from tests.system.client import JSON, Client, Form, Frame, Memory, Socket
from tests.system.leaks import MAIL_AT

HIDDEN = frozenset(
    {
        *("note", "status", "assigned", "control", "turn", "checkin", "sla", "sms"),
        "tagged",
    }
)
"""Kinds that shoppers never see (protocol section 5)."""
MONTH = 30 * 24 * 3600
"""Seconds that a token lasts: longer than any test, in virtual time too."""
QUEUED = 10_000
"""Messages that a test's socket takes in without anybody reading them."""
TRUSTING = Config(limits=LimitsConfig(trusted_networks=("127.0.0.0/8",)))
"""Here tests come from: no rates and counts hold for them, unless that is the test."""


class Entry(NamedTuple):
    """One event as the journal has it."""

    seq: int
    at: int
    by: str
    kind: str
    body: Frame
    id: str

    @property
    def shown(self) -> bool:
        """Whether the chat's shopper may see it."""
        if self.kind in {"read", "got"}:
            return bool(self.body.get("shown"))
        return self.kind not in HIDDEN


class Shop:
    """A running broker, and everybody's way to it."""

    def __init__(
        self, broker: Broker, *, form: Form = JSON, url: str | None = None
    ) -> None:
        self.broker = broker
        self.form = form
        self.url = url
        """Where it listens; `None`: connections are in memory."""
        self.readers: trio.Nursery | None = None
        self.streams: list[trio.SocketStream] = []

    # People.

    def token(
        self,
        role: str,
        sub: str,
        *,
        site: str = DEFAULT_SITE,
        lasts: float = MONTH,
        **claims: object,
    ) -> str:
        """Return a good token."""
        gate = self.broker.gate
        insider = role != "shopper"
        key = gate.key_for("staff", None) if insider else gate.key_for("shop", site)
        assert key is not None
        expires = self.broker.clock() / 1000 + lasts
        return sign(
            key, {"site": site, "sub": sub, "role": role, "exp": expires} | claims
        )

    async def hire(
        self, sub: str, role: str = "agent", site: str = DEFAULT_SITE
    ) -> None:
        """Give an agent an account, unless they have one."""
        if self.broker.sites.agent(site, sub) is None:
            mail, name = f"{sub}.{site}{MAIL_AT}", sub.title()
            account = Agent(site, sub, mail, name, role, None, None, 0)
            await self.broker.change(partial(accounts.add_agent, agent=account))
            self.broker.sites.set_agent(account)

    async def shopper(self, sub: str = "sara", **hello: object) -> Client:
        """Return a shopper who has been welcomed."""
        return await self._welcomed(self.token("shopper", sub), hello)

    async def agent(
        self, sub: str = "ann", role: str = "agent", **hello: object
    ) -> Client:
        """Return an agent who has been welcomed."""
        await self.hire(sub, role)
        return await self._welcomed(self.token(role, sub), hello)

    async def visitor(self, **hello: object) -> Client:
        """Return somebody who has not signed in."""
        return await self._welcomed(None, hello)

    async def connect(self, *, origin: str | None = None, slow: bool = False) -> Client:
        """Return a connection that owes a hello; a slow one is read only when asked."""
        if self.url is None:
            return Client(Memory(self.broker.connect_memory()))
        assert self.readers is not None
        host, port = self.address
        stream = await _stream(host, port, slow=slow)
        self.streams.append(stream)
        socket = await wrap_client_stream(
            self.readers,
            stream,
            f"{host}:{port}",
            "/ws",
            subprotocols=[self.form.name],
            extra_headers=[(b"Origin", origin.encode())] if origin else None,
            message_queue_size=0 if slow else QUEUED,
        )
        assert socket.subprotocol == self.form.name
        return Client(Socket(stream, socket, self.form))

    async def upgrade(self, origin: str, subprotocol: str, *more: str) -> int:
        """Ask for a WebSocket by hand; return the status of the answer."""
        host, port = self.address
        async with await trio.open_tcp_stream(host, port) as stream:
            lines = [
                "GET /ws HTTP/1.1",
                f"Host: {host}:{port}",
                "Upgrade: websocket",
                "Connection: Upgrade",
                "Sec-WebSocket-Version: 13",
                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
                f"Sec-WebSocket-Protocol: {subprotocol}",
                f"Origin: {origin}",
                *more,
            ]
            await stream.send_all("\r\n".join([*lines, "", ""]).encode())
            answer = await stream.receive_some()
        return int(answer.split()[1])

    @property
    def address(self) -> tuple[str, int]:
        """Host and port."""
        assert self.url is not None
        host, _, port = self.url.removeprefix("http://").rpartition(":")
        return host, int(port)

    async def _welcomed(self, token: str | None, hello: Frame) -> Client:
        client = await self.connect()
        signed = {} if token is None else {"token": token}
        welcome = await client.hello(**(signed | hello))
        assert welcome["t"] == "welcome", welcome
        return client

    # What is kept.

    async def settle(self, settings: Settings) -> None:
        """Have `settings` hold from now on, for the default site."""
        version = self.broker.sites.rules_of(DEFAULT_SITE).version + 1
        document = msgspec.json.encode(settings).decode()
        row = Document(DEFAULT_SITE, SETTINGS, version, 0, "agent:ann", document)
        conflict = await self.broker.change(partial(documents.put, new=row))
        assert conflict is None
        self.broker.sites.apply(DEFAULT_SITE, version, settings)

    async def save(self, settings: Settings) -> None:
        """The same as an admin does it, with all that follows from it."""
        version = self.broker.sites.rules_of(DEFAULT_SITE).version
        saved = await put_settings(
            self.broker, DEFAULT_SITE, version, settings, by="agent:boss"
        )
        assert saved == version + 1

    async def open_site(self, site: str, settings: Settings) -> None:
        """Add a second site with its own key."""
        broker = self.broker
        add = partial(
            founding.add_site,
            site=site,
            name=site.title(),
            now=broker.clock(),
            chance=broker.chance,
        )
        assert await broker.change(add)
        for key in (await broker.query(founding.learn)).keys:
            broker.gate.add(key)
        broker.sites.add(Site(SiteId(site), site.title(), Rules(1, settings)))

    async def another_key(self, site: str = DEFAULT_SITE) -> None:
        """Let a site sign with a new key from now on."""
        added = await carry_out(self.broker, AddKey(site=site))
        assert not isinstance(added, Denied)

    async def journal(self, chat: str) -> list[Entry]:
        """Return all events of a chat, as they are on the disk."""
        stream = stream_of(ChatId(chat))
        assert stream is not None
        read = partial(queries.page, stream=stream, after=0, limit=100_000)
        entries: list[Entry] = []
        for record in await self.broker.query(read):
            event = codec.from_record(record)
            body: Frame = msgspec.to_builtins(event.body)
            entry = Entry(record.seq, event.at, event.by, record.kind, body, record.id)
            entries.append(entry)
        assert [entry.seq for entry in entries] == [*range(1, len(entries) + 1)]
        return entries

    async def size(self) -> int:
        """Return how many events there are in all chats together."""
        count = "SELECT count(*) FROM event"
        size: int = await self.broker.query(lambda db: db.execute(count).fetchone()[0])
        return size

    async def visible(self, chat: str, *, insider: bool) -> list[Frame]:
        """Return the events as frames, for agents or for the shopper."""
        frames: list[Frame] = []
        prev = 0
        for entry in await self.journal(chat):
            if insider or entry.shown:
                frames.append(
                    {
                        "t": "ev",
                        "chat": chat,
                        "seq": entry.seq,
                        "prev": prev,
                        "at": entry.at,
                        "by": entry.by,
                        "kind": entry.kind,
                        "body": entry.body,
                    }
                )
                prev = entry.seq
        return frames


async def _stream(host: str, port: int, *, slow: bool) -> trio.SocketStream:
    socket = trio.socket.socket()
    if slow:
        # Before it connects: later the window has been announced.
        socket.setsockopt(trio.socket.SOL_SOCKET, trio.socket.SO_RCVBUF, 4096)
    await socket.connect((host, port))
    return trio.SocketStream(socket)


@asynccontextmanager
async def alone(
    folder: Path | None, config: Config
) -> AsyncGenerator[tuple[Broker, str]]:
    """Run a broker on a port of its own; yield it with its URL."""
    async with Broker.open(folder, config) as broker, trio.open_nursery() as nursery:
        url: str = await nursery.start(broker.serve, "127.0.0.1", 0)
        yield broker, url
        nursery.cancel_scope.cancel()


opened = alone
"""How a broker is run: `clustered` has a second way."""


@asynccontextmanager
async def serving(
    folder: Path | None, form: Form = JSON, config: Config = TRUSTING
) -> AsyncGenerator[Shop]:
    """Run a broker on sockets."""
    async with opened(folder, config) as (broker, url), trio.open_nursery() as nursery:
        shop = Shop(broker, form=form, url=url)
        shop.readers = nursery
        try:
            yield shop
        finally:
            for stream in shop.streams:
                await trio.aclose_forcefully(stream)
            nursery.cancel_scope.cancel()


@asynccontextmanager
async def in_memory(
    folder: Path | None = None, config: Config | None = None
) -> AsyncGenerator[Shop]:
    """Run a broker without sockets, for virtual time."""
    async with Broker.open(folder, config, virtual=True) as broker:
        yield Shop(broker)
