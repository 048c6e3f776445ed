"""`/v1/sites/{site}/sms`: text messages in, and what became of those that left."""

import base64
import hashlib
import hmac
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
import trio

from actors.settings.document import Settings
from actors.settings.outward import SmsSettings
from broker.config import Config, LimitsConfig, ServerConfig
from broker.outward.twilio import is_signed, signature
from broker.services import SmsConfig
from tests.broker.http.web import Web, asked, refusal
from tests.system.client import Client

IN = "/v1/sites/default/sms/inbound"
STATUS = "/v1/sites/default/sms/status"
OURS, HERS = "+48220000001", "+48600100200"
TOKEN = "0123456789abcdef"
PUBLIC = "https://chat.shop.example"
TWILIO = Settings(sms=SmsSettings("twilio", OURS))
Answer = dict[str, Any]


def text(id_: str = "SM1", said: str = "hello", number: str = HERS) -> Answer:
    return {"provider_id": id_, "from": number, "text": said}


async def tell(web: Web, message: object, **bearer: str) -> httpx.Response:
    headers = await web.bearer(**bearer)
    return await web.client.post(IN, json=message, headers=headers)


async def taken(web: Web, *args: str) -> Answer:
    answer = await tell(web, text(*args))
    assert answer.status_code == 200, answer.text
    body: Answer = answer.json()
    return body


async def kinds(web: Web, chat: str) -> list[str]:
    return [entry.kind for entry in await web.shop.journal(chat)]


async def left(web: Web, number: int) -> list[tuple[str, str]]:
    """Return what left by the loopback, once it is so many messages."""
    sent = web.shop.broker.outward.sms.loopback.sent
    with trio.fail_after(10):
        while len(sent) < number:  # noqa: ASYNC110  # for want of a notice
            await trio.sleep(0.01)
    return [(message.to, message.text) for message in sent]


# The loopback: an admin speaks for a provider.


async def test_a_message_is_answered_and_the_answer_leaves(web: Web) -> None:
    message = await taken(web)
    chat = message["chat"]
    assert message == {"chat": chat, "seq": 2, "dup": False}
    ann = await web.shop.agent()
    opened = await ann.ask("chat.open", chat=chat)
    ticket = opened["ticket"]
    assert (ticket["channel"], ticket["icon"]) == ("sms", "envelope")
    assert (ticket["name"], ticket["preview"]) == (HERS, "hello")
    said = await ann.ask("msg.send", chat=chat, text="hi there")
    assert await left(web, 1) == [(HERS, "hi there")]
    news = await ann.until(t="ev", kind="sms")
    assert news["body"] == {"state": "sent", "of": said["seq"]}
    assert news["by"] == "system"
    metrics = (await web.client.get("/metrics")).text
    assert 'shopwire_outgoing_total{came="sent",kind="sms"} 1.0' in metrics
    assert 'shopwire_outgoing_pending{kind="sms"}' in metrics


async def test_one_list_has_chats_and_texts_told_apart_by_their_icons(
    web: Web,
) -> None:
    tim = await web.shop.shopper("tim")
    chat = (await tim.ask("chat.start", text="on the web"))["chat"]
    texts = (await taken(web))["chat"]
    ann = await web.shop.agent()
    rows = (await ann.ask("inbox.open", view="all"))["rows"]
    assert {row["chat"]: (row["icon"], row["preview"]) for row in rows} == {
        chat: ("chat", "on the web"),
        texts: ("envelope", "hello"),
    }


async def test_the_same_message_told_again_is_one(web: Web) -> None:
    first = await taken(web)
    assert await taken(web) == first | {"dup": True}
    assert await kinds(web, first["chat"]) == ["opened", "msg"]
    assert (await taken(web, "SM2"))["chat"] == first["chat"]


