"""An agent at the other end, who speaks the protocol and needs no browser."""

import json
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

PATIENCE_S = 10.0
Frame = dict[str, Any]


@contextmanager
def signed_in(url: str, token: str) -> Generator["Agent"]:
    """Give an agent who has the whole inbox open, and sign out at the end."""
    address = url.replace("http", "ws", 1) + "/ws"
    forms = [Subprotocol("shopwire.v1.json")]
    with connect(address, subprotocols=forms) as socket:
        yield Agent(socket, token)


class Agent:
    """One connection; made by `signed_in`."""

    def __init__(self, socket: ClientConnection, token: str) -> None:
        self._socket = socket
        self._asked = 0
        self._heard: list[Frame] = []
        self.ask(op="hello", token=token)
        inbox = self.ask(op="inbox.open", view="all", status="open", limit=200)
        self.rows: list[Frame] = list(inbox["rows"])

    def tell(self, **fields: object) -> None:
        """Send what is never answered."""
        self._socket.send(json.dumps(fields))

    def ask(self, **fields: object) -> Frame:
        """Return the answer to a request, which has to be granted."""
        self._asked += 1
        id_ = f"a{self._asked}"
        self._socket.send(json.dumps({**fields, "id": id_}))
        answer = self.hear(lambda frame: frame.get("re") == id_)
        assert answer["t"] in {"ok", "welcome"}, answer
        return answer

    def hear(self, wanted: Callable[[Frame], bool]) -> Frame:
        """Return the next frame that is `wanted`; the others are kept."""
        for place, frame in enumerate(self._heard):
            if wanted(frame):
                return self._heard.pop(place)
        while True:
            heard: Frame = json.loads(self._socket.recv(timeout=PATIENCE_S))
            if wanted(heard):
                return heard
            self._heard.append(heard)

    def event(self, chat: str, kind: str, by: str = "") -> Frame:
        """Return the next event of a kind, by anybody or by those called so."""
        return self.hear(
            lambda frame: (
                frame["t"] == "ev"
                and frame["chat"] == chat
                and frame["kind"] == kind
                and frame["by"].startswith(by)
            )
        )

    def cursor(self, chat: str, kind: str, upto: int) -> None:
        """Wait until the shopper has received (`got`) or read up to there."""
        self.hear(
            lambda frame: (
                frame["t"] == "ev"
                and frame["chat"] == chat
                and frame["kind"] == kind
                and frame["body"]["who"].startswith("shopper:")
                and frame["body"]["upto"] >= upto
            )
        )

    def chat_of(self, preview: str) -> str:
        """Return the chat whose last message begins with `preview`, and open it."""

        def is_it(row: Frame) -> bool:
            return str(row.get("preview", "")).startswith(preview)

        found = next((row for row in self.rows if is_it(row)), None)
        if found is None:
            heard = self.hear(lambda f: f["t"] == "ix" and is_it(f.get("row") or {}))
            found = heard["row"]
        chat: str = found["chat"]
        self.ask(op="chat.open", chat=chat)
        return chat

    def say(self, chat: str, text: str, **more: object) -> Frame:
        """Answer the shopper."""
        return self.ask(op="msg.send", chat=chat, text=text, **more)
