"""What a write answers, and who else hears of it (protocol section 3)."""

import pytest

from tests.system.client import Client, Frame
from tests.system.shop import Shop


def place(frame: Frame) -> tuple[int, int]:
    return frame["seq"], frame["prev"]


async def started(shop: Shop, text: str = "hello") -> tuple[Client, str]:
    """Return a shopper in a chat that has just begun, and the chat."""
    sara = await shop.shopper()
    chat: str = (await sara.ask("chat.start", text=text))["chat"]
    sara.unread()
    return sara, chat


async def opened(client: Client, chat: str, after: int = 0) -> list[Frame]:
    """Have `client` open the chat; return its events."""
    assert (await client.ask("chat.open", chat=chat, after=after))["t"] == "ok"
    events: list[Frame] = []
    while (frame := await client.next())["t"] != "live":
        events.append(frame)
    return events


async def test_the_ok_of_a_write_carries_its_place(shop: Shop) -> None:
    sara = await shop.shopper()
    first = await sara.ask("chat.start", text="Where is my parcel?")
    said = await sara.ask("msg.send", chat=first["chat"], text="It was due Friday.")
    assert first["t"] == said["t"] == "ok"
    assert said["chat"] == first["chat"]
    assert place(said) == (first["seq"] + 1, first["seq"])
    assert abs(said["at"] - shop.broker.clock()) < 60_000
    assert "dup" not in said


async def test_a_chat_begins_with_all_that_led_to_it(shop: Shop) -> None:
    sara = await shop.shopper()
    first = await sara.ask("chat.start", text="Where is my parcel?")
    before = sara.unread()
    assert [(f["seq"], f["prev"], f["kind"]) for f in before] == [
        (1, 0, "opened"),
        (2, 1, "legal"),
        (3, 2, "msg"),
    ]
    assert before[0]["body"] | {"channel": "chat"} == before[0]["body"]
    assert set(before[1]["body"]) >= {"settings_version", "ack"}
    assert before[2]["body"] == {"text": "Hi! How can we help?", "auto": "welcome"}
    assert place(first) == (4, 3)
    assert first["existing"] is False
    kinds = [entry.kind for entry in await shop.journal(first["chat"])]
    assert kinds == ["opened", "legal", "msg", "msg"]


async def test_who_starts_a_chat_is_attached_to_it(shop: Shop) -> None:
    sara, chat = await started(shop)
    ann = await shop.agent()
    answer = await ann.ask("msg.send", chat=chat, text="Let me look.")
    assert (await sara.next())["seq"] == answer["seq"]


async def test_the_sender_hears_the_ok_and_no_echo(shop: Shop) -> None:
    sara, chat = await started(shop)
    ann = await shop.agent()
    await opened(ann, chat)
    for text in ("one", "two"):
        await sara.ask("msg.send", chat=chat, text=text)
    await ann.until(kind="msg", body={"text": "two"})
    last = await sara.ask("msg.send", chat=chat, text="three")
    assert sara.unread() == []
    assert (await ann.next())["seq"] == last["seq"]


async def test_the_senders_other_connection_hears_the_event(shop: Shop) -> None:
    sara, chat = await started(shop)
    phone = await shop.shopper()
    await opened(phone, chat)
    said = await sara.ask("msg.send", chat=chat, text="from my laptop")
    event = await phone.next()
    assert (event["t"], event["kind"], event["by"]) == ("ev", "msg", sara.who)
    assert place(event) == place(said)
    assert event["at"] == said["at"]
    assert event["body"] == {"text": "from my laptop"}


async def test_a_reply_comes_with_the_assignment_before_it(shop: Shop) -> None:
    sara, chat = await started(shop)
    ann, bob = await shop.agent("ann"), await shop.agent("bob")
    for agent in (ann, bob):
        await opened(agent, chat)
    reply = await ann.ask("msg.send", chat=chat, text="Hello Sara.")
    (assigned,) = ann.unread()
    assert (assigned["kind"], assigned["by"]) == ("assigned", "agent:ann")
    assert assigned["body"] == {"from": None, "to": "ann", "why": "reply"}
    assert place(assigned) == (5, 4)
    assert place(reply) == (6, 5)
    assert [frame["kind"] for frame in await bob.take(2)] == ["assigned", "msg"]
    # The shopper's events are chained over what they do not see.
    assert place(await sara.next()) == (6, 4)


async def test_a_message_wakes_a_snoozed_ticket_before_it(shop: Shop) -> None:
    sara, chat = await started(shop)
    ann = await shop.agent()
    await opened(ann, chat)
    assert (await ann.ask("ticket.snooze", chat=chat, preset="next_reply"))["seq"] == 5
    said = await sara.ask("msg.send", chat=chat, text="Any news?")
    assert place(said) == (7, 4)
    woken, message = await ann.take(2)
    assert (woken["kind"], woken["by"]) == ("status", "system")
    assert woken["body"] == {"from": "snoozed", "to": "open", "why": "reply"}
    assert place(message) == (7, 6)


