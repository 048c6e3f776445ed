"""Somebody who talks through a cluster all the time, to know when it answers."""

from contextlib import suppress

import trio
from trio_websocket import ConnectionClosed, HandshakeError, wrap_client_stream

from tests.system.client import JSON, Client, Closed, Socket

TRY_S = 1.5
"""Seconds for one try, which a broken handshake may hang."""
BROKEN = (OSError, ConnectionClosed, HandshakeError, Closed, trio.BrokenResourceError)


class Probe:
    """A shopper who always has something to say; knows when they were last heard."""

    def __init__(self, token: str, url: str) -> None:
        self._token = token
        host, _, port = url.removeprefix("http://").rpartition(":")
        self._place = host, int(port)
        self.chat = ""
        """The one it talks in, once it was answered."""
        self._said = 0

    async def answered(self) -> None:
        """Return when something new has been acknowledged."""
        self._said += 1
        while True:
            with suppress(*BROKEN, trio.TooSlowError, BaseExceptionGroup):
                await self._try()
                return
            await trio.sleep(0.03)

    async def _try(self) -> None:
        stream = await trio.open_tcp_stream(*self._place)
        try:
            async with trio.open_nursery() as nursery:
                # The library waits for ever if the other side dies in a handshake.
                with trio.fail_after(TRY_S):
                    socket = await wrap_client_stream(
                        nursery, stream, "localhost", "/ws", subprotocols=[JSON.name]
                    )
                    client = Client(Socket(stream, socket, JSON))
                    welcome = await client.hello(token=self._token)
                    assert welcome["t"] == "welcome", welcome
                    await self._say(client)
                nursery.cancel_scope.cancel()
        finally:
            await trio.aclose_forcefully(stream)

    async def _say(self, client: Client) -> None:
        ask = client.ask
        if not self.chat:
            self.chat = (await ask("chat.start", id="probe", text="start"))["chat"]
        said = await ask(
            "msg.send", id=f"p{self._said}", chat=self.chat, text=str(self._said)
        )
        assert said["t"] == "ok", said
