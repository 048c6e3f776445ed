"""Days over a change of the clocks and a holiday, and a process that dies in them.

Each is a real process, killed with SIGKILL in the middle of what it does by itself or
of what it was asked; only the clock on its wall is ours. What it has said by itself is
judged from the journal alone, and is the same as of one that nobody has killed.
`SHOPWIRE_DAYS` is how many such spans of days there are, each of another seed.
"""

import os
import random
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import msgspec
import pytest
import trio

from actors.chat.events import CheckedIn, Event, Measured, Said
from broker import replay
from broker.office.settings import put_settings
from broker.server import Broker
from storage import queries
from tests.laws.hours import BEGIN, MINUTE, MINUTES, SETTINGS, Judge, Told
from tests.long import times
from tests.system.client import Client, Frame
from tests.system.process import Keys, Process, furnish
from tests.system.stepped import Wall

pytestmark = pytest.mark.slow

SPANS = int(os.environ.get("SHOPWIRE_DAYS", "1"))
SHOPPERS = 3
VISITS = 14
KILLS = times(5, short=2)
LEAST = 10
"""Signs of life that so many visits lead to, at the least."""
SLOT_MS = 250
"""How late a timer may be; just so late the clock is moved to what is due."""
SOON_S = 0.02
"""Within so long of a move of the clock, or of a frame, the process dies."""
PATIENCE_S = 30
HAND = "agent:ann"
DOES: tuple[tuple[str, str, Frame], ...] = (
    *(("shopper", "msg.send", {"text": "and?"}),) * 5,
    *(("agent", "msg.send", {"text": "yes"}),) * 2,
    ("agent", "msg.send", {"text": "one moment", "hold": True}),
    ("agent", "note.add", {"text": "psst"}),
    ("agent", "ticket.snooze", {"preset": "next_reply"}),
    ("shopper", "chat.end", {}),
)


