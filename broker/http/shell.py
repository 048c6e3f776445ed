"""What surrounds every request: time limits, headers, pages' permissions, the log."""

import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import trio

from broker.http.errors import body_of
from broker.http.front import Front
from broker.http.pages import Pages, granted, preflight
from broker.limits import Tally
from broker.wire.errors import Code

# Hypercorn and Litestar have a type each for the same dictionaries.
Scope = Any
Message = Any
Receive = Callable[..., Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Asgi = Callable[[Scope, Receive, Any], Awaitable[None]]

REQUEST_S = 30.0
"""Seconds for a request from its head to the last byte of the answer: most bodies are
small, and the slowest handler waits for a handful of password hashes."""
IMAGE_S = 120.0
"""Seconds for an image, up or down: 10 MiB at less than a megabit per second."""
IMAGES = "/blobs"
API = "/v1/"
REFUSED = 400
"""Statuses from here on are refusals."""
SECURE = {"Strict-Transport-Security": "max-age=31536000"}
ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}

log = logging.getLogger(__name__)


class Shell:
    """An application around the application, as Hypercorn calls it."""

    def __init__(
        self,
        inner: Asgi,
        front: Front,
        pages: Pages,
        tally: Tally,
        *,
        log_access: bool,
    ) -> None:
        self._inner = inner
        self._front = front
        self._pages = pages
        self._tally = tally
        self._log_access = log_access
        self._headers = ALWAYS | (SECURE if pages.secure else {})

    async def __call__(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
        sync_spawn: object = None,
        call_soon: object = None,
    ) -> None:
        """Answer one request."""
        del sync_spawn, call_soon
        if scope["type"] != "http":
            # Those begin at the door, which is where they are sent from here.
            await send({"type": "websocket.close"})
            return
        self._front.requests += 1
        body = Body(receive, _headers(scope))
        answer = Answer(send, self._headers, body, self._tally)
        started = time.monotonic()
        try:
            seconds = IMAGE_S if IMAGES in scope["path"] else REQUEST_S
            with trio.move_on_after(seconds) as patience:
                await self._answer(scope, body, answer)
            if patience.cancelled_caught and not answer.status:
                await answer.refuse(408, Code.BAD_FRAME, "It took too long.")
        finally:
            self._front.requests -= 1
            if self._log_access:
                spent = round((time.monotonic() - started) * 1000)
                what = f"{scope['method']} {scope['path']}"
                log.info("%s %s in %s ms", what, answer.status, spent)

    async def _answer(self, scope: Scope, body: "Body", answer: "Answer") -> None:
        headers = _headers(scope)
        origin = headers.get("origin")
        if origin is not None and scope["path"].startswith(API):
            if not self._pages.may_ask(_peer(scope), headers):
                reason = "This origin is not allowed."
                await answer.refuse(403, Code.FORBIDDEN, reason)
                return
            asks_first = "access-control-request-method" in headers
            if scope["method"] == "OPTIONS" and asks_first:
                await answer.empty(204, preflight(origin))
                return
            answer.add(granted(origin))
        await self._inner(scope, body, answer)


class Told(msgspec.Struct):
    """What is looked for in a refusal."""

    code: Code | None = None


class Body:
    """What comes with a request."""

    def __init__(self, receive: Receive, headers: dict[str, str]) -> None:
        self._receive = receive
        self.complete = not {"content-length", "transfer-encoding"} & headers.keys()
        """Whether all of it was read."""
        self.left = False
        """Whether whoever sent it has gone: nobody hears the answer."""

    async def __call__(self) -> Message:
        """Return the next part."""
        message = await self._receive()
        self.complete = not message.get("more_body", False)
        self.left |= message["type"] == "http.disconnect"
        return message

    async def discard(self) -> None:
        """Read the rest, for nobody."""
        while not self.complete:
            await self()


class Answer:
    """What is sent back, with our headers on it."""

    def __init__(
        self, send: Send, headers: dict[str, str], body: Body, tally: Tally
    ) -> None:
        self._send = send
        self._tally = tally
        self._body = body
        self._headers = _encoded(headers)
        self.status = 0
        """Of the answer, once it has begun."""
        self._counted = False

    def add(self, headers: dict[str, str]) -> None:
        """Send these headers too."""
        self._headers += _encoded(headers)

    async def __call__(self, message: Message) -> None:
        """Pass on a part of the answer."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            given = list(message.get("headers", ()))
            names = {name.lower() for name, _ in given}
            ours = [(n, value) for n, value in self._headers if n not in names]
            if not self._body.complete:
                # The next request would stand behind the rest of this one.
                ours.append((b"connection", b"close"))
            message = {**message, "headers": given + ours}
        elif self.status >= REFUSED and not self._counted:
            self._count(message.get("body", b""))
        if self._body.complete:
            await self._send(message)
            return
        # Hypercorn puts the end of the request behind what was not read of it, and
        # would wait for ever where that has no room.
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._body.discard)
            await self._send(message)
            nursery.cancel_scope.cancel()

    async def refuse(self, status: int, code: Code, reason: str) -> None:
        """Send an error."""
        body = msgspec.json.encode(body_of(code, {"reason": reason}))
        headers = {"Content-Type": "application/json"}
        await self._whole(status, body, headers)

    async def empty(self, status: int, headers: dict[str, str]) -> None:
        """Send headers alone."""
        await self._whole(status, b"", headers)

    def _count(self, body: bytes) -> None:
        """Count a refusal by the code that stands in it."""
        self._counted = True
        if self._body.left:
            return
        try:
            told = msgspec.json.decode(body, type=Told)
        except msgspec.DecodeError:
            told = Told()  # a head alone, or no error of ours
        self._tally.turns_away(self.status, told.code)

    async def _whole(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        length = {"Content-Length": str(len(body))} if body else {}
        start = {"type": "http.response.start", "status": status}
        await self({**start, "headers": _encoded(headers | length)})
        await self({"type": "http.response.body", "body": body})


def _peer(scope: Scope) -> str:
    return str(scope["client"][0]) if scope["client"] else ""


def _headers(scope: Scope) -> dict[str, str]:
    return {name.decode(): value.decode("latin-1") for name, value in scope["headers"]}


def _encoded(headers: dict[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.lower().encode(), headers[name].encode()) for name in headers]
