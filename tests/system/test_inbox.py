"""The list of tickets, end to end: what agents see of it, and when (F18 to F20)."""

from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import trio

from actors.ids import ChatId
from actors.person import Facts
from actors.settings.assignment import (
    AssignmentSettings,
    Condition,
    InboxSettings,
    Rule,
    Team,
)
from actors.settings.document import Settings
from actors.settings.hours import HoursSettings
from tests.system.client import Client, Form
from tests.system.desk import told
from tests.system.lists import Mirror
from tests.system.shop import Shop, serving

NOBODYS = "06H079PCDM000RKW4VK9G9JKRR"


async def asks(shop: Shop, sub: str, text: str = "hello") -> tuple[Client, str]:
    shopper = await shop.shopper(sub)
    chat: str = (await shopper.ask("chat.start", text=text))["chat"]
    return shopper, chat


async def has_read(shop: Shop, agent: Client, chat: str) -> None:
    head = len(await shop.journal(chat))
    assert (await agent.ask("read", chat=chat, seq=head))["seq"] == head


async def test_an_agent_sees_who_waits_and_every_change(shop: Shop) -> None:
    _, first = await asks(shop, "sara", "where is it?")
    ann = await shop.agent()
    inbox = Mirror(ann, "all")
    answer = await inbox.open()
    assert answer["full"] is True
    assert answer["more"] is False
    assert "cursor" not in answer
    row = answer["rows"][0]
    assert row["chat"] == first
    assert (row["preview"], row["unread"], row["icon"]) == (
        "where is it?",
        True,
        "chat",
    )
    assert row["name"].startswith("Visitor ")
    assert (row["status"], row["assignee"], row["tags"]) == ("open", None, [])
    assert row["flags"] == ["online"]
    assert answer["badge"] == 1
    tim, second = await asks(shop, "tim")
    assert (await inbox.next())["row"]["chat"] == second
    assert (await ann.until(t="badge"))["n"] == 2
    inbox.badge = 2
    await ann.ask("msg.send", chat=first, text="on its way")
    row = (await inbox.next())["row"]
    assert (row["preview"], row["assignee"]) == ("You: on its way", "ann")
    assert row["waiting_since"] is None
    await tim.ask("chat.end", chat=second)
    assert (await inbox.next())["gone"] == second
    assert [*inbox.rows] == [first]


@pytest.mark.slow
async def test_a_row_says_since_when_its_shopper_has_heard_nothing(
    quick_shop: Shop,
) -> None:
    _, chat = await asks(quick_shop, "sara")
    ann = await quick_shop.agent()
    inbox = Mirror(ann, "all")
    (row,) = (await inbox.open())["rows"]
    asked = row["waiting_since"]
    assert row["silent_since"] == asked
    await trio.sleep(100)
    held = await ann.ask("msg.send", chat=chat, text="Looking", hold=True)
    row = (await inbox.next())["row"]
    assert (row["waiting_since"], row["silent_since"]) == (asked, held["at"])
    # What a snooze takes does not count.
    await ann.ask("ticket.snooze", chat=chat, preset="next_reply")
    await trio.sleep(50)
    await ann.ask("ticket.wake", chat=chat)
    await ann.say("chat.open", chat=chat)
    ticket = (await ann.until(t="ok", chat=chat))["ticket"]
    assert ticket["silent_since"] == held["at"] + 50_000
    await ann.ask("msg.send", chat=chat, text="Here it is")
    await ann.say("chat.open", chat=chat)
    assert "silent_since" not in (await ann.until(t="ok", chat=chat))["ticket"]


async def test_a_reply_takes_the_row_from_its_old_owner_at_once(shop: Shop) -> None:
    _, chat = await asks(shop, "sara")
    ann, ben = await shop.agent("ann"), await shop.agent("ben")
    await ann.ask("ticket.assign", chat=chat, to="ann")
    anns, bens = Mirror(ann, "mine"), Mirror(ben, "mine")
    assert [row["chat"] for row in (await anns.open())["rows"]] == [chat]
    assert (await bens.open())["rows"] == []
    await ben.ask("msg.send", chat=chat, text="I know")
    assert (await anns.next())["gone"] == chat
    row = (await bens.next())["row"]
    assert (row["chat"], row["preview"]) == (chat, "You: I know")


