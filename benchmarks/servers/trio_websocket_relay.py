"""A relay on trio-websocket, as its documentation writes one."""

import json
import sys
from functools import partial
from urllib.parse import parse_qs, urlsplit

import trio
from trio_websocket import (
    ConnectionClosed,
    WebSocketConnection,
    WebSocketRequest,
    serve_websocket,
)

chats: dict[str, set[WebSocketConnection]] = {}


async def relay(request: WebSocketRequest) -> None:
    asked = parse_qs(urlsplit(request.path).query)
    socket = await request.accept()
    chat = chats.setdefault(asked["chat"][0], set())
    chat.add(socket)
    try:
        while True:
            message = json.loads(await socket.get_message())
            said = {"t": "msg", "from": asked["role"][0], "body": message["body"]}
            text = json.dumps(said)
            for other in chat - {socket}:
                await other.send_message(text)
            await socket.send_message(json.dumps({"t": "ack", "id": message["id"]}))
    except ConnectionClosed:
        pass
    finally:
        chat.discard(socket)


port = int(sys.argv[1])
trio.run(partial(serve_websocket, relay, "127.0.0.1", port, ssl_context=None))
