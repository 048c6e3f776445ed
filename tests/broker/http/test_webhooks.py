"""`/v1/sites/{site}/webhooks` and `…/feed`: asked by a backend, and a receiver told."""

from collections.abc import AsyncGenerator
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest
import trio

from broker.config import Config, LimitsConfig
from broker.services import OutwardConfig
from tests.broker.http.web import Web, asked, refusal
from tests.docs.test_webhooks_page import check

HOOKS = "/v1/sites/default/webhooks"
FEED = "/v1/sites/default/feed"
LOCAL = ("127.0.0.0/8",)
OPEN = Config(
    limits=LimitsConfig(trusted_networks=LOCAL), outward=OutwardConfig(private=LOCAL)
)
Answer = dict[str, Any]
pytestmark = pytest.mark.slow


@pytest.fixture
async def near(tmp_path: Path) -> AsyncGenerator[Web]:
    """A broker that may call this machine."""
    async with asked(tmp_path, OPEN) as running:
        yield running


async def add(web: Web, **fields: object) -> Answer:
    fields = {"url": "https://shop.example/hook"} | fields
    answer = await web.client.post(HOOKS, json=fields, headers=await web.bearer())
    assert answer.status_code == 201, answer.text
    made: Answer = answer.json()
    return made


async def ask(web: Web, method: str, path: str) -> Answer:
    answer = await web.client.request(method, path, headers=await web.bearer())
    assert answer.status_code == 200, answer.text
    said: Answer = answer.json()
    return said


async def test_a_webhook_is_added_listed_and_removed_and_its_secret_told_once(
    web: Web,
) -> None:
    made = await add(web, kinds=["msg", "closed", "msg"])
    assert made["secret"].startswith("whsec_")
    assert made["kinds"] == ["closed", "msg"]
    (listed,) = (await ask(web, "GET", HOOKS))["webhooks"]
    secret = made.pop("secret")
    assert listed == made | {"pending": 0, "dead": 0}
    assert (await add(web))["secret"] != secret
    one = f"{HOOKS}/{made['id']}"
    assert await ask(web, "DELETE", one) == {"id": made["id"]}
    assert len((await ask(web, "GET", HOOKS))["webhooks"]) == 1
    headers = await web.bearer()
    for method, path in (
        ("DELETE", one),
        ("POST", f"{one}/test"),
        ("POST", f"{one}/replay"),
        ("GET", f"{one}/dead"),
    ):
        answer = await web.client.request(method, path, headers=headers, json={})
        assert refusal(answer) == (404, "not_found")


@pytest.mark.parametrize(
    "fields",
    [
        {"url": "ftp://shop.example/"},
        {"url": "https://"},
        {"url": "https://user:secret@shop.example/"},
        {"url": "https://shop.example:99999/"},
        {"url": "https://[::1/"},
        {"url": "https://shop.example/\nx"},
        {"url": "https://shop.example/" + "x" * 2048},
        {"kinds": ["a b"]},
        {"kinds": "msg"},
        {"secret": "mine"},
    ],
)
async def test_a_bad_field_is_named(web: Web, fields: dict[str, object]) -> None:
    new = {"url": "https://shop.example/hook"} | fields
    answer = await web.client.post(HOOKS, json=new, headers=await web.bearer())
    assert refusal(answer) == (400, "bad_frame")
    assert "secret@" not in answer.text


async def test_there_are_only_so_many(web: Web) -> None:
    for _ in range(10):
        await add(web)
    new = {"url": "https://shop.example/hook"}
    answer = await web.client.post(HOOKS, json=new, headers=await web.bearer())
    assert refusal(answer) == (409, "conflict")


async def test_what_only_we_can_reach_is_not_called(web: Web) -> None:
    made = await add(web, url=f"{web.shop.url}/healthz")
    tried = await ask(web, "POST", f"{HOOKS}/{made['id']}/test")
    assert tried == {"ok": False, "reason": "the address is private"}