async def test_the_dot_goes_as_soon_as_the_agent_has_read(shop: Shop) -> None:
    sara, chat = await asks(shop, "sara")
    ann, ben = await shop.agent("ann"), await shop.agent("ben")
    anns, bens = Mirror(ann, "unassigned"), Mirror(ben, "unassigned")
    assert (await anns.open())["badge"] == (await bens.open())["badge"] == 1
    await has_read(shop, ann, chat)
    assert (await anns.next())["row"]["unread"] is False
    assert (await ann.until(t="badge"))["n"] == 0
    anns.badge = 0
    # It is her own dot: the colleague keeps his.
    await bens.catch_up()
    assert (bens.badge, bens.rows[chat]["unread"]) == (1, True)
    await sara.ask("msg.send", chat=chat, text="hello?")
    while not anns.rows[chat]["unread"]:
        await anns.next()
    await anns.catch_up()
    assert anns.badge == 1


async def test_a_flag_is_the_agents_own_and_lasts_until_they_read(
    tmp_path: Path, form: Form
) -> None:
    async with serving(tmp_path, form) as shop:
        _, chat = await asks(shop, "sara")
        ann, ben = await shop.agent("ann"), await shop.agent("ben")
        await ann.ask("chat.open", chat=chat)
        for agent in (ann, ben):
            await has_read(shop, agent, chat)
        anns, bens = Mirror(ann, "all"), Mirror(ben, "all")
        assert (await anns.open())["badge"] == (await bens.open())["badge"] == 0
        answer = await ann.ask("ticket.unread", chat=chat, id="once")
        assert answer == {"t": "ok", "re": "once", "chat": chat}
        assert (await anns.next())["row"]["unread"] is True
        # Both cursors are in the journal.
        await ann.until(kind="read")
        await ann.until(kind="read")
    async with serving(tmp_path, form) as shop:
        ann, ben = await shop.agent("ann"), await shop.agent("ben")
        anns, bens = Mirror(ann, "all"), Mirror(ben, "all")
        assert (await bens.open())["badge"] == 0
        answer = await anns.open(after=anns.ix)
        assert (answer["badge"], answer["rows"][0]["unread"]) == (1, True)
        repeated = await ann.ask("ticket.unread", chat=chat, id="once")
        assert repeated["dup"] is True
        # The cursor stays where it was, and still the flag is gone.
        await ann.ask("read", chat=chat, seq=1)
        assert (await anns.next())["row"]["unread"] is False
    async with serving(tmp_path, form) as shop:
        ann = await shop.agent("ann")
        assert (await Mirror(ann, "all").open())["badge"] == 0


async def test_only_tickets_that_are_there_and_open_are_flagged(shop: Shop) -> None:
    sara, chat = await asks(shop, "sara")
    ann = await shop.agent()
    for wrong in (NOBODYS, "x"):
        refused = await ann.ask("ticket.unread", chat=wrong)
        assert refused["code"] == "not_found"
    await sara.ask("chat.end", chat=chat)
    refused = await ann.ask("ticket.unread", chat=chat)
    assert refused["code"] == "chat_closed"


async def test_who_comes_back_gets_what_has_changed(shop: Shop) -> None:
    sara, first = await asks(shop, "sara")
    _, second = await asks(shop, "tim")
    ann, ben = await shop.agent("ann"), await shop.agent("ben")
    inbox, other = Mirror(ann, "all"), Mirror(ben, "all")
    await inbox.open()
    await other.open()
    await inbox.catch_up()
    await ann.cut()
    await sara.ask("chat.end", chat=first)
    _, third = await asks(shop, "uma")
    await other.catch_up()
    inbox.client = await shop.agent("ann")
    answer = await inbox.open(after=inbox.ix)
    assert answer["full"] is False
    assert [row["chat"] for row in answer["rows"]] == [third]
    await inbox.catch_up()
    assert inbox.rows.keys() == {second, third}
    assert inbox.rows == await other.fresh(await shop.agent("ann"))
    again = await inbox.open(after=inbox.ix)
    assert (again["rows"], again["full"], again["ix"]) == ([], False, inbox.ix)


