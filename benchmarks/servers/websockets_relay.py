"""A relay on websockets, as its documentation writes one; compression off."""

import asyncio
import json
import sys
from urllib.parse import parse_qs, urlsplit

from websockets.asyncio.server import ServerConnection, broadcast, serve

chats: dict[str, set[ServerConnection]] = {}


async def relay(socket: ServerConnection) -> None:
    assert socket.request is not None
    asked = parse_qs(urlsplit(socket.request.path).query)
    chat = chats.setdefault(asked["chat"][0], set())
    chat.add(socket)
    try:
        async for received in socket:
            message = json.loads(received)
            said = {"t": "msg", "from": asked["role"][0], "body": message["body"]}
            broadcast(chat - {socket}, json.dumps(said))
            await socket.send(json.dumps({"t": "ack", "id": message["id"]}))
    finally:
        chat.discard(socket)


async def main() -> None:
    async with serve(
        relay,
        "127.0.0.1",
        int(sys.argv[1]),
        compression=None,
        ping_interval=None,
        backlog=4096,
    ):
        await asyncio.Future()


asyncio.run(main())
