"""A person who is erased leaves no trace, and what happened can still be replayed."""

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import trio

from actors.settings.document import Settings
from actors.settings.outward import SmsSettings
from broker import replay
from broker.checkup import texted
from broker.commands.reading import journal
from storage import erasing, queries
from storage.doctor import examine
from storage.meta import JOURNAL
from storage.schema import BEFORE
from tests.broker.http.web import Web, asked, refusal
from tests.broker.images.corpus import png
from tests.long import times
from tests.system.client import Client
from tests.system.process import Process, furnish

SARA = "/v1/sites/default/profiles/sara"
OURS, NUMBER = "+48220000001", "+48600100777"
FIELDS: tuple[str, ...] = (
    *("name", "place", "segment", "spent", "order", "fact_tag", "history"),
    *("first", "second", "file", "answer", "note", "tag", "sought", "rating"),
    *("sms_text", "lead"),
)
"""What somebody can fill in, and where a canary of its own goes."""


def canary(field: str) -> str:
    """Return a word that is nowhere else, which an index of words knows as one."""
    return f"canary{FIELDS.index(field):02}quicksand"


CANARIES = [*(canary(each) for each in FIELDS), NUMBER, "sara.canary@home.example"]


@pytest.fixture
async def web(tmp_path: Path) -> AsyncGenerator[Web]:
    async with asked(tmp_path) as running:
        yield running


async def ok(client: Client, op: str, **fields: object) -> dict[str, Any]:
    answer: dict[str, Any] = await client.ask(op, **fields)
    assert answer["t"] == "ok", answer
    return answer


async def lived(web: Web) -> list[str]:
    """Have Sara and those who serve her fill in all that there is; return her chats."""
    admin = await web.bearer()
    facts = {
        "name": canary("name"),
        "email": CANARIES[-1],
        "phone": NUMBER,
        "place": canary("place"),
        "spent": canary("spent"),
        "tags": [canary("fact_tag")],
        "segment": canary("segment"),
        "consents": {"email": True},
        "last_order": {"number": canary("order"), "at": 1, "total": 2},
    }
    assert (await web.client.put(SARA, json=facts, headers=admin)).status_code == 200
    event = {"id": "e-1", "kind": "viewed", "at": 1, "data": {"url": canary("history")}}
    told = await web.client.post(f"{SARA}/events", json=event, headers=admin)
    assert told.status_code == 200
    sara, ann = await web.shop.shopper("sara"), await web.shop.agent()
    chat: str = (await ok(sara, "chat.start", text=canary("first")))["chat"]
    headers = await web.bearer("shopper", "sara") | {
        "Content-Type": "image/png",
        "X-Filename": f"{canary('file')}.png",
    }
    sent = await web.client.post(
        f"/v1/chats/{chat}/blobs", content=png(), headers=headers
    )
    assert sent.status_code == 201, sent.text
    await ok(
        sara, "msg.send", chat=chat, text=canary("second"), blobs=[sent.json()["blob"]]
    )
    await ok(ann, "chat.open", chat=chat)
    await ok(ann, "msg.send", chat=chat, text=f"Dear {canary('answer')}")
    await ok(ann, "note.add", chat=chat, text=f"She is {canary('note')}")
    await ok(ann, "ticket.tag", chat=chat, add=[canary("tag")])
    found = await ok(ann, "search", q=canary("second"))
    assert found["hits"]
    await ok(ann, "search", q=canary("sought"))
    await ok(ann, "chat.end", chat=chat)
    await ok(sara, "rate", chat=chat, score=5, text=canary("rating"))
    text = {"provider_id": "SM1", "from": NUMBER, "text": canary("sms_text")}
    taken = await web.client.post(
        "/v1/sites/default/sms/inbound", json=text, headers=admin
    )
    assert taken.status_code == 200, taken.text
    again = (await ok(sara, "chat.start", text=canary("lead")))["chat"]
    await ok(ann, "chat.open", chat=again)
    await ok(ann, "search", q=canary("lead"))
    return [chat, again, taken.json()["chat"]]


def holders(folder: Path) -> list[str]:
    """Return which files still hold which of the canaries."""
    return [
        f"{path.name} {word}"
        for path in folder.rglob("*")
        if path.is_file()
        for word in CANARIES
        if word.encode() in path.read_bytes()
    ]


def undone(folder: Path) -> bool:
    """Return whether anything is still to be erased."""
    with journal(folder) as db:
        return bool(erasing.unfinished(db))


def is_sound(folder: Path) -> bool:
    """Return whether the journal is whole, and replays to what is kept."""
    assert examine(folder / JOURNAL, texted()) == []
    with journal(folder) as db:
        for stream in queries.streams(db):
            assert replay.check(db, stream) == []
    return True