class Days:
    """Some days of a shop, lived by processes one after the other."""

    def __init__(self, folder: Path, keys: Keys, *, seed: int, kills: int) -> None:
        self.process = Process(folder)
        self.killed = self.ends = 0
        self._keys, self._kills = keys, kills
        self._script, self._chance = random.Random(seed), random.Random(seed + 1)
        self._wall = Wall(folder / "wall", BEGIN / 1000)
        self._chats: dict[str, str] = {}
        self._clients: dict[str, Client] = {}
        self._frames = 0

    async def live(self) -> None:
        """Live them to their end."""
        span = MINUTES * MINUTE
        moments = sorted(self._script.sample(range(1000, span, 1000), VISITS))
        with self.process:
            await self._start()
            async with trio.open_nursery() as nursery:
                self._nursery = nursery
                for moment in moments:
                    await self._until(BEGIN + moment)
                    await self._visit()
                await self._until(BEGIN + span)
                self.ends = self.now
                await self._end()
                nursery.cancel_scope.cancel()
        self._wall.close()

    async def _start(self) -> None:
        stepped = ("-m", "tests.system.stepped", str(self._wall.file), "serve")
        await self.process.start(sys.executable, *stepped)
        self._db = sqlite3.connect(f"{self.process.journal.as_uri()}?mode=ro", uri=True)

    async def _kill(self) -> None:
        """Let the process die soon, and start another one."""
        await trio.sleep(self._chance.uniform(0, SOON_S))
        await self._end()
        self.killed += 1
        await self._start()

    async def _end(self) -> None:
        self._db.close()
        await self.process.kill()
        for client in self._clients.values():
            await client.cut()
        self._clients.clear()

    def _dies(self, likely: float) -> bool:
        return self.killed < self._kills and self._chance.random() < likely

    # Time.

    @property
    def now(self) -> int:
        """What the clock shows, in milliseconds."""
        return round(self._wall.now * 1000)

    async def _until(self, moment: int) -> None:
        """Let time pass, from one thing that is due to the next."""
        while (due := self._due()) is not None and due <= moment:
            self._wall.show((due // SLOT_MS + 1) * SLOT_MS / 1000)
            if self._dies(0.1):
                await self._kill()
            with trio.fail_after(PATIENCE_S):
                while (left := self._due()) is not None and left <= self.now:  # noqa: ASYNC110  # for want of a notice
                    await trio.sleep(0.002)
        self._wall.show(max(moment, self.now) / 1000)

    def _due(self) -> int | None:
        due: int | None = self._db.execute("SELECT min(due) FROM ticket").fetchone()[0]
        return due

    # People.

    async def _visit(self) -> None:
        sub = f"s{self._script.randrange(SHOPPERS)}"
        who, op, fields = self._script.choice(DOES)
        chat = self._chats.get(sub)
        if chat is None:
            # Two tabs at once, of which either may be the first.
            self._chats[sub] = await self._start_chat(sub)
            return
        by = sub if who == "shopper" else "ann"
        await self._do(by, op, {"chat": chat} | fields)
        if op == "chat.end":
            del self._chats[sub]

    async def _do(self, by: str, op: str, fields: Frame) -> None:
        id_ = self._new_id()
        while self._dies(0.4):
            await (await self._client(by)).say(op, id=id_, **fields)
            await self._kill()
        answer = await (await self._client(by)).ask(op, id=id_, **fields)
        assert answer["t"] == "ok", answer

    async def _start_chat(self, sub: str) -> str:
        ids = self._new_id(), self._new_id()
        while self._dies(0.5):
            for tab, id_ in enumerate(ids):
                client = await self._client(sub, tab)
                await client.say("chat.start", id=id_, text="hello")
            await self._kill()
        chats: set[str] = set()
        for tab, id_ in enumerate(ids):
            client = await self._client(sub, tab)
            chats.add((await client.ask("chat.start", id=id_, text="hello"))["chat"])
        (chat,) = chats
        return chat

    async def _client(self, sub: str, tab: int = 0) -> Client:
        name = f"{sub}/{tab}"
        if name not in self._clients:
            client = self._clients[name] = await self.process.connect(self._nursery)
            role = "agent" if sub == "ann" else "shopper"
            welcome = await client.hello(token=self._keys.token(role, sub))
            assert welcome["t"] == "welcome", welcome
        return self._clients[name]

    def _new_id(self) -> str:
        self._frames += 1
        return f"f{self._frames}"


def lived(folder: Path) -> list[tuple[str, list[Event]]]:
    """Return whose each chat was, and what has happened in it."""
    with closing(sqlite3.connect(folder / "journal.db")) as db:
        subs = dict(db.execute("SELECT 'shopper:' || id, sub FROM profile").fetchall())
        found = [
            [event for _, event in replay.events(db, stream)]
            for stream in queries.streams(db)
        ]
    return [(subs[events[0].by], events) for events in found]


def told(folder: Path) -> list[Told]:
    """Return all that was said or noted by itself, in order."""
    return sorted(
        Told(sub, event.at, msgspec.json.encode([event.body.kind, event.body]))
        for sub, events in lived(folder)
        for event in events
        if isinstance(event.body, CheckedIn | Measured)
        or (isinstance(event.body, Said) and event.body.auto is not None)
    )


async def founded(folder: Path) -> Keys:
    folder.mkdir()  # noqa: ASYNC240  # nothing runs yet
    keys = await furnish(folder, "ann")
    async with Broker.open(folder) as broker:
        assert await put_settings(broker, "default", 0, SETTINGS, by=HAND) == 1
    return keys


@pytest.mark.parametrize("seed", range(SPANS))
async def test_a_process_that_is_killed_says_the_same_by_itself(
    tmp_path: Path, seed: int
) -> None:
    judge = Judge()
    for name, kills in (("calm", 0), ("killed", KILLS)):
        folder = tmp_path / name
        days = Days(folder, await founded(folder), seed=seed, kills=kills)
        await days.live()
        assert days.killed == kills
        assert days.ends >= BEGIN + MINUTES * MINUTE
        said = 0
        for _, events in lived(folder):
            said += judge.judge(events, days.ends)
            welcomes = [event for event in events if auto(event) == "welcome"]
            assert len(welcomes) == 1, "once, whatever the number of tabs (F4)"
        assert said > LEAST
    assert told(tmp_path / "killed") == told(tmp_path / "calm")
    assert {"offhours", "checkin", "welcome"} <= {
        auto(event) for _, events in lived(tmp_path / "calm") for event in events
    }


def auto(event: Event) -> str | None:
    return event.body.auto if isinstance(event.body, Said) else None
