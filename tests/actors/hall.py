"""Actors that note what they hear, and do what certain words tell them to do."""

import random
from collections import defaultdict
from typing import NamedTuple

from actors.runtime.actor import Actor, Fleeting
from actors.runtime.future import TrioFuture
from actors.runtime.system import Kind, System
from actors.runtime.timers import TICK, Timers


class Boom(Exception):
    """A bug, planted."""


class Pass(NamedTuple):
    """Tell somebody else."""

    to: str
    what: int


class Wish(Fleeting, frozen=True, gc=False):
    """Means nothing to one who is not there."""


class Echo(Actor):
    """Notes what it hears; does what it is told to do by certain words."""

    def __init__(self, kind: Kind["Echo"], key: str, hall: "Hall") -> None:
        super().__init__(kind, key)
        self.hall = hall
        self.tired = True
        if key == "unborn":
            raise Boom

    def on_start(self) -> None:
        self.hall.note(self, "start")
        if self.key == "late":
            self.hold()
        if self.key == "stillborn":
            raise Boom

    def on_receive(self, message: object) -> object:
        self.hall.note(self, message)
        if message in ("boom", "twice"):
            raise Boom
        if message == "hold":
            self.hold()
        if message == "leave":
            self.kind.forget(self)
        if message == "later":
            return self.hall.later
        if isinstance(message, Pass):
            self.kind.tell(message.to, message.what)
        return f"{self.key} heard {message}"

    def turn_away(self, message: object) -> None:
        self.hall.note(self, f"no {message}")
        if message == "twice":
            raise Boom

    def restart(self) -> None:
        self.hall.note(self, "restart")
        self.release()
        if self.key == "doomed":
            raise Boom

    def may_rest(self) -> bool:
        if self.key == "restless":
            raise Boom
        return self.tired

    def on_stop(self) -> None:
        self.hall.note(self, "stop")
        if self.key == "clingy":
            raise Boom


class Hall:
    """A system of echoes and what they heard."""

    def __init__(self, shuffle: random.Random | None = None) -> None:
        self.now = 100.0
        self.timers = Timers(lambda: self.now, lambda: None)
        self.system = System(self.timers, shuffle)
        self.heard: dict[str, list[object]] = defaultdict(list)
        self.order: list[str] = []
        self.later: TrioFuture[object] = TrioFuture()
        self.echoes: Kind[Echo] = Kind(
            self.system, "echo", lambda kind, key: Echo(kind, key, self)
        )

    def note(self, echo: Echo, message: object) -> None:
        self.heard[echo.key].append(message)
        self.order.append(echo.key)

    def tell(self, key: str, *messages: object) -> list[object]:
        for message in messages:
            self.echoes.tell(key, message)
        self.system.run()
        return self.heard[key]

    def wait(self, seconds: float) -> None:
        self.now += seconds + TICK
        self.timers.advance()
        self.system.run()
