"""People at the other end, who speak the protocol and need no browser."""

import json
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from typing import Any

from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

PATIENCE_S = 10.0
Frame = dict[str, Any]


@contextmanager
def connected(url: str) -> Generator[ClientConnection]:
    """Give a connection that owes a hello."""
    address = url.replace("http", "ws", 1) + "/ws"
    forms = [Subprotocol("shopwire.v1.json")]
    with connect(address, subprotocols=forms) as socket:
        yield socket


@contextmanager
def signed_in(url: str, token: str) -> Generator["Agent"]:
    """Give an agent who has the whole inbox open, and sign out at the end."""
    with connected(url) as socket:
        yield Agent(socket, token)


@contextmanager
def shopping(url: str, token: str) -> Generator["Person"]:
    """Give a shopper, and sign out at the end."""
    with connected(url) as socket:
        yield Person(socket, token)


class Person:
    """One connection that has been welcomed."""

    def __init__(self, socket: ClientConnection, token: str) -> None:
        self._socket = socket
        self._asked = 0
        self._heard: list[Frame] = []
        self.ask(op="hello", token=token)

    def tell(self, **fields: object) -> None:
        """Send what is never answered."""
        self._socket.send(json.dumps(fields))

    def ask(self, **fields: object) -> Frame:
        """Return the answer to a request, which has to be granted."""
        self._asked += 1
        id_ = f"{id(self)}-{self._asked}"
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

    def say(self, chat: str, text: str, **more: object) -> Frame:
        """Say something."""
        return self.ask(op="msg.send", chat=chat, text=text, **more)

    def say_all(self, chat: str, texts: Iterable[str]) -> None:
        """Say many things without waiting for each; all have been taken then."""
        waiting: set[str] = set()
        for text in texts:
            self._asked += 1
            id_ = f"{id(self)}-{self._asked}"
            waiting.add(id_)
            self.tell(op="msg.send", id=id_, chat=chat, text=text)
        while waiting:
            frame: Frame = json.loads(self._socket.recv(timeout=PATIENCE_S))
            if frame.get("re") in waiting:
                assert frame["t"] == "ok", frame
                waiting.remove(frame["re"])

    def start(self, text: str) -> str:
        """Start a chat, and return it."""
        chat: str = self.ask(op="chat.start", text=text)["chat"]
        return chat

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


class Agent(Person):
    """One whose inbox is open."""

    def __init__(self, socket: ClientConnection, token: str) -> None:
        super().__init__(socket, token)
        inbox = self.ask(op="inbox.open", view="all", status="open", limit=200)
        self.rows: list[Frame] = list(inbox["rows"])

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
