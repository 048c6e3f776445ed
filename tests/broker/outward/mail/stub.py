"""A mail server on 127.0.0.1 that takes mail, or fails in a chosen way."""

import ssl
from base64 import b64decode, b64encode
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import NamedTuple

import trio


class Mail(NamedTuple):
    """What was taken."""

    sender: str
    to: str
    text: str


class Stub:
    """Answers each command as `says` does first, and as a good server otherwise."""

    def __init__(self) -> None:
        self.port = 0
        self.connections = 0
        self.taken: list[Mail] = []
        self.commands: list[str] = []
        self.logins: list[str] = []
        self.says: Callable[[str], str | None] = lambda _command: None
        self.offers = ["8BITMIME", "SMTPUTF8", "SIZE 1000000"]
        self.tls: ssl.SSLContext | None = None
        self.greets = "220 hello"

    async def serve(self, stream: trio.abc.Stream) -> None:
        self.connections += 1
        try:
            await _Visit(self, stream).serve()
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            pass
        finally:
            await trio.aclose_forcefully(stream)


class _Visit:
    def __init__(self, stub: Stub, stream: trio.abc.Stream) -> None:
        self.stub, self.stream = stub, stream
        self.buffer = b""
        self.sender = self.to = ""

    async def serve(self) -> None:
        await self.say(self.stub.greets)
        while (line := await self.line()) is not None:
            self.stub.commands.append(line.split(" ")[0].upper())
            said = self.stub.says(line)
            if said == "hang":
                await trio.sleep_forever()
            if said == "drop":
                return
            if said is not None:
                await self.say(said)
            elif not await self.obey(line):
                return

    async def obey(self, line: str) -> bool:
        verb, _, rest = line.partition(" ")
        match verb.upper():
            case "EHLO":
                lines = ["stub", *self.stub.offers]
                said = [f"250-{each}" for each in lines[:-1]] + [f"250 {lines[-1]}"]
                await self.say("\r\n".join(said))
            case "STARTTLS":
                assert self.stub.tls is not None
                await self.say("220 go on")
                self.stream = trio.SSLStream(
                    self.stream, self.stub.tls, server_side=True, https_compatible=True
                )
                self.buffer = b""
            case "AUTH":
                await self.log_in(rest)
            case "MAIL":
                self.sender = rest.partition("<")[2].partition(">")[0]
                await self.say("250 ok")
            case "RCPT":
                self.to = rest.partition("<")[2].partition(">")[0]
                await self.say("250 ok")
            case "DATA":
                await self.say("354 go on")
                lines = list[str]()
                while (text := await self.line()) not in {".", None}:
                    lines.append(str(text).removeprefix("."))
                self.stub.taken.append(Mail(self.sender, self.to, "\n".join(lines)))
                await self.say(self.stub.says("end of data") or "250 taken")
            case "QUIT":
                await self.say("221 bye")
                return False
            case _:
                await self.say("250 ok")
        return True

    async def log_in(self, rest: str) -> None:
        if rest == "LOGIN":
            parts = list[str]()
            for _ in range(2):
                await self.say(f"334 {b64encode(b'?').decode()}")
                parts.append(b64decode(await self.line() or "").decode())
            self.stub.logins.append(":".join(parts))
        else:
            proof = b64decode(rest.partition(" ")[2]).decode()
            self.stub.logins.append(":".join(proof.split("\0")[1:]))
        good = self.stub.logins[-1] == "shop:right"
        await self.say("235 welcome" if good else "535 who are you?")

    async def say(self, text: str) -> None:
        await self.stream.send_all(text.encode() + b"\r\n")

    async def line(self) -> str | None:
        while b"\r\n" not in self.buffer:
            data = await self.stream.receive_some(65_536)
            if not data:
                return None
            self.buffer += data
        line, _, self.buffer = self.buffer.partition(b"\r\n")
        return line.decode()


@asynccontextmanager
async def mail_server(*, secret: ssl.SSLContext | None = None) -> AsyncGenerator[Stub]:
    """Run a stub; with `secret` it speaks TLS from the first byte on."""
    stub = Stub()
    async with trio.open_nursery() as nursery:
        if secret is None:
            plain = partial(trio.serve_tcp, stub.serve, 0, host="127.0.0.1")
            (listener,) = await nursery.start(plain)
        else:
            hidden = partial(
                trio.serve_ssl_over_tcp,
                stub.serve,
                0,
                ssl_context=secret,
                host="127.0.0.1",
            )
            (listener,) = await nursery.start(hidden)
        inner = getattr(listener, "transport_listener", listener)
        stub.port = inner.socket.getsockname()[1]
        yield stub
        nursery.cancel_scope.cancel()