async def test_after_a_restart_all_of_it_comes_again(tmp_path: Path) -> None:
    async with serving(tmp_path) as shop:
        _, chat = await asks(shop, "sara")
        inbox = Mirror(await shop.agent(), "all")
        await inbox.open()
    async with serving(tmp_path) as shop:
        inbox.client = await shop.agent()
        answer = await inbox.open(after=inbox.ix)
        assert answer["full"] is True
        assert [row["chat"] for row in answer["rows"]] == [chat]


async def test_pages_follow_one_another_in_every_status(quick_shop: Shop) -> None:
    shop, ann = quick_shop, await quick_shop.agent()
    chats: list[str] = []
    for number in range(15):
        shopper, chat = await asks(shop, f"s{number}")
        chats.append(chat)
        await trio.sleep(1)
        if number % 3 == 1:
            await ann.ask("ticket.snooze", chat=chat, preset="one_week")
        elif number % 3 == 2:
            await shopper.ask("chat.end", chat=chat)
    expected = {
        "open": chats[::3],
        "snoozed": chats[1::3],
        # The newest first: of those nobody waits for anything.
        "closed": chats[2::3][::-1],
    }
    for status, wanted in expected.items():
        inbox = Mirror(ann, "all", status=status, limit=2)
        answer = await inbox.open()
        while answer["more"]:
            answer = await inbox.open(cursor=answer["cursor"])
            assert answer["full"] is False
        assert [*inbox.rows] == wanted


async def test_the_answered_come_after_all_who_wait(quick_shop: Shop) -> None:
    ann = await quick_shop.agent()
    chats: list[str] = []
    for sub in ("sara", "tim", "uma"):
        chats.append((await asks(quick_shop, sub))[1])
        await trio.sleep(1)
    await ann.ask("msg.send", chat=chats[0], text="hi")
    inbox = Mirror(ann, "all")
    await inbox.open()
    assert [*inbox.rows] == [chats[1], chats[2], chats[0]]


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"view": "others"}, "$.view"),
        ({"view": "team:"}, "$.view"),
        ({"view": None}, "$.view"),
        ({"view": "all", "status": "gone"}, "$.status"),
        ({"view": "all", "limit": 0}, "$.limit"),
        ({"view": "all", "limit": 201}, "$.limit"),
        ({"view": "all", "channel": "fax"}, "$.channel"),
        ({"view": "all", "after": -1}, "$.after"),
        ({"view": "all", "cursor": "w.1"}, "$.cursor"),
        ({"view": "all", "cursor": "c.1.1"}, "$.cursor"),
        ({"view": "all", "cursor": "w.1.99999999999999999999"}, "$.cursor"),
        ({"view": "all", "cursor": "w.1.1", "after": 1}, "$.cursor"),
        ({"view": "all", "cursor": "w.1.1", "status": "closed"}, "$.cursor"),
    ],
)
async def test_a_bad_field_is_named(
    quick_shop: Shop, fields: dict[str, object], path: str
) -> None:
    ann = await quick_shop.agent()
    refused = await ann.ask("inbox.open", **fields)
    assert (refused["code"], refused["path"]) == ("bad_frame", path)


async def test_one_connection_watches_one_view(quick_shop: Shop) -> None:
    ann, ben = await quick_shop.agent(), await quick_shop.agent("ben")
    await Mirror(ann, "all").open()
    mine = Mirror(ann, "mine")
    await mine.open()
    _, chat = await asks(quick_shop, "sara")
    await mine.catch_up()
    assert mine.rows == {}
    await ben.ask("ticket.assign", chat=chat, to="ann")
    assert (await mine.next())["row"]["chat"] == chat
    assert (await ann.ask("inbox.close"))["t"] == "ok"
    await asks(quick_shop, "tim")
    await ann.ask("stats")
    assert {frame["t"] for frame in ann.unread()} <= {"badge"}


