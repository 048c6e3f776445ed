"""What is old enough goes by itself, whenever the process dies; nothing else does."""

import shutil
import sqlite3
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TypeVar

import httpx
import pytest
import trio
from sqlite_utils import Database

from actors.settings.document import Settings
from actors.settings.retention import KeepDays, RetentionSettings
from broker.commands.reading import journal
from broker.office.erasing import NotErased
from storage.meta import JOURNAL
from tests.broker.http.web import Web, asked
from tests.broker.images.corpus import jpeg_with_notes, png
from tests.long import times
from tests.system.client import Client
from tests.system.process import Keys, Process, furnish
from tests.system.stepped import Wall
from tests.system.test_deeds import NIGHT
from tests.system.test_erase import is_sound, ok

T = TypeVar("T")
GOES, STAYS = "canary00gravel", "canary01gravel"
KEEP = Settings(retention=RetentionSettings(keep_days=KeepDays(chat=30)))
DAY_S = 24 * 3600
SITE = "/v1/sites/default"
DUE = times(60, short=16)
"""Chats that are old enough: twenty of them go in a second, so that a process that is
killed dies in the middle, unless the test was kept waiting."""


def holders(folder: Path, word: str) -> list[str]:
    """Return the files that have `word`."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return [path.name for path in files if word.encode() in path.read_bytes()]


def left_by_a_letter(folder: Path, word: str) -> None:
    """Put a mail where they are written without a server."""
    (folder / "mail").mkdir(exist_ok=True)
    (folder / "mail" / "1.eml").write_text(f"She said: {word}")


async def ended(web: Web, sub: str, word: str) -> str:
    """Return a chat that is over."""
    client = await web.shop.shopper(sub)
    chat: str = (await ok(client, "chat.start", text=f"hello {word}"))["chat"]
    await ok(client, "chat.end", chat=chat)
    return chat


class Dying:
    """Keeps of a folder what a SIGKILL after each commit of its broker would leave."""

    def __init__(self, web: Web, copies: Path) -> None:
        self._broker, self._copies = web.shop.broker, copies
        self._change = self._broker.change
        self._broker.change = self._seen  # the seam
        self.lives: list[Path] = []

    async def _seen(
        self,
        write: Callable[[Database], T],
        then: Callable[[T], None] | None = None,
        *,
        scrub: bool = False,
    ) -> T:
        # As it dies before the commit's scrub, which comes behind it at once.
        written = await self._change(write, then)
        copy = self._copies / str(len(self.lives))
        shutil.copytree(
            self._broker.folder, copy, ignore=shutil.ignore_patterns("*.sock", "lock*")
        )
        self.lives.append(copy)
        if scrub:
            # It has to say something, or copies do not hear of it.
            said = "UPDATE meta SET value = value"
            await self._change(lambda db: db.execute(said), scrub=True)
        return written


@pytest.mark.slow
@pytest.mark.alone("a cluster that lives takes no older folder in")
async def test_after_whichever_commit_it_dies_the_next_life_leaves_nothing(
    tmp_path: Path,
) -> None:
    async with asked(tmp_path / "first") as web:
        chats = [await ended(web, "sara", GOES) for _ in range(2)]
        left_by_a_letter(web.shop.broker.folder, GOES)
        await web.shop.save(KEEP)
        dying = Dying(web, tmp_path)
        assert await web.shop.broker.eraser.let_go(NIGHT) == len(chats)
        assert holders(tmp_path / "first", GOES) == []
    # A note and two chats, and the index of words.
    assert len(dying.lives) >= 4
    for life in dying.lives:
        async with asked(life) as web:
            await web.shop.broker.eraser.resume()
            await web.shop.broker.eraser.let_go(NIGHT)
            assert holders(life, GOES) == [], life.name
        assert is_sound(life)


async def test_a_chat_that_cannot_be_read_keeps_no_other(tmp_path: Path) -> None:
    async with asked(tmp_path) as web:
        first, second = [await ended(web, "sara", GOES) for _ in range(2)]
        await web.shop.save(KEEP)
    with closing(sqlite3.connect(tmp_path / JOURNAL, isolation_level=None)) as db:
        sql = """
        UPDATE event SET body = x'c1' WHERE seq = 1 AND stream =
          (SELECT stream FROM ticket WHERE chat = ?)"""
        db.execute(sql, [first])
    async with asked(tmp_path) as web:
        with pytest.raises(NotErased):
            await web.shop.broker.eraser.let_go(NIGHT)
        assert (await web.shop.journal(second))[-1].kind == "erased"
    with journal(tmp_path) as db:
        assert db.execute("SELECT count(*) FROM erased").fetchone() == (1,)


class Years:
    """A shop whose process dies, on a clock that is ours."""

    def __init__(self, folder: Path, keys: Keys) -> None:
        self.folder, self._keys = folder, keys
        # All of it is before today: tokens last for a month from now.
        today = int(time.time()) // DAY_S * DAY_S
        self.wall = Wall(folder / "wall", today - 100 * DAY_S)
        self.process = Process(folder)
        self.images: dict[str, list[str]] = {GOES: [], STAYS: []}

    async def start(self) -> None:
        """Begin another life."""
        stepped = ("-m", "tests.system.stepped", str(self.wall.file), "serve")
        await self.process.start(sys.executable, *stepped)

    def http(self) -> httpx.AsyncClient:
        """Return an admin's way in."""
        headers = {"Authorization": f"Bearer {self._keys.token('admin', 'boss')}"}
        return httpx.AsyncClient(base_url=self.process.url, headers=headers, timeout=10)

    async def talk(self, client: Client, word: str, image: bytes | None = None) -> str:
        """Have a shopper say `word`, and show an image; return the chat."""
        chat: str = (await ok(client, "chat.start", text=f"hello {word}"))["chat"]
        if image is not None:
            headers = {"Content-Type": "image/png", "X-Filename": f"{word}.png"}
            path = f"/v1/chats/{chat}/blobs"
            async with self.http() as http:
                sent = await http.post(path, content=image, headers=headers)
            assert sent.status_code == 201, sent.text
            blobs = [sent.json()["blob"]]
            await ok(client, "msg.send", chat=chat, text=word, blobs=blobs)
            self.images[word] += blobs
        await ok(client, "chat.end", chat=chat)
        return chat

    async def pass_by(self) -> None:
        """Have chats that are old enough, and some that never are."""
        await self.start()
        async with trio.open_nursery() as nursery, self.http() as http:
            sara, tom, ann = [await self.process.connect(nursery) for _ in range(3)]
            await sara.hello(token=self._keys.token("shopper", "sara"))
            await tom.hello(token=self._keys.token("shopper", "tom"))
            await ann.hello(token=self._keys.token("agent", "ann"))
            sms = {"sms": {"provider": "loopback", "number": "+48220000001"}}
            put = {"if_version": 0, "settings": sms}
            assert (await http.put(f"{SITE}/settings", json=put)).status_code == 200
            text = {"provider_id": "S1", "from": "+48600100777", "text": STAYS}
            taken = await http.post(f"{SITE}/sms/inbound", json=text)
            await ok(ann, "chat.end", chat=taken.json()["chat"])
            for number in range(DUE):
                image = (png(), jpeg_with_notes(), None)[number % 3]
                await self.talk(sara, GOES, image)
            await ok(ann, "search", q=GOES)
            self.wall.show(self.wall.now + 60 * DAY_S)
            await self.talk(tom, STAYS, png())
            await ok(tom, "chat.start", text=f"still here {STAYS}")
            keep = {"retention": {"keep_days": {"chat": 30}}}
            put = {"if_version": 1, "settings": sms | keep}
            assert (await http.put(f"{SITE}/settings", json=put)).status_code == 200
            left_by_a_letter(self.folder, GOES)
            for client in (sara, tom, ann):
                await client.cut()
            nursery.cancel_scope.cancel()
        await self.process.kill()

    def erased(self) -> int:
        """Return how many chats are gone so far."""
        with journal(self.folder) as db:
            number: int = db.execute("SELECT count(*) FROM erased").fetchone()[0]
        return number

    def kept(self) -> list[tuple[object, ...]]:
        """Return what was said in the chats that are over and are to stay."""
        sql = """
        SELECT event.*, preview, text FROM event JOIN ticket USING (stream)
          LEFT JOIN message USING (stream, seq) WHERE closed_at < :yesterday
          AND (channel = 'sms' OR closed_at > :before) ORDER BY stream, seq"""
        days = {
            "before": (self.wall.now - 30 * DAY_S) * 1000,
            # What goes on may end by itself meanwhile.
            "yesterday": (self.wall.now - DAY_S) * 1000,
        }
        with journal(self.folder) as db:
            return [tuple(row) for row in db.execute(sql, days).fetchall()]


