"""How far everybody has read and received (protocol section 3, spec F12, F13)."""

from pathlib import Path

import pytest
import trio

from actors.settings.document import Settings
from actors.settings.storefront import ReceiptSettings
from tests.system.moments import within
from tests.system.shop import Shop, in_memory
from tests.system.test_writes import opened, started


async def test_the_ok_comes_at_once_and_the_event_within_a_second(
    quick_shop: Shop,
) -> None:
    sara, chat = await started(quick_shop)
    ann = await quick_shop.agent()
    await opened(ann, chat)
    await within(5, ann)
    began = trio.current_time()
    ok = await sara.ask("read", chat=chat, seq=3)
    assert (ok["chat"], ok["seq"]) == (chat, 3)
    assert trio.current_time() == began
    (read,) = await within(10, ann)
    assert 0 < read.after <= 1
    assert (read.frame["kind"], read.frame["by"]) == ("read", sara.who)
    assert read.frame["body"] | {"who": sara.who, "upto": 3} == read.frame["body"]


async def test_the_event_goes_to_the_sender_too(quick_shop: Shop) -> None:
    sara, chat = await started(quick_shop)
    phone = await quick_shop.shopper()
    await opened(phone, chat)
    await sara.ask("read", chat=chat, seq=4)
    for client in (sara, phone):
        (read,) = await within(10, client)
        assert (read.frame["kind"], read.frame["seq"], read.frame["prev"]) == (
            *("read", 5, 4),
        )


async def test_cursors_are_coalesced_to_one_a_second_for_each_person(
    quick_shop: Shop,
) -> None:
    sara, chat = await started(quick_shop)
    for _ in range(20):
        await sara.ask("msg.send", chat=chat, text="more")
    for seq in range(1, 21):
        await sara.ask("read", chat=chat, seq=seq)
        await sara.ask("got", chat=chat, seq=seq)
        await trio.sleep(0.1)
    moments = await within(10, sara)
    assert [m.frame["kind"] for m in moments] == ["read"] * len(moments)
    assert len(moments) <= 3
    assert moments[-1].frame["body"]["upto"] == 20


async def test_having_read_is_having_received(quick_shop: Shop) -> None:
    sara, chat = await started(quick_shop)
    await sara.ask("read", chat=chat, seq=3)
    await within(5, sara)
    before = await quick_shop.size()
    assert (await sara.ask("got", chat=chat, seq=2))["t"] == "ok"
    assert (await sara.ask("got", chat=chat, seq=3))["t"] == "ok"
    assert await within(5, sara) == []
    assert await quick_shop.size() == before
    assert (await sara.ask("got", chat=chat, seq=4))["t"] == "ok"
    (got,) = await within(5, sara)
    assert (got.frame["kind"], got.frame["body"]["upto"]) == ("got", 4)


async def test_received_and_read_in_the_same_second_are_two_events_at_most(
    quick_shop: Shop,
) -> None:
    sara, chat = await started(quick_shop)
    await sara.ask("got", chat=chat, seq=4)
    await sara.ask("read", chat=chat, seq=2)
    moments = await within(5, sara)
    seen = {m.frame["kind"]: m.frame["body"]["upto"] for m in moments}
    assert seen == {"read": 2, "got": 4}
    assert len(moments) == 2


@pytest.mark.parametrize("op", ["read", "got"])
async def test_cursors_only_move_forward(quick_shop: Shop, op: str) -> None:
    sara, chat = await started(quick_shop)
    await sara.ask(op, chat=chat, seq=3)
    await within(5, sara)
    before = await quick_shop.size()
    for seq in (3, 2, 0):
        assert (await sara.ask(op, chat=chat, seq=seq))["t"] == "ok"
    await trio.sleep(5)
    assert await quick_shop.size() == before


async def test_a_read_counts_for_all_of_a_persons_connections(quick_shop: Shop) -> None:
    sara, chat = await started(quick_shop)
    phone = await quick_shop.shopper()
    await sara.ask("read", chat=chat, seq=4)
    await phone.ask("read", chat=chat, seq=2)
    await trio.sleep(5)
    reads = [e for e in await quick_shop.journal(chat) if e.kind == "read"]
    assert [read.body["upto"] for read in reads] == [4]


@pytest.mark.parametrize("shown", [True, False])
async def test_shoppers_see_agents_reading_only_where_the_shop_shows_it(
    quick_shop: Shop, *, shown: bool
) -> None:
    receipts = ReceiptSettings(show_agent_read=shown)
    await quick_shop.settle(Settings(receipts=receipts))
    sara, chat = await started(quick_shop)
    ann, bob = await quick_shop.agent("ann"), await quick_shop.agent("bob")
    await opened(bob, chat)
    await within(5, bob)
    await ann.ask("read", chat=chat, seq=4)
    assert [m.frame["kind"] for m in await within(5, bob)] == ["read"]
    seen = await within(5, sara)
    assert [m.frame["kind"] for m in seen] == (["read"] if shown else [])
    # What was written under the one rule is not shown by another one later.
    await quick_shop.settle(Settings(receipts=ReceiptSettings(show_agent_read=True)))
    phone = await quick_shop.shopper()
    kinds = [event["kind"] for event in await opened(phone, chat)]
    assert ("read" in kinds) is shown


async def test_an_agent_reads_no_shoppers_dot_away(quick_shop: Shop) -> None:
    _, chat = await started(quick_shop)
    ann, bob = await quick_shop.agent("ann"), await quick_shop.agent("bob")
    assert (await ann.ask("chat.open", chat=chat))["ticket"]["unread"] is True
    await ann.ask("read", chat=chat, seq=4)
    await trio.sleep(5)
    assert (await ann.ask("chat.open", chat=chat))["ticket"]["unread"] is False
    assert (await bob.ask("chat.open", chat=chat))["ticket"]["unread"] is True


@pytest.mark.usefixtures("virtual_time")
async def test_cursors_outlive_a_restart(tmp_path: Path) -> None:
    async with in_memory(tmp_path) as shop:
        sara, chat = await started(shop)
        await sara.ask("read", chat=chat, seq=3)
        await trio.sleep(2)
    async with in_memory(tmp_path) as shop:
        sara = await shop.shopper()
        before = await shop.size()
        await sara.ask("read", chat=chat, seq=3)
        await trio.sleep(2)
        assert await shop.size() == before
        await sara.ask("read", chat=chat, seq=4)
        await trio.sleep(2)
        assert await shop.size() == before + 1


async def test_read_never_passes_got_nor_got_the_head(quick_shop: Shop) -> None:
    sara, chat = await started(quick_shop)
    ann = await quick_shop.agent()
    for number in range(12):
        await ann.ask("msg.send", chat=chat, text="and")
        head = len(await quick_shop.journal(chat))
        for client, op, seq in (
            (sara, "got", head - number % 3),
            (sara, "read", head - number % 5),
            (ann, "read", head),
        ):
            assert (await client.ask(op, chat=chat, seq=seq))["t"] == "ok"
        refused = await sara.ask("got", chat=chat, seq=head + 50)
        assert refused["code"] == "bad_cursor"
        await trio.sleep(2)
    read: dict[str, int] = {}
    got: dict[str, int] = {}
    for entry in await quick_shop.journal(chat):
        if entry.kind in {"read", "got"}:
            who, upto = entry.body["who"], entry.body["upto"]
            assert upto < entry.seq
            assert upto > (read if entry.kind == "read" else got).get(who, 0)
            if entry.kind == "read":
                read[who] = upto
            got[who] = max(got.get(who, 0), upto)
            assert read.get(who, 0) <= got[who]