async def test_sites_do_not_see_each_other(quick_shop: Shop) -> None:
    await quick_shop.open_site("other", Settings())
    await quick_shop.hire("olga", site="other")
    token = quick_shop.token("agent", "olga", site="other")
    olga = await quick_shop.connect()
    await olga.hello(token=token)
    theirs = Mirror(olga, "all")
    await theirs.open()
    _, chat = await asks(quick_shop, "sara")
    assert (await Mirror(await quick_shop.agent(), "all").open())["badge"] == 1
    await theirs.catch_up()
    assert (theirs.rows, theirs.badge) == ({}, 0)
    refused = await olga.ask("ticket.unread", chat=chat)
    assert refused["code"] == "not_found"


async def test_a_restricted_teams_tickets_are_its_members(quick_shop: Shop) -> None:
    teams = (Team("vip", "VIP", members=("ann",), restricted=True),)
    rules = (Rule(Condition(), "vip"),)
    settings = Settings(assignment=AssignmentSettings(rules=rules, teams=teams))
    await quick_shop.settle(settings)
    _, chat = await asks(quick_shop, "sara")
    ann, ben = await quick_shop.agent(), await quick_shop.agent("ben")
    boss = await quick_shop.agent("boss", "admin")
    for agent, view, sees in (
        (ann, "team:vip", 1),
        (ann, "all", 1),
        (ben, "team:vip", 0),
        (ben, "all", 0),
        (boss, "unassigned", 1),
    ):
        answer = await Mirror(agent, view).open()
        assert (len(answer["rows"]), answer["badge"]) == (sees, sees)
    refused = await ben.ask("ticket.unread", chat=chat)
    assert refused["code"] == "not_found"
    # Whom it is given to may have it.
    bens = Mirror(ben, "mine")
    await bens.open()
    await boss.ask("ticket.assign", chat=chat, to="ben")
    assert (await bens.next())["row"]["team"] == "vip"


async def test_snoozing_hides_the_dot_until_it_wakes(quick_shop: Shop) -> None:
    sara, chat = await asks(quick_shop, "sara")
    ann = await quick_shop.agent()
    inbox, snoozed = Mirror(ann, "all"), Mirror(await quick_shop.agent(), "all")
    snoozed.asked["status"] = "snoozed"
    await inbox.open()
    await snoozed.open()
    await ann.ask("ticket.snooze", chat=chat, preset="one_week")
    await inbox.catch_up()
    await snoozed.catch_up()
    assert (inbox.badge, inbox.rows) == (0, {})
    assert snoozed.rows[chat]["unread"] is False
    assert (await ann.ask("stats"))["snoozed_due_today"] == 0
    await sara.ask("msg.send", chat=chat, text="still there?")
    await inbox.catch_up()
    assert (inbox.badge, inbox.rows[chat]["unread"]) == (1, True)


@pytest.mark.parametrize("surface", [True, False])
async def test_a_closed_ticket_has_a_dot_only_if_the_shop_wants_it(
    quick_shop: Shop, *, surface: bool
) -> None:
    settings = Settings(inbox=InboxSettings(surface_closed_events=surface))
    await quick_shop.settle(settings)
    sara, chat = await asks(quick_shop, "sara")
    ann, ben = await quick_shop.agent(), await quick_shop.agent("ben")
    await has_read(quick_shop, ben, chat)
    await trio.sleep(2)
    anns = Mirror(ann, "all", status="closed")
    bens = Mirror(ben, "all", status="closed")
    await anns.open()
    await bens.open()
    await sara.ask("chat.end", chat=chat)
    await anns.catch_up()
    await bens.catch_up()
    assert anns.rows[chat]["unread"] is surface
    assert bens.rows[chat]["unread"] is False
    assert anns.badge == bens.badge == 0
    assert await anns.fresh(ann) == anns.rows
    assert await bens.fresh(ben) == bens.rows


