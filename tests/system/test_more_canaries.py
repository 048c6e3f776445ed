"""What others answer, and what is refused, is in no log, figure or trace either.

The shop's own program answers for its bot, a help desk takes chats over, a receiver of
webhooks fails: each says a canary, well or badly. After `shopwire erase` none is left.
"""

import json
import signal
from pathlib import Path
from typing import Any

import httpx
import pytest
import trio

from broker.commands.reading import journal
from tests.broker.outward.ai.stub import Asked, Reply, Stub, stubbed
from tests.broker.outward.ai.test_desks import TOKEN, FakeDesk
from tests.system.client import Client
from tests.system.collector import collecting
from tests.system.process import Keys, Process, furnish
from tests.system.test_canaries import SAYING_ALL, shopwire, signed_in
from tests.system.test_erase import is_sound, ok

FIELDS = (
    *("question", "answer", "reply", "source", "why_handed_over", "said_at_desk"),
    *("last_words", "ai_error", "ai_nonsense", "desk_error", "desk_name", "hook_error"),
    *("sms", "sms_refused", "macro_var", "missing_var", "page", "lang", "referrer"),
    *("title", "agent", "origin", "picked", "frame", "nonsense", "op", "surrogate"),
    *("field", "body", "body_nonsense", "sought", "cursor", "bearer", "presence"),
    *("mail", "visitor", "file"),
)
CANARIES = {field: f"canary{at:02}sandstone" for at, field in enumerate(FIELDS)}
STAYS = ("question", "answer")
"""What the shop publishes itself; of a chat's copies of it nothing is left."""
OURS, NUMBER = "+48220000001", "+48600100777"
SITE = "/v1/sites/default"
MAIL = f"{CANARIES['mail']}@home.example"
CONFIG = """
[ai]
zendesk_token = "{token}"
zendesk_host = "{host}"
[otel]
enabled = true
"""


class Others:
    """Everybody the broker calls; each says what it has to say, and canaries."""

    def __init__(self) -> None:
        self.desk = FakeDesk("zendesk")
        said: dict[str, object] = {"id": 9, "public": True}
        said["body"] = CANARIES["said_at_desk"]
        self.desk.comments.append(said)
        self.broken_desk = False
        self.ai: list[Reply] = []
        """What the shop's program answers; then nothing that is an answer."""

    def answer(self, asked: Asked) -> Reply:
        if asked.path == "/ai":
            nonsense = f'{{"reply": {CANARIES["ai_nonsense"]}'.encode()
            head = b"HTTP/1.1 200 X\r\nContent-Length: %d\r\n\r\n" % len(nonsense)
            return self.ai.pop(0) if self.ai else head + nonsense
        if asked.path == "/hook":
            return 500, {"error": CANARIES["hook_error"], "echo": asked.body}
        if self.broken_desk:
            return 422, {"error": CANARIES["desk_error"], "echo": asked.body}
        return self.desk.answer(asked)


async def furnish_shop(http: httpx.AsyncClient, stub: Stub) -> None:
    """Have everything that calls somebody, and something to pick and to fill in."""
    ai = {
        "enabled": True,
        "responder": "webhook",
        "webhook": {"url": f"{stub.url}/ai"},
        "handoff": "zendesk",
        "zendesk": {"base_url": stub.url, "email": "bot@shop.example"},
    }
    sms = {"provider": "loopback", "number": OURS}
    put = {"if_version": 0, "settings": {"ai": ai, "sms": sms}}
    assert (await http.put(f"{SITE}/settings", json=put)).status_code == 200
    item = {"id": "f1", "question": CANARIES["question"], "answer": CANARIES["answer"]}
    items = {"if_version": 0, "items": [item | {"published": True}]}
    assert (await http.put(f"{SITE}/faq", json=items)).status_code == 200
    macro = {"id": "m1", "name": "Order", "text": "It is {{order.last.number}}."}
    items = {"if_version": 0, "items": [macro]}
    assert (await http.put(f"{SITE}/macros", json=items)).status_code == 200
    hook = {"url": f"{stub.url}/hook"}
    assert (await http.post(f"{SITE}/webhooks", json=hook)).status_code == 201


async def talk(others: Others, sara: Client) -> str:
    """Have Sara read, ask the bot, and be handed over; return her chat."""
    others.ai = [
        (200, {"reply": CANARIES["reply"], "sources": [CANARIES["source"]]}),
        (200, {"escalate": CANARIES["why_handed_over"]}),
    ]
    await ok(sara, "faq.pick", faq="f1")
    assert (await sara.ask("faq.pick", faq=CANARIES["picked"]))["t"] == "err"
    page = f"https://shop.example/lamp?q={CANARIES['page']}"
    begun = await ok(sara, "chat.start", text="Where?", page=page)
    chat: str = begun["chat"]
    await sara.until(t="ev", by="bot", kind="msg")
    await ok(sara, "msg.send", chat=chat, text="And then?")
    await sara.until(t="ev", kind="handoff")
    await ok(sara, "handoff.answer", chat=chat, yes=True)
    passed = await sara.until(t="ev", by="agent:zendesk", kind="msg")
    assert passed["body"]["text"] == CANARIES["said_at_desk"]
    await ok(sara, "msg.send", chat=chat, text=CANARIES["last_words"])
    return chat