async def until(condition: Callable[[], bool]) -> None:
    """Return once it is so."""
    with trio.fail_after(60):
        while not condition():  # noqa: ASYNC110  # another process cannot tell us
            await trio.sleep(0.01)


@pytest.mark.slow
@pytest.mark.timeout(240)
async def test_it_goes_on_where_a_process_was_killed(tmp_path: Path) -> None:
    years = Years(tmp_path, await furnish(tmp_path, "ann", admins=("boss",)))
    with years.process as process:
        await years.pass_by()
        night = years.wall.now + 10 * DAY_S
        years.wall.show(night // DAY_S * DAY_S + 2 * 3600)
        before = years.kept()
        assert len(before) > 5
        deaths = times(6, short=3)
        for death in range(1, deaths + 1):
            await years.start()
            await until(lambda: years.erased() >= death * DUE // (deaths + 1))  # noqa: B023  # called here
            await process.kill()
        await years.start()
        await until(lambda: holders(tmp_path, GOES) == [])
        assert years.erased() == DUE
        async with years.http() as http:
            for word, status in ((GOES, 410), (STAYS, 200)):
                for image in years.images[word]:
                    got = await http.get(f"/v1/blobs/{image}")
                    assert got.status_code == status, word
        await process.kill()
    assert years.kept() == before
    assert years.erased() == DUE
    assert is_sound(tmp_path)
    years.wall.close()