async def test_one_person_may_have_a_chat_and_texts_at_once(web: Web) -> None:
    shop = web.shop
    sara = await shop.connect()
    await sara.hello(token=shop.token("shopper", "sara", phone="+48 600 100 200"))
    chat = (await sara.ask("chat.start", text="on the web"))["chat"]
    texts = (await taken(web))["chat"]
    ann, ben = await shop.agent(), await shop.agent("ben")
    tickets = [(await ann.ask("chat.open", chat=c))["ticket"] for c in (chat, texts)]
    assert [ticket["icon"] for ticket in tickets] == ["chat", "envelope"]
    assert tickets[0]["profile"] == tickets[1]["profile"]
    await ann.ask("msg.send", chat=chat, text="web")
    await ben.ask("msg.send", chat=texts, text="sms")
    await ann.ask("chat.end", chat=chat)
    ticket = (await ben.ask("chat.open", chat=texts))["ticket"]
    assert (ticket["assignee"], ticket["status"]) == ("ben", "open")
    assert await left(web, 1) == [(HERS, "sms")]
    # On the web she sees nothing of it.
    for op, fields in (("chat.open", {}), ("msg.send", {"text": "x"})):
        refused = await sara.ask(op, chat=texts, **fields)
        assert refused["code"] == "not_found"
    again = await shop.connect()
    welcome = await again.hello(token=shop.token("shopper", "sara"))
    assert welcome["chat"] is None


async def test_what_is_too_long_or_a_picture_does_not_leave(web: Web) -> None:
    chat = (await taken(web))["chat"]
    ann = await web.shop.agent()
    long = await ann.ask("msg.send", chat=chat, text="x" * 1601)
    assert (long["code"], long["limit"]) == ("too_big", 1600)
    picture = await ann.ask("msg.send", chat=chat, text="x", blobs=["b"])
    assert picture["code"] == "bad_blob"


async def test_what_became_of_a_message_may_follow_the_end(web: Web) -> None:
    chat = (await taken(web))["chat"]
    ann = await web.shop.agent()
    await ann.ask("msg.send", chat=chat, text="bye")
    await ann.ask("chat.end", chat=chat)
    with trio.fail_after(10):
        while (await kinds(web, chat))[-1] != "sms":  # noqa: ASYNC110  # likewise
            await trio.sleep(0.01)
    assert (await taken(web, "SM2"))["chat"] != chat


async def test_a_closed_ticket_comes_back_if_the_shop_wants_it(web: Web) -> None:
    await web.shop.settle(Settings(sms=SmsSettings(reopen="reopen")))
    chat = (await taken(web))["chat"]
    ann = await web.shop.agent()
    await ann.ask("chat.open", chat=chat)
    await ann.ask("chat.end", chat=chat)
    assert (await taken(web, "SM2"))["chat"] == chat
    news = await ann.until(t="ev", kind="status")
    assert (news["body"]["from"], news["body"]["to"]) == ("closed", "open")
    assert (await ann.ask("msg.send", chat=chat, text="hi"))["t"] == "ok"


async def test_whom_the_shop_has_blocked_writes_in_vain(web: Web) -> None:
    chat = (await taken(web))["chat"]
    ann = await web.shop.agent()
    profile = (await ann.ask("chat.open", chat=chat))["ticket"]["profile"]
    path = f"/v1/sites/default/profiles/{profile}/block"
    headers = await web.bearer()
    assert (await web.client.post(path, json={}, headers=headers)).status_code == 200
    assert (await ann.until(kind="closed"))["body"] == {"reason": "blocked"}
    size = await web.shop.size()
    assert refusal(await tell(web, text("SM2"))) == (403, "forbidden")
    assert (await taken(web))["dup"] is True, "what was taken in stays so"
    assert await web.shop.size() == size
    assert web.shop.broker.house.blocked.refused == 1
    await web.client.delete(path, headers=headers)
    assert (await taken(web, "SM2"))["chat"] != chat


async def test_only_admins_of_the_site_speak_for_a_provider(web: Web) -> None:
    await web.shop.open_site("outlet", Settings())
    for role, sub in (("agent", "ann"), ("shopper", "sara")):
        answer = await tell(web, text(), role=role, sub=sub)
        assert refusal(answer) == (403, "forbidden")
    assert refusal(await web.client.post(IN, json=text()))[0] == 401
    for site in ("outlet", "nowhere"):
        path = IN.replace("default", site)
        headers = await web.bearer()
        answer = await web.client.post(path, json=text(), headers=headers)
        assert refusal(answer) == (404, "not_found")
    assert await web.shop.size() == 0


@pytest.mark.parametrize(
    ("change", "code", "path"),
    [
        ({"from": "Sara"}, "bad_frame", "$.from"),
        ({"from": "+48600100200\n"}, "bad_frame", "$.from"),
        ({"provider_id": ""}, "bad_frame", "$.provider_id"),
        ({"provider_id": "x" * 61}, "bad_frame", "$.provider_id"),
        ({"text": " "}, "bad_frame", "$.text"),
        ({"text": "a\0b"}, "bad_utf8", "$.text"),
        ({"text": "x" * 8193}, "too_big", "$.text"),
        ({"text": None}, "bad_frame", "$.text"),
    ],
)
async def test_a_bad_field_is_named_and_nothing_is_written(
    web: Web, change: Answer, code: str, path: str
) -> None:
    problem = (await tell(web, text() | change)).json()
    assert (problem["code"], problem["path"]) == (code, path)
    assert await web.shop.size() == 0