async def erased(web: Web, name: str = "sara") -> dict[str, Any]:
    path = f"/v1/sites/default/profiles/{name}"
    answer = await web.client.delete(path, headers=await web.bearer())
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def test_nothing_that_anybody_filled_in_is_left(
    web: Web, caplog: pytest.LogCaptureFixture
) -> None:
    settings = Settings(sms=SmsSettings("loopback", OURS))
    await web.shop.save(settings)
    chats = await lived(web)
    folder = web.shop.broker.folder
    assert {each.split()[1] for each in holders(folder)} > {canary("first"), NUMBER}
    before = [[e.kind for e in await web.shop.journal(chat)] for chat in chats]
    watcher = await web.shop.agent("bob")
    await ok(watcher, "chat.open", chat=chats[1])
    done = await erased(web)
    assert done["done"] is True
    assert (await watcher.until(t="ev", kind="erased"))["chat"] == chats[1]
    await web.shop.broker.query(lambda _: None)
    assert holders(folder) == []
    assert is_sound(folder)
    for chat, kinds in zip(chats, before, strict=True):
        after = [entry.kind for entry in await web.shop.journal(chat)]
        assert after[: len(kinds)] == kinds
        assert after[-1] == "erased"
    metrics = (await web.client.get("/metrics")).text
    said = caplog.text + metrics
    assert [word for word in CANARIES if word in said] == []
    assert (await watcher.ask("search", q=canary("first")))["hits"] == []


async def test_who_is_erased_twice_is_erased_once(web: Web) -> None:
    await lived_a_little(web)
    first = await erased(web)
    assert await erased(web, first["profile"]) == first
    # By the shop's name for them nobody is known any more.
    again = await web.client.delete(SARA, headers=await web.bearer())
    assert refusal(again) == (404, "not_found")


async def test_what_was_erased_is_told_to_be(web: Web) -> None:
    sara, chat = await lived_a_little(web)
    profile = (await erased(web))["profile"]
    assert profile == sara.who.removeprefix("shopper:")
    transcript = await web.client.get(
        f"/v1/tickets/{chat}/transcript", headers=await web.bearer()
    )
    assert refusal(transcript) == (410, "erased")
    ann = await web.shop.agent()
    note = await ann.ask("note.add", chat=chat, text="who was it?")
    assert (note["t"], note["code"]) == ("err", "erased")
    # Whoever comes by the same name is somebody else.
    back = await web.shop.shopper("sara")
    assert back.who != sara.who
    assert (await ok(back, "chat.start", text="hello"))["chat"] != chat


@pytest.mark.parametrize("role", ["agent", "shopper"])
async def test_erasing_is_for_admins_alone(web: Web, role: str) -> None:
    await lived_a_little(web)
    headers = await web.bearer(role, "ann" if role == "agent" else "sara")
    answer = await web.client.delete(SARA, headers=headers)
    assert refusal(answer) == (403, "forbidden")


async def lived_a_little(web: Web) -> tuple[Client, str]:
    sara = await web.shop.shopper("sara")
    return sara, (await ok(sara, "chat.start", text=canary("first")))["chat"]


@pytest.mark.alone("a cluster that lives takes no older folder in")
async def test_a_backup_from_before_forgets_again(tmp_path: Path) -> None:
    async with asked(tmp_path / "old") as web:
        sara, _ = await lived_a_little(web)
        profile = sara.who.removeprefix("shopper:")
    (tmp_path / "new").mkdir()
    for name in (JOURNAL, "shopwire.toml"):
        source = tmp_path / "old" / name
        if source.exists():
            (tmp_path / "new" / name).write_bytes(source.read_bytes())
    line = {"site": "default", "profile": profile, "at": 1, "by": "agent:boss"}
    torn = b'{"site":"def'
    (tmp_path / "new" / "erasures").write_bytes(
        msgspec.json.encode(line) + b"\n" + torn
    )
    async with asked(tmp_path / "new") as web:
        with trio.fail_after(10):
            while holders(tmp_path / "new"):  # noqa: ASYNC110  # for want of a notice
                await trio.sleep(0.05)
    assert is_sound(tmp_path / "new")


@pytest.mark.slow
async def test_erasing_goes_on_where_a_dead_process_was(tmp_path: Path) -> None:
    keys = await furnish(tmp_path, "ann")
    with Process(tmp_path) as process:
        await process.start()
        async with trio.open_nursery() as nursery:
            sara = await process.connect(nursery)
            await sara.hello(token=keys.token("shopper", "sara"))
            for _ in range(4):
                chat = (await ok(sara, "chat.start", text=canary("first")))["chat"]
                for _ in range(20):
                    await ok(sara, "msg.send", chat=chat, text=canary("second"))
                await ok(sara, "chat.end", chat=chat)
            profile = sara.who.removeprefix("shopper:")
            await process.kill()
            await sara.cut()
            nursery.cancel_scope.cancel()
        with journal(tmp_path) as db:
            assert len(erasing.left(db, "default", profile)) == 4
        line = {"site": "default", "profile": profile, "at": 1, "by": "agent:boss"}
        (tmp_path / "erasures").write_bytes(msgspec.json.encode(line) + b"\n")
        # It begins a second after the start: each life gets a little further.
        for life in range(times(6, short=3)):
            await process.start()
            await trio.sleep(0.9 + life * 0.03)
            await process.kill()
        await process.start()
        with trio.fail_after(20):
            # It says that it is done after the last word is gone.
            while holders(tmp_path) or undone(tmp_path):  # noqa: ASYNC110  # for want of a notice
                await trio.sleep(0.1)
        await process.kill()
    assert is_sound(tmp_path)


async def test_the_copy_from_before_an_upgrade_stays_until_somebody_is_erased(
    web: Web,
) -> None:
    copy = web.shop.broker.folder / BEFORE
    copy.write_bytes(b"a journal")
    await web.shop.broker.eraser.resume()
    assert copy.exists()
    await lived(web)
    await erased(web)
    assert not copy.exists()
