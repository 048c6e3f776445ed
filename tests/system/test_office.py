"""What an operator changes, in virtual time."""

import pytest
import trio
import trio.testing

from actors.settings.attention import CheckInSettings
from actors.settings.document import Settings
from actors.settings.storefront import ChatSettings
from broker import founding
from broker.office.agents import change_agent
from broker.office.documents import Wrong
from broker.office.requests import ChangeAgent
from broker.office.settings import put_settings
from storage.documents import Conflict
from tests.system.shop import Shop

QUICK = Settings(check_in=CheckInSettings(remind_s=20, breach_s=40))


async def put(shop: Shop, version: int, settings: Settings) -> int | Conflict | Wrong:
    by = "agent:boss"
    return await put_settings(shop.broker, "default", version, settings, by=by)


async def test_chats_that_wait_look_at_their_deadlines_again(quick_shop: Shop) -> None:
    sara, ann = await quick_shop.shopper(), await quick_shop.agent()
    began = trio.current_time()
    await sara.ask("chat.start", text="hello")
    await trio.sleep(5)
    assert await put(quick_shop, 0, QUICK) == 1
    await ann.until(t="push", kind="checkin", state="due")
    assert trio.current_time() - began == pytest.approx(20, abs=1)
    await ann.until(t="push", kind="checkin", state="missed")
    assert trio.current_time() - began == pytest.approx(40, abs=1)


async def test_a_chat_that_is_not_in_memory_hears_of_it_too(quick_shop: Shop) -> None:
    sara, ann = await quick_shop.shopper(), await quick_shop.agent()
    started = await sara.ask("chat.start", text="hello")
    await sara.cut()
    chats = quick_shop.broker.house.chats
    chat = chats.get(started["chat"])
    assert chat is not None
    chats.forget(chat)
    await put(quick_shop, 0, QUICK)
    with trio.fail_after(30):
        await ann.until(t="push", kind="checkin", state="due")


async def test_of_two_at_the_same_time_one_wins(quick_shop: Shop) -> None:
    outcomes: list[object] = []

    async def one(welcome: str) -> None:
        settings = Settings(chat=ChatSettings(welcome=welcome))
        outcomes.append(await put(quick_shop, 0, settings))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(one, "a")
        nursery.start_soon(one, "b")
    assert sorted(map(str, outcomes)) == ["1", str(Conflict(1))]
    kept = (await quick_shop.broker.query(founding.learn)).sites[0].rules
    held = quick_shop.broker.sites.rules_of("default")
    assert (kept.version, kept.settings) == (held.version, held.settings)


async def test_settings_that_contradict_themselves_are_not_saved(
    quick_shop: Shop,
) -> None:
    wrong = Settings(check_in=CheckInSettings(remind_s=50, breach_s=40))
    outcome = await put(quick_shop, 0, wrong)
    assert isinstance(outcome, Wrong)
    assert outcome.problems[0].path == "$.check_in.breach_s"
    assert quick_shop.broker.sites.rules_of("default").version == 0


async def test_what_was_begun_holds_even_if_nobody_waits_for_it(
    quick_shop: Shop,
) -> None:
    ann, sara = await quick_shop.agent(), await quick_shop.shopper()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(put, quick_shop, 0, QUICK)
        ask = ChangeAgent(id="ann", disabled=True)
        nursery.start_soon(change_agent, quick_shop.broker, ask)
        await trio.testing.wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
    assert (await sara.until(kind="config"))["config"]["version"] == 1
    assert await ann.read_to_the_end() == 4001


async def test_two_changes_of_one_account_both_hold(quick_shop: Shop) -> None:
    await quick_shop.hire("ann")
    changes = [ChangeAgent(id="ann", name="A"), ChangeAgent(id="ann", email="a@b.c")]
    async with trio.open_nursery() as nursery:
        for ask in changes:
            nursery.start_soon(change_agent, quick_shop.broker, ask)
    account = quick_shop.broker.sites.agent("default", "ann")
    assert account is not None
    assert (account.name, account.email) == ("A", "a@b.c")
