"""A shop blocks somebody (spec F45)."""

import pytest

from actors.ids import Person
from actors.settings.document import Settings
from actors.settings.storefront import RatingSettings
from broker.office.blocking import enforce_all
from storage import blocks
from tests.broker.http.web import Answer, Web, refusal
from tests.system.client import FORMS, Client, Form, Frame
from tests.system.test_writes import opened, started

SARA = "/v1/sites/default/profiles/sara/block"
WRITES: dict[str, Frame] = {
    "msg.send": {"text": "hello?"},
    "chat.end": {},
    "read": {"seq": 1},
    "got": {"seq": 1},
    "rate": {"score": 1},
}


async def block(web: Web, path: str = SARA, **body: object) -> Answer:
    headers = await web.bearer()
    answer = await web.client.post(path, json=body, headers=headers)
    assert answer.status_code == 200, answer.text
    said: Answer = answer.json()
    return said


async def unblock(web: Web) -> Answer:
    answer = await web.client.delete(SARA, headers=await web.bearer())
    assert answer.status_code == 200, answer.text
    said: Answer = answer.json()
    return said


async def talking(web: Web) -> tuple[Client, Client, str]:
    sara, chat = await started(web.shop)
    ann = await web.shop.agent()
    await opened(ann, chat)
    return sara, ann, chat


@pytest.mark.parametrize("form", FORMS, ids=[form.name for form in FORMS])
async def test_who_is_blocked_sees_an_end_like_any_other(web: Web, form: Form) -> None:
    web.shop.form = form
    await web.shop.settle(Settings(rating=RatingSettings(ask=True)))
    sara, ann, chat = await talking(web)
    said = await block(web, reason="swears")
    assert said == {"profile": sara.who.removeprefix("shopper:"), "blocked": True}
    assert (await ann.until(kind="closed"))["body"] == {"reason": "blocked"}
    closed = await sara.until(kind="closed")
    assert (closed["body"], closed["by"]) == ({"reason": "agent"}, "agent:boss")
    await sara.ask("chat.history", chat=chat, before=3)
    assert not any(b"blocked" in raw or b"swears" in raw for raw in sara.raw)
    assert not [frame for frame in sara.heard if frame.get("kind") == "rate_ask"]


async def test_what_they_write_is_refused_counted_and_not_kept(web: Web) -> None:
    sara, _, chat = await talking(web)
    await block(web)
    await sara.until(kind="closed")
    before = await web.shop.size()
    for op, fields in WRITES.items():
        assert (await sara.ask(op, chat=chat, **fields))["code"] == "forbidden"
    assert (await sara.ask("chat.start", text="again"))["code"] == "forbidden"
    again = await web.shop.shopper()
    assert (await again.ask("chat.start", text="and again"))["code"] == "forbidden"
    await sara.say("typing", chat=chat, on=True)
    # What they had they may go on reading.
    assert (await sara.ask("chat.open", chat=chat))["t"] == "ok"
    assert await web.shop.size() == before
    assert web.shop.broker.house.blocked.refused == len(WRITES) + 3
    # Nobody else notices.
    omar = await web.shop.shopper("omar")
    assert (await omar.ask("chat.start", text="hello"))["t"] == "ok"


async def test_who_is_unblocked_starts_anew(web: Web) -> None:
    sara, _, chat = await talking(web)
    await block(web)
    await sara.until(kind="closed")
    assert (await block(web))["blocked"] is True
    assert (await unblock(web))["blocked"] is False
    assert (await unblock(web))["blocked"] is False
    assert (await sara.ask("msg.send", chat=chat, text="hi"))["code"] == "chat_closed"
    begun = await sara.ask("chat.start", text="sorry")
    assert (begun["t"], begun["existing"]) == ("ok", False)


async def test_a_block_outlives_the_process_and_is_finished_by_the_next(
    web: Web,
) -> None:
    sara, _, chat = await talking(web)
    profile = sara.who.removeprefix("shopper:")
    row = blocks.BlockRow("default", profile, 1, "agent:boss", None)
    # As if the process had ended between the two commits.
    assert await web.shop.broker.change(lambda db: blocks.add(db, row))

    await enforce_all(web.shop.broker)
    assert (await sara.until(kind="closed"))["body"] == {"reason": "agent"}
    assert web.shop.broker.house.blocked.stops(Person(sara.who))
    assert (await web.shop.journal(chat))[-1].body == {"reason": "blocked"}


async def test_a_start_on_its_way_is_closed_too(web: Web) -> None:
    sara = await web.shop.shopper()
    id_ = await sara.say("chat.start", text="quick")
    await block(web)
    answer = await sara.answer(id_)
    if answer["t"] == "ok":
        await sara.until(kind="closed")
    tickets = "SELECT count(*) FROM ticket WHERE status <> 'closed'"
    left = await web.shop.broker.query(lambda db: db.execute(tickets).fetchone()[0])
    assert left == 0


async def test_our_own_id_names_them_too(web: Web) -> None:
    sara, _, _ = await talking(web)
    profile = sara.who.removeprefix("shopper:")
    said = await block(web, f"/v1/sites/default/profiles/{profile}/block")
    assert said["profile"] == profile
    assert (await sara.ask("chat.start", text="hi"))["code"] == "forbidden"


async def test_blocking_is_for_admins_and_for_those_who_are_there(web: Web) -> None:
    await talking(web)
    await web.shop.open_site("outlet", Settings())
    for method in ("POST", "DELETE"):
        headers = await web.bearer("agent", "ann")
        answer = await web.client.request(method, SARA, headers=headers, json={})
        assert refusal(answer) == (403, "forbidden")
        headers = await web.bearer()
        for path in (
            SARA.replace("sara", "nobody"),
            SARA.replace("default", "outlet"),
            SARA.replace("sara", "x" * 65),
        ):
            answer = await web.client.request(method, path, headers=headers, json={})
            assert refusal(answer) == (404, "not_found")


@pytest.mark.parametrize("body", [{"reason": 7}, {"why": "x"}, {"reason": "x" * 1001}])
async def test_a_bad_reason_blocks_nobody(web: Web, body: Answer) -> None:
    sara, _, _ = await talking(web)
    answer = await web.client.post(SARA, json=body, headers=await web.bearer())
    assert refusal(answer) == (400, "bad_frame")
    assert (await sara.ask("chat.start", text="hi"))["t"] == "ok"