@pytest.mark.parametrize(
    ("preset", "hours"), [("later_today", 3), ("one_week", 7 * 24)]
)
async def test_a_snooze_has_an_end(shop: Shop, preset: str, hours: int) -> None:
    _, chat = await started(shop)
    ann = await shop.agent()
    await opened(ann, chat)
    ok = await ann.ask("ticket.snooze", chat=chat, preset=preset)
    status = (await shop.journal(chat))[-1].body
    assert status["until"] - ok["at"] == hours * 3600 * 1000
    assert (status["from"], status["to"]) == ("open", "snoozed")


async def test_a_message_to_a_chat_that_is_not_open_does_not_open_it(
    shop: Shop,
) -> None:
    sara, chat = await started(shop)
    ann = await shop.agent()
    assert (await ann.ask("msg.send", chat=chat, text="Hello."))["seq"] == 6
    await sara.ask("msg.send", chat=chat, text="Hello!")
    await ann.ask("msg.send", chat=chat, text="How can I help?")
    assert [f for f in ann.heard if f["t"] == "ev"] == []


async def test_what_changes_nothing_is_granted_without_a_place(shop: Shop) -> None:
    _, chat = await started(shop)
    ann = await shop.agent()
    before = await shop.size()
    same = await ann.ask("ticket.assign", chat=chat, to=None)
    awake = await ann.ask("ticket.wake", chat=chat)
    for ok in (same, awake):
        assert (ok["t"], ok["chat"]) == ("ok", chat)
        assert "seq" not in ok
        assert ok["at"] > 0
    assert await shop.size() == before


async def test_the_second_start_goes_on_in_the_chat_that_runs(shop: Shop) -> None:
    sara, chat = await started(shop)
    tab = await shop.shopper()
    again = await tab.ask("chat.start", text="Hello? Anybody?")
    assert (again["chat"], again["existing"]) == (chat, True)
    assert place(again) == (5, 4)
    # Nothing earlier was sent, and the connection is not attached.
    assert tab.unread() == []
    assert (await sara.next())["body"] == {"text": "Hello? Anybody?"}
    await sara.ask("msg.send", chat=chat, text="here")
    await tab.ask("msg.send", chat=chat, text="there")
    assert tab.unread() == []


async def test_messages_in_a_row_take_effect_in_the_order_sent(shop: Shop) -> None:
    sara, chat = await started(shop)
    ids = [
        await sara.say("msg.send", chat=chat, text=f"line {number}")
        for number in range(50)
    ]
    places = [place(await sara.answer(id_)) for id_ in ids]
    assert places == [(seq, seq - 1) for seq in range(5, 55)]
    texts = [entry.body["text"] for entry in (await shop.journal(chat))[4:]]
    assert texts == [f"line {number}" for number in range(50)]


@pytest.mark.parametrize(
    "text",
    [
        "  leading and trailing  \n",
        "e\u0301 is not é",
        "👩\u200d👩\u200d👧\u200d👦 👍🏽 🇵🇱 \u200f\u05e2\u05d1\u05e8\u05d9\u05ea",
        "x" * 8192,
        "ż" * 4096,
    ],
)
async def test_a_text_is_kept_byte_for_byte(shop: Shop, text: str) -> None:
    _, chat = await started(shop, text)
    ann = await shop.agent()
    assert (await opened(ann, chat))[-1]["body"] == {"text": text}


async def test_every_reader_sees_the_journal_as_far_as_they_may(shop: Shop) -> None:
    sara, chat = await started(shop)
    phone, ann, bob = await shop.shopper(), await shop.agent(), await shop.agent("bob")
    seen = {client: await opened(client, chat) for client in (phone, ann, bob)}
    for number in range(5):
        await sara.ask("msg.send", chat=chat, text=f"question {number}")
        await ann.ask("note.add", chat=chat, text="hm")
        await bob.ask("msg.send", chat=chat, text=f"answer {number}")
        await ann.ask("ticket.assign", chat=chat, to="ann")
    await sara.ask("chat.end", chat=chat)
    inside = await shop.visible(chat, insider=True)
    outside = await shop.visible(chat, insider=False)
    await phone.until(kind="closed")
    await ann.until(kind="closed")
    await bob.until(kind="closed")
    assert phone.events(chat) == outside
    for agent in (ann, bob):
        assert agent.events(chat) == [
            event for event in inside if not own(agent, seen[agent], event)
        ]


def own(client: Client, opened: list[Frame], event: Frame) -> bool:
    """Return whether `event` was answered to `client` instead of sent."""
    if event in opened:
        return False
    return any(f["t"] == "ok" and f.get("seq") == event["seq"] for f in client.heard)