async def fail(others: Others, tom: Client, ann: Client) -> str:
    """Have a hand-off fail, and Tom answered by an agent; return his chat."""
    others.ai = [(500, {"error": CANARIES["ai_error"]})]
    others.broken_desk = True
    chat: str = (await ok(tom, "chat.start", text="Where?"))["chat"]
    await tom.until(t="ev", kind="handoff")
    await ok(tom, "handoff.answer", chat=chat, yes=True)
    with trio.fail_after(20):
        while (await tom.until(t="ev", kind="handoff"))["body"]["state"] != "failed":
            pass
    given = {"order.last.number": CANARIES["macro_var"]}
    await ok(ann, "chat.open", chat=chat)
    filled = await ok(ann, "macro.render", chat=chat, macro="m1", vars=given)
    await ok(ann, "msg.send", chat=chat, text=filled["text"], macro="m1")
    wrong = {CANARIES["missing_var"]: "x"}
    refused = await ann.ask("macro.render", chat=chat, macro="m1", vars=wrong)
    assert refused["code"] == "macro_missing_var"
    return chat


async def misspeak(process: Process, keys: Keys, sara: Client, ann: Client) -> None:
    """Say what is refused, on sockets of their own where that closes them."""
    token = keys.token("shopper", "sara")
    async with trio.open_nursery() as nursery:
        for message in (
            f'{{"op": "msg.send", "id": "1", "text": {CANARIES["nonsense"]}',
            json.dumps({"op": 5, "text": CANARIES["frame"]}),
            b"\x81" + CANARIES["frame"].encode(),
        ):
            broken = await process.connect(nursery)
            await broken.hello(token=token)
            await broken.socket.send_message(message)
            assert await broken.read_to_the_end() in {1003, 4000}
        stranger = await process.connect(nursery)
        refused = await stranger.ask("hello", token=f"{token}{CANARIES['bearer']}")
        assert refused["code"] == "auth_failed"
        await stranger.cut()
        nursery.cancel_scope.cancel()
    await sara.ask(CANARIES["op"])
    await sara.ask("chat.start", text="Where?", page=[CANARIES["page"]])
    await sara.ask("chat.start", text="Where?", lang=CANARIES["lang"] * 50)
    half = {"op": "chat.start", "id": "s", "text": CANARIES["surrogate"] + "\ud800"}
    await sara.socket.send_message(json.dumps(half))
    assert (await sara.answer("s"))["code"] == "bad_utf8"
    await ann.ask("presence.set", state=CANARIES["presence"])
    await ok(ann, "search", q=CANARIES["sought"])
    await ann.ask("search", q=CANARIES["sought"], cursor=CANARIES["cursor"])
    await ann.ask("search", q=f'"{CANARIES["sought"]}', status=CANARIES["field"])