@pytest.mark.parametrize("how", ["told", "token"])
@pytest.mark.parametrize("resting", [True, False])
async def test_another_name_shows_at_once_and_is_no_event(
    quick_shop: Shop, how: str, *, resting: bool
) -> None:
    sara, chat = await asks(quick_shop, "sara")
    inbox = Mirror(await quick_shop.agent(), "all")
    if resting:
        await sara.cut()
        # Its check-ins come every five minutes: between two of them.
        await trio.sleep(1000)
        assert quick_shop.broker.house.chats.get(ChatId(chat)) is None
    await inbox.open()
    before, events = inbox.rows[chat], await quick_shop.journal(chat)
    assert before["name"].startswith("Visitor")
    if how == "told":
        await told(quick_shop, Facts(name="Sara Lindt"))
    else:
        token = quick_shop.token("shopper", "sara", name="Sara Lindt")
        await quick_shop.shopper(token=token)
        while inbox.rows[chat]["name"] == before["name"]:
            await inbox.next()
    await inbox.catch_up()
    after = inbox.rows[chat]
    assert after | {"flags": 0} == before | {"name": "Sara Lindt", "flags": 0}
    assert await quick_shop.journal(chat) == events
    # Nothing new is no news, nor does an older name come back.
    ix = inbox.ix
    await told(quick_shop, Facts(name="Sara Lindt", place="Bern"))
    await trio.sleep(1)
    await inbox.catch_up()
    assert inbox.ix == ix
    await inbox.client.ask("msg.send", chat=chat, text="hello")
    await inbox.catch_up()
    assert inbox.rows[chat]["name"] == "Sara Lindt"


async def test_a_shopper_who_changes_the_page_does_not_seem_to_leave(
    quick_shop: Shop,
) -> None:
    sara, chat = await asks(quick_shop, "sara")
    inbox = Mirror(await quick_shop.agent(), "all")
    await inbox.open()
    began = trio.current_time()
    await sara.cut()
    sara = await quick_shop.shopper("sara")
    await trio.sleep(60)
    await inbox.catch_up()
    assert inbox.rows[chat]["flags"] == ["attention", "overdue", "online"] or (
        inbox.rows[chat]["flags"] == ["online"]
    )
    began = trio.current_time()
    await sara.cut()
    while "online" in inbox.rows[chat]["flags"]:
        await inbox.next()
    assert 30 <= trio.current_time() - began <= 31
    await quick_shop.shopper("sara")
    assert "online" in (await inbox.next())["row"]["flags"]


async def test_statistics_say_what_there_is_to_do(quick_shop: Shop) -> None:
    settings = Settings(assignment=AssignmentSettings(max_chats=1))
    await quick_shop.settle(settings)
    ann, ben = await quick_shop.agent(), await quick_shop.agent("ben")
    del ben
    await trio.sleep(1)
    empty = await ann.ask("stats", id="s")
    assert empty == {
        "t": "ok",
        "re": "s",
        "waiting": 0,
        "oldest_wait": None,
        "unassigned": 0,
        "overdue": 0,
        "snoozed_due_today": 0,
        "agents_online": 2,
        "agents_full": 0,
    }
    _, first = await asks(quick_shop, "sara")
    await asks(quick_shop, "tim")
    _, third = await asks(quick_shop, "uma")
    await ann.ask("ticket.snooze", chat=third, preset="one_week")
    await ann.ask("ticket.assign", chat=first, to="ann")
    await trio.sleep(310)
    stats = await ann.ask("stats")
    assert (stats["waiting"], stats["unassigned"], stats["overdue"]) == (2, 1, 2)
    assert 310_000 <= stats["oldest_wait"] <= 312_000
    assert (stats["agents_online"], stats["agents_full"]) == (2, 1)


async def test_what_is_due_today_is_due_by_the_shops_day(quick_shop: Shop) -> None:
    now = datetime.fromtimestamp(quick_shop.broker.clock() / 1000, UTC)
    # Where it is about noon just now: the signs of these zones are the other way round.
    place = ZoneInfo(f"Etc/GMT{now.hour - 12:+}")
    await quick_shop.settle(Settings(hours=HoursSettings(place.key)))
    tomorrow = now.astimezone(place).date() + timedelta(days=1)
    midnight = int(datetime.combine(tomorrow, time(), place).timestamp() * 1000)
    ann = await quick_shop.agent()
    for sub, until in (("sara", midnight - 1), ("tim", midnight)):
        _, chat = await asks(quick_shop, sub)
        snoozed = await ann.ask("ticket.snooze", chat=chat, until=until)
        assert snoozed["t"] == "ok"
    assert (await ann.ask("stats"))["snoozed_due_today"] == 1