async def test_rubbish_is_refused(web: Web) -> None:
    headers = await web.bearer()
    for body in (b"", b"\xff\xfe", b"[]", b"{", b"[" * 10_000, b"x" * 65_537):
        answer = await web.client.post(IN, content=body, headers=headers)
        assert refusal(answer)[0] == (413 if len(body) > 65_536 else 400)
    assert await web.shop.size() == 0


# Twilio: signed forms.


def signed(path: str, form: dict[str, str], base: str = PUBLIC) -> dict[str, str]:
    """Sign by hand, as the provider's documentation says."""
    joined = base + path + "".join(k + form[k] for k in sorted(form))
    digest = hmac.new(TOKEN.encode(), joined.encode(), hashlib.sha1).digest()
    return {
        "X-Twilio-Signature": base64.b64encode(digest).decode(),
        "Content-Type": "application/x-www-form-urlencoded",
    }


def form(id_: str = "SM1", said: str = "hello", **fields: str) -> dict[str, str]:
    known = {"From": HERS, "To": OURS, "Body": said, "MessageSid": id_}
    return known | {"NumMedia": "0"} | fields


@pytest.fixture
async def twilio(tmp_path: Path) -> AsyncGenerator[Web]:
    config = Config(
        server=ServerConfig(public_url=PUBLIC),
        limits=LimitsConfig(trusted_networks=("127.0.0.0/8",)),
        sms=SmsConfig(
            account_sid="AC1", auth_token=TOKEN, base_url="http://127.0.0.1:9"
        ),
    )
    async with asked(tmp_path, config) as running:
        await running.shop.settle(TWILIO)
        yield running


async def post(web: Web, path: str, fields: dict[str, str]) -> httpx.Response:
    body = urlencode(fields).encode()
    return await web.client.post(path, content=body, headers=signed(path, fields))


async def said(web: Web) -> list[str]:
    sql = "SELECT text FROM message ORDER BY gseq"
    rows = await web.shop.broker.query(lambda db: db.execute(sql).fetchall())
    return [text for (text,) in rows]


def test_a_signature_is_the_one_in_the_providers_documentation() -> None:
    fields = [
        ("CallSid", "CA1234567890ABCDE"),
        ("Caller", "+14158675310"),
        ("Digits", "1234"),
        ("From", "+14158675310"),
        ("To", "+18005551212"),
    ]
    url = "https://mycompany.com/myapp.php?foo=1&bar=2"
    known = "GvWf1cFY/Q7PnoempGyD5oXAezc="
    assert signature("12345", url, fields[::-1]) == known
    assert is_signed(known, "12345", ("https://else", url), fields)
    assert not is_signed(known, "12346", (url,), fields)
    assert not is_signed("ż" + known, "12345", (url,), fields)
    assert not is_signed("", "12345", (), fields)


@pytest.mark.slow
async def test_a_signed_message_is_taken_in_once(twilio: Web) -> None:
    for _ in range(2):
        answer = await post(twilio, IN, form(said="zażółć 👋 & = +"))
        assert (answer.status_code, answer.text) == (200, "<Response/>")
        assert answer.headers["content-type"].startswith("application/xml")
    assert await said(twilio) == ["zażółć 👋 & = +"]


@pytest.mark.slow
async def test_what_is_not_signed_by_the_account_is_refused(twilio: Web) -> None:
    good = signed(IN, form())
    body = urlencode(form()).encode()
    wrong = [
        (IN, body, {"Content-Type": good["Content-Type"]}),
        (IN, body + b"&Body=more", good),
        (IN + "?a=b", body, good),
        (IN, body, good | {"X-Twilio-Signature": "wrong"}),
        (IN, body, signed(IN, form(), "https://other.example")),
        (IN, body, await twilio.bearer()),
        (STATUS, body, good),
    ]
    for path, content, headers in wrong:
        answer = await twilio.client.post(path, content=content, headers=headers)
        assert refusal(answer) == (403, "forbidden"), (path, headers)
    assert await said(twilio) == []


