"""A process that says all it can says nothing of what anybody wrote.

Not in its log and not in its figures; and after `shopwire erase` no file says it, under
its folder or where its commits are shipped.
"""

import sys
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
import trio

from tests.broker.images.corpus import png
from tests.long import LONG, environment
from tests.system.client import Client
from tests.system.process import Keys, Process, furnish
from tests.system.test_erase import SARA, is_sound, ok

SAYING_ALL = """
[log]
level = "debug"
access = true
slow_turn_ms = 1
slow_actor_ms = 1
[outward]
private = ["127.0.0.0/8"]
[ship]
to = "{ship}"
"""
FIELDS = (
    *("name", "mail", "place", "segment", "order", "fact_tag", "history", "reason"),
    *("said", "asked_bot", "file", "answer", "note", "tag", "sought", "rating"),
    *("refused", "query", "hello", "secret"),
)
CANARIES = {field: f"canary{at:02}limestone" for at, field in enumerate(FIELDS)}
SETTINGS = "/v1/sites/default/settings"


async def shop_with_everything(http: httpx.AsyncClient) -> None:
    """Have a bot, a webhook that nobody answers, and mail that goes into a folder."""
    line = {"when": "where", "hand_over": True}
    ai = {"enabled": True, "responder": "script", "script": {"lines": [line]}}
    settings = {"ai": ai, "email": {"notify": ["team@shop.example"]}}
    put = {"if_version": 0, "settings": settings}
    assert (await http.put(SETTINGS, json=put)).status_code == 200
    hook = {"url": f"http://127.0.0.1:1/{CANARIES['secret']}"}
    made = await http.post("/v1/sites/default/webhooks", json=hook)
    assert made.status_code == 201, made.text


async def fill_in(http: httpx.AsyncClient, sara: Client, ann: Client) -> str:
    """Put a canary into every field; return the chat."""
    facts = {
        "name": CANARIES["name"],
        "email": f"{CANARIES['mail']}@home.example",
        "place": CANARIES["place"],
        "tags": [CANARIES["fact_tag"]],
        "segment": CANARIES["segment"],
        "last_order": {"number": CANARIES["order"], "at": 1, "total": 2},
    }
    assert (await http.put(SARA, json=facts)).status_code == 200
    told = {"id": "e", "kind": "viewed", "at": 1, "data": {"u": CANARIES["history"]}}
    assert (await http.post(f"{SARA}/events", json=told)).status_code == 200
    text = f"where {CANARIES['asked_bot']}"
    chat: str = (await ok(sara, "chat.start", text=text))["chat"]
    await sara.until(t="ev", kind="handoff")
    await ok(sara, "handoff.answer", chat=chat, yes=True)
    image = {"Content-Type": "image/png", "X-Filename": f"{CANARIES['file']}.png"}
    sent = await http.post(f"/v1/chats/{chat}/blobs", content=png(), headers=image)
    assert sent.status_code == 201, sent.text
    await ok(sara, "msg.send", chat=chat, text=CANARIES["said"])
    await ok(ann, "chat.open", chat=chat)
    blobs = [sent.json()["blob"]]
    await ok(ann, "msg.send", chat=chat, text=CANARIES["answer"], blobs=blobs)
    await ok(ann, "note.add", chat=chat, text=CANARIES["note"])
    await ok(ann, "ticket.tag", chat=chat, add=[CANARIES["tag"]])
    await ok(ann, "search", q=CANARIES["sought"])
    bad = await sara.ask("msg.send", chat=chat, text=[CANARIES["refused"]])
    assert bad["code"] == "bad_frame"
    await http.get(f"/v1/none?{CANARIES['query']}=1")
    await ok(ann, "chat.end", chat=chat)
    await ok(sara, "rate", chat=chat, score=5, text=CANARIES["rating"])
    return chat


def holders(*folders: Path, but: tuple[str, ...] = ()) -> list[tuple[str, str]]:
    """Return which files hold which canaries."""
    return [
        (field, path.name)
        for folder in folders
        for path in folder.rglob("*")
        if path.is_file()
        for field in FIELDS
        if field not in but and CANARIES[field].encode() in path.read_bytes()
    ]


async def shopwire(folder: Path, *words: str) -> None:
    command = [sys.executable, "-m", "broker", *words, "--data", str(folder)]
    await trio.run_process(command, capture_stdout=True, env=environment())


def signed_in(process: Process, keys: Keys) -> httpx.AsyncClient:
    headers = {"Authorization": f"Bearer {keys.token('admin', 'boss')}"}
    return httpx.AsyncClient(base_url=process.url, headers=headers, timeout=10)


@pytest.mark.alone("a node ships nothing")
@pytest.mark.slow
async def test_no_word_is_said_and_none_is_left(tmp_path: Path) -> None:
    folder, ship = tmp_path / "data", tmp_path / "ship"
    folder.mkdir()
    ship.mkdir()
    keys = await furnish(folder, "ann", admins=("boss",))
    with (folder / "shopwire.toml").open("a") as config:
        config.write(SAYING_ALL.format(ship=ship))
    with Process(folder) as process:
        await process.start()
        async with trio.open_nursery() as nursery, signed_in(process, keys) as http:
            await shop_with_everything(http)
            sara, ann = [await process.connect(nursery) for _ in range(2)]
            client: dict[str, Any] = {"name": CANARIES["hello"], "version": "1"}
            await sara.hello(token=keys.token("shopper", "sara"), client=client)
            await ann.hello(token=keys.token("agent", "ann"))
            await fill_in(http, sara, ann)
            with trio.fail_after(20):
                while not (list(folder.glob("mail/*")) and holders(ship)):  # noqa: ASYNC110  # for want of a notice
                    await trio.sleep(0.1)
            metrics, log = "", ""
            with trio.fail_after(20):
                # So many at once take longer than a turn may.
                while "a turn took" not in log:
                    for number in range(100):
                        await ann.say("chat.leave", id=f"l{number}", chat="none")
                    metrics = (await http.get("/metrics")).text
                    log = (folder / "log").read_text()
            assert "shopwire_" in metrics
            assert "GET /v1/none 404" in log
            said = [field for field in FIELDS if CANARIES[field] in log + metrics]
            assert said == []
            block = {"reason": CANARIES["reason"]}
            assert (await http.post(f"{SARA}/block", json=block)).status_code == 200
            before = {field for field, _ in holders(folder)}
            assert before > {"said", "note", "name", "reason", "asked_bot"}
            await shopwire(folder, "erase", "sara", "--yes")
            assert await sara.read_to_the_end() == 4003
            # Its URL is the shop's own, and stays.
            # What was shipped goes ten seconds later.
            left = partial(holders, *([folder, ship] if LONG else [folder]))
            left = partial(left, but=("secret",))
            with trio.fail_after(40):
                while left():  # noqa: ASYNC110  # likewise
                    await trio.sleep(0.2)
            await sara.cut()
            await ann.cut()
            nursery.cancel_scope.cancel()
        await process.kill()
    assert is_sound(folder)