async def misask(http: httpx.AsyncClient, base: str) -> None:
    """Ask over HTTP for what is refused."""
    wrong: list[tuple[str, str, dict[str, Any]]] = [
        ("PUT", f"{SITE}/settings", {"content": f'{{"a": {CANARIES["body_nonsense"]}'}),
        ("PUT", f"{SITE}/settings", {"json": {CANARIES["field"]: CANARIES["body"]}}),
        ("PUT", f"{SITE}/profiles/sara", {"json": {"name": [CANARIES["body"]]}}),
        ("PUT", f"{SITE}/profiles/sara", {"json": {"tags": CANARIES["body"]}}),
        ("PUT", f"{SITE}/faq", {"json": {"if_version": 9, "x": CANARIES["body"]}}),
        ("POST", f"{SITE}/sms/inbound", {"json": {"text": CANARIES["sms_refused"]}}),
        ("POST", f"{SITE}/sms/inbound", {"content": CANARIES["sms_refused"]}),
        ("POST", f"{SITE}/blobs", {"content": CANARIES["file"]}),
        ("POST", "/v1/login", {"json": {"email": MAIL, "password": "x"}}),
        ("GET", f"{SITE}/tickets?q={CANARIES['sought']}", {}),
        ("GET", f"{SITE}/tickets?cursor={CANARIES['cursor']}", {}),
        ("GET", f"{SITE}/tickets?status={CANARIES['field']}", {}),
    ]
    for method, path, fields in wrong:
        headers = {
            "Content-Type": "application/json",
            "Referer": f"https://shop.example/{CANARIES['referrer']}",
            "User-Agent": CANARIES["agent"],
        }
        answer = await http.request(method, path, headers=headers, **fields)
        assert answer.status_code < 500, (method, path)
    bad = {"Authorization": f"Bearer {CANARIES['bearer']}"}
    answer = await http.get(f"{base}{SITE}/tickets", headers=bad)
    assert answer.status_code == 401
    strange = {"Origin": f"https://{CANARIES['origin']}.example"}
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket"}
    upgrade |= {"Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "A" * 22 + "=="}
    upgrade |= {"Sec-WebSocket-Protocol": "shopwire.v1.json"}
    for path, more in ((f"{SITE}/tickets", {}), ("/ws", upgrade)):
        answer = await http.get(path, headers=strange | more)
        assert answer.status_code == 403, path
    seen = {"title": CANARIES["title"], "referrer": CANARIES["referrer"]}
    told = {"id": "e", "kind": "viewed", "at": 1, "data": seen}
    answer = await http.post(f"{SITE}/profiles/sara/events", json=told)
    assert answer.status_code == 200, answer.text


def holders(folder: Path) -> list[tuple[str, str]]:
    """Return which canaries which files have that must not have them."""
    return [
        (field, path.name)
        for path in folder.rglob("*")
        if path.is_file()
        for field in FIELDS
        if field not in STAYS and CANARIES[field].encode() in path.read_bytes()
    ]


def copied(folder: Path) -> list[str]:
    """Return what stays with the shop and must not stay in a chat."""
    sql = "SELECT count(*) FROM event WHERE instr(body, ?)"
    with journal(folder) as db:
        found = [
            (field, db.execute(sql, [CANARIES[field].encode()]).fetchone()[0])
            for field in STAYS
        ]
    return [field for field, number in found if number]


async def live(process: Process, keys: Keys, stub: Stub, others: Others) -> list[str]:
    """Say all canaries; return the chats."""
    async with trio.open_nursery() as nursery, signed_in(process, keys) as http:
        await furnish_shop(http, stub)
        sara, tom, vic, ann = [await process.connect(nursery) for _ in range(4)]
        facts = {"name": CANARIES["desk_name"], "email": MAIL}
        for each in ("sara", "tom"):
            put = await http.put(f"{SITE}/profiles/{each}", json=facts)
            assert put.status_code == 200
        await sara.hello(token=keys.token("shopper", "sara"))
        await tom.hello(token=keys.token("shopper", "tom"))
        await vic.hello()
        await ann.hello(token=keys.token("agent", "ann"))
        chats = [await talk(others, sara)]
        chats.append(await fail(others, tom, ann))
        said = await ok(vic, "chat.start", text=CANARIES["visitor"])
        await vic.until(t="ev", by="bot", kind="msg")
        text = {"provider_id": "SM1", "from": NUMBER, "text": CANARIES["sms"]}
        taken = await http.post(f"{SITE}/sms/inbound", json=text)
        assert taken.status_code == 200, taken.text
        chats += [said["chat"], taken.json()["chat"]]
        await misspeak(process, keys, sara, ann)
        await misask(http, process.url)
        metrics = (await http.get("/metrics")).text
        assert "shopwire_" in metrics
        assert [field for field in FIELDS if CANARIES[field] in metrics] == []
        for client in (sara, tom, vic, ann):
            await client.cut()
        nursery.cancel_scope.cancel()
    return chats


@pytest.mark.slow
@pytest.mark.timeout(180)
@pytest.mark.alone("a node ships nothing")
async def test_what_others_say_and_what_is_refused_is_said_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, ship = tmp_path / "data", tmp_path / "ship"
    folder.mkdir()
    ship.mkdir()
    keys, others = await furnish(folder, "ann", admins=("boss",)), Others()
    with collecting() as collector, Process(folder) as process:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url)
        async with stubbed() as stub:
            stub.answer = others.answer
            with (folder / "shopwire.toml").open("a") as config:
                config.write(SAYING_ALL.format(ship=ship))
                config.write(CONFIG.format(token=TOKEN, host=stub.host))
            await process.start()
            chats = await live(process, keys, stub, others)
            before = {field for field, _ in holders(folder)}
            assert before >= {"reply", "source", "said_at_desk", "macro_var", "sms"}
            assert copied(folder) == [*STAYS]
            for chat in chats:
                await shopwire(folder, "erase", chat, "--yes")
            with trio.move_on_after(20):
                while holders(folder):  # noqa: ASYNC110  # for want of a notice
                    await trio.sleep(0.2)
            assert holders(folder) == []
            assert copied(folder) == []
            process.send(signal.SIGTERM)
            assert await process.end() == 0
        assert {asked.path for asked in stub.asked} >= {"/ai", "/hook"}
        log = (folder / "log").read_text()
        assert "webhook has no answer: status 500" in log
        assert "webhook has no answer: the answer is not understood" in log
        assert "zendesk: status 422" in log
        traces = b"".join(collector.bodies).decode("latin")
        assert "chat.start" in traces
        assert [field for field in FIELDS if CANARIES[field] in log + traces] == []
    assert holders(folder) == []
    assert is_sound(folder)