@pytest.mark.slow
async def test_a_number_of_another_site_is_not_taken(twilio: Web) -> None:
    second = "+48220000002"
    outlet = Settings(sms=SmsSettings("twilio", second))
    await twilio.shop.open_site("outlet", outlet)
    answer = await post(twilio, IN, form(To=second))
    assert refusal(answer) == (404, "not_found")
    path = IN.replace("default", "outlet")
    assert (await post(twilio, path, form(To=second))).status_code == 200
    assert (await post(twilio, IN, form())).status_code == 200
    sql = "SELECT DISTINCT site, profile FROM ticket"
    rows = await twilio.shop.broker.query(lambda db: db.execute(sql).fetchall())
    assert len(rows) == len({site for site, _ in rows}) == 2, "a person of each site"


@pytest.mark.slow
async def test_odd_messages_are_taken_or_refused_but_never_lost(twilio: Web) -> None:
    picture = form("MM1", "", NumMedia="1", MediaUrl0="http://169.254.169.254/")
    assert (await post(twilio, IN, picture)).status_code == 200
    assert await said(twilio) == ["[image]"]
    assert (await post(twilio, IN, form("SM2", "  "))).status_code == 200
    for change in ({"From": "BANK"}, {"MessageSid": ""}, {"MessageSid": "a b"}):
        answer = await post(twilio, IN, form() | change)
        assert refusal(answer) == (400, "bad_frame")
    assert refusal(await post(twilio, IN, form(said="a\0b"))) == (400, "bad_utf8")
    headers = signed(IN, form())
    for body in (b"\xff", b"a=%ff", b"a&" * 300, b"\0", b"x" * 65_537):
        answer = await twilio.client.post(IN, content=body, headers=headers)
        assert answer.status_code in {400, 403, 413}
    assert await said(twilio) == ["[image]"]


async def answered(twilio: Web) -> tuple[Client, str, int]:
    """Have a message answered; return the agent, the chat, and which message it is."""
    await post(twilio, IN, form())
    sql = "SELECT chat FROM ticket"
    (chat,) = await twilio.shop.broker.query(lambda db: db.execute(sql).fetchone())
    ann = await twilio.shop.agent()
    await ann.ask("chat.open", chat=chat)
    return ann, chat, (await ann.ask("msg.send", chat=chat, text="hi"))["seq"]


@pytest.mark.slow
async def test_a_message_that_did_not_get_there_is_told_of_once(twilio: Web) -> None:
    ann, chat, seq = await answered(twilio)
    sql = "SELECT stream FROM ticket"
    (stream,) = await twilio.shop.broker.query(lambda db: db.execute(sql).fetchone())
    path = f"{STATUS}?of={stream}-{seq}"
    for state in ("queued", "undelivered", "undelivered", "sent"):
        fields = {"MessageStatus": state, "ErrorCode": "30003", "MessageSid": "SM9"}
        assert (await post(twilio, path, fields)).status_code == 204
    entries = await twilio.shop.journal(chat)
    told = [entry.body for entry in entries if entry.kind == "sms"]
    assert told == [
        {"state": "failed", "of": seq, "reason": "undelivered: error 30003"}
    ]
    assert (await ann.until(t="ev", kind="sms"))["body"] == told[0]


@pytest.mark.slow
async def test_what_became_of_nothing_is_not_found(twilio: Web) -> None:
    _, _, seq = await answered(twilio)
    sql = "SELECT stream FROM ticket"
    (stream,) = await twilio.shop.broker.query(lambda db: db.execute(sql).fetchone())
    await twilio.shop.open_site("outlet", Settings(sms=TWILIO.sms))
    fields = {"MessageStatus": "failed"}
    own = f"{stream}-{seq}"
    for of in ("", "x", "1-1", f"{stream}-1", f"{stream}-2", f"{stream}-99", f"{own}x"):
        answer = await post(twilio, f"{STATUS}?of={of}", fields)
        assert refusal(answer) == (404, "not_found"), of
    for of in (f"{2**63}-1", f"{'9' * 19}-1"):
        assert (await post(twilio, f"{STATUS}?of={of}", fields)).status_code == 404
    path = f"{STATUS.replace('default', 'outlet')}?of={own}"
    assert (await post(twilio, path, fields)).status_code == 404


async def test_without_an_account_nothing_is_believed(web: Web) -> None:
    await web.shop.settle(TWILIO)
    answer = await web.client.post(IN, content=b"a=b", headers=signed(IN, {"a": "b"}))
    assert refusal(answer) == (403, "forbidden")