async def test_a_receiver_is_told_what_it_can_check(near: Web) -> None:
    calls: list[tuple[dict[str, str], bytes]] = []

    async def serve(stream: trio.SocketStream) -> None:
        received = b""
        while b"\r\n\r\n" not in received:
            received += await stream.receive_some()
        head, _, body = received.partition(b"\r\n\r\n")
        lines = head.decode().split("\r\n")[1:]
        names = dict(line.lower().split(": ", 1) for line in lines)
        # Values keep their case.
        given = {
            n: line.split(": ", 1)[1] for n, line in zip(names, lines, strict=True)
        }
        while len(body) < int(given["content-length"]):
            body += await stream.receive_some()
        calls.append((given, body))
        await stream.send_all(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
        await stream.aclose()

    async with trio.open_nursery() as nursery:
        listen = partial(trio.serve_tcp, serve, 0, host="127.0.0.1")
        (listener,) = await nursery.start(listen)
        url = f"http://127.0.0.1:{listener.socket.getsockname()[1]}/hook"
        made = await add(near, url=url, kinds=["msg"])
        tried = await ask(near, "POST", f"{HOOKS}/{made['id']}/test")
        assert tried == {"ok": True, "status": 204}
        sara = await near.shop.shopper()
        chat = (await sara.ask("chat.start", text="hello"))["chat"]
        with trio.fail_after(10):
            while len(calls) < 3:  # noqa: ASYNC110  # for want of a notice
                await trio.sleep(0.01)
        nursery.cancel_scope.cancel()
    good = check()
    assert all(good(made["secret"], given, body) for given, body in calls)
    ping, _, said = (msgspec.json.decode(body) for _, body in calls)
    assert ping["type"] == "ping"
    assert (said["chat"], said["data"]["text"]) == (chat, "hello")
    assert calls[2][0]["webhook-id"] == said["id"]
    metrics = (await near.client.get("/metrics")).text
    assert 'shopwire_outgoing_total{came="sent",kind="webhook"} 2.0' in metrics
    whose = f'site="default",webhook="{made["id"]}"'
    assert f'shopwire_webhook_total{{came="sent",{whose}}} 2.0' in metrics
    with trio.fail_after(5):
        # Told as of the last look, which comes after the last answer.
        while f"shopwire_webhook_pending{{{whose}}} 0.0" not in metrics:
            await trio.sleep(0.02)
            metrics = (await near.client.get("/metrics")).text


async def test_the_feed_has_every_event_once_in_pages(web: Web) -> None:
    chats = [
        (await (await web.shop.shopper(sub)).ask("chat.start", text=sub))["chat"]
        for sub in ("sara", "tom")
    ]
    ann = await web.shop.agent()
    await ann.ask("note.add", chat=chats[0], text="between us")
    events: list[Answer] = []
    cursor, more = 0, True
    while more:
        page = await ask(web, "GET", f"{FEED}?after={cursor}&limit=3")
        assert len(page["events"]) <= 3
        events += page["events"]
        cursor, more = page["cursor"], page["more"]
        assert page["epoch"] == web.shop.broker.journal.epoch
    for chat in chats:
        seqs = [event["seq"] for event in events if event["chat"] == chat]
        assert seqs == [entry.seq for entry in await web.shop.journal(chat)]
    assert len({event["id"] for event in events}) == len(events)
    (note,) = [event for event in events if event["type"] == "note"]
    assert note["internal"]
    assert (await ask(web, "GET", f"{FEED}?after={cursor}"))["events"] == []
    far = await ask(web, "GET", f"{FEED}?after={2**62}")
    assert (far["events"], far["more"]) == ([], False)
    headers = await web.bearer()
    for query in ("after=-1", "limit=0", "limit=501", "after=x"):
        answer = await web.client.get(f"{FEED}?{query}", headers=headers)
        assert refusal(answer) == (400, "bad_frame")
