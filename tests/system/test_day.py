"""A working day of a small shop, from the first question to the last rating."""

from pathlib import Path

import pytest

from actors.library import Macro, Then
from actors.settings.assignment import AssignmentSettings, Condition, Rule, Team
from actors.settings.attention import CheckInSettings, IdleSettings
from actors.settings.document import Settings
from actors.settings.storefront import RatingSettings
from tests.system.client import Frame
from tests.system.day import RELAXED, Day, Watch
from tests.system.desk import stocked
from tests.system.shop import in_memory

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("virtual_time")]

SETTINGS = Settings(
    assignment=AssignmentSettings(
        routing="round_robin",
        max_chats=2,
        show_queue=True,
        announce_transfer="A colleague will go on.",
        rules=(Rule(Condition(lang="pl"), "law"), Rule(Condition(lang="en"), "floor")),
        teams=(
            Team("floor", "Floor", ("ann", "ben")),
            Team("law", "Law", ("ben",), restricted=True),
        ),
    ),
    check_in=CheckInSettings(remind_s=180, breach_s=300),
    idle=IdleSettings(close_min=30, warn_min=5),
    rating=RatingSettings(ask=True),
)
SOON = Macro("soon", "Soon", text="One moment, please.", hold=True)
DONE = Macro("done", "Done", text="Bye!", then=Then(tag=("done",), close=True))


async def test_a_day_is_as_its_journal_says_at_every_step(tmp_path: Path) -> None:
    async with in_memory(tmp_path, RELAXED) as shop:
        day = Day(shop, SETTINGS)
        await day.save(SETTINGS)
        await stocked(shop, SOON, DONE)
        chats = await the_doors_open(day)
        await everybody_talks(day, chats)
        before = await at_rest(day)
    async with in_memory(tmp_path, RELAXED) as shop:
        await day.move_to(shop)
        await day.settle()
        assert day.picture() == before
        await some_are_put_aside(day, chats)
        before = await at_rest(day)
    async with in_memory(tmp_path, RELAXED) as shop:
        await day.move_to(shop)
        await day.settle()
        assert day.picture() == before
        await tickets_change_hands(day, chats)
        await some_are_over(day, chats)
        await agents_come_and_go(day, chats)


async def at_rest(day: Day) -> Frame:
    await day.settle()
    return day.picture()


async def start(day: Day, sub: str, text: str = "hello") -> str:
    """Have somebody begin a chat; return it."""
    shopper = await day.shopper(sub)
    answer = await day.do(shopper, "chat.start", text=text)
    chat: str = answer["chat"]
    return chat


def owner(day: Day, chat: str) -> str | None:
    return day.recount.tickets[chat].assignee


async def the_doors_open(day: Day) -> dict[str, str]:
    """Round robin: two each, the others wait in line, the oldest first."""
    boss = await day.agent("boss", Watch(), Watch(status="snoozed"))
    await day.agent("boss", Watch(status="closed"))
    await day.do(boss, "presence.set", state="away")
    await day.agent("ann", Watch(), Watch("mine"))
    await day.agent("ben", Watch(), Watch("unassigned"))
    subs = ("sara", "bob", "eve", "tim", "uma", "vic")
    chats = {sub: await start(day, sub, f"I am {sub}, hello") for sub in subs}
    owners = [owner(day, chats[sub]) for sub in subs]
    assert owners == ["ann", "ben", "ann", "ben", None, None]
    places = [day.of(sub).position.get(chats[sub], 0) for sub in subs]
    assert places == [0, 0, 0, 0, 1, 2]
    for agent in ("ann", "ben", "boss"):
        for chat in chats.values():
            await day.do(day.of(agent), "chat.open", chat=chat)
    return chats


async def everybody_talks(day: Day, chats: dict[str, str]) -> None:
    """Answers, notes, tags and macros; who ends makes room for who waits."""
    ann, ben, sara = day.of("ann"), day.of("ben"), day.of("sara")
    chat = chats["sara"]
    await day.do(ann, "read", chat=chat, seq=4)
    answer = await day.do(ann, "msg.send", chat=chat, text="Hello Sara.\nHow are you?")
    await day.do(sara, "read", chat=chat, seq=answer["seq"])
    await day.do(sara, "msg.send", chat=chat, text="Fine!")
    await day.do(ben, "note.add", chat=chat, text="a regular of ours")
    await day.do(ben, "ticket.tag", chat=chat, add=["vip", "pl"], remove=[])
    await day.do(ann, "ticket.tag", chat=chat, add=["late"], remove=["pl"])
    await day.do(ann, "ticket.unread", chat=chat)
    await day.do(ann, "msg.send", chat=chat, macro="soon")
    # The macro holds: the wait goes on, and its reminders count from there.
    await day.wait(170)
    assert states(day, chat) == []
    await day.wait(10)
    assert states(day, chat) == [("due", 0)]
    await day.wait(120)
    assert states(day, chat) == [("due", 0), ("missed", 1)]
    await day.do(ann, "read", chat=chat, seq=answer["seq"])
    await day.do(ann, "msg.send", chat=chat, text="Here it is.")
    await day.do(ann, "msg.send", chat=chats["eve"], macro="done")
    assert owner(day, chats["uma"]) == "ann"
    assert day.of("vic").position[chats["vic"]] == 1
    await day.do(day.of("tim"), "chat.end", chat=chats["tim"])
    assert owner(day, chats["vic"]) == "ben"
    await day.do(day.of("tim"), "chat.end", chat=chats["tim"])
    assert await start(day, "tim", "one more thing") != chats["tim"]
    again = [t for t in day.recount.tickets.values() if t.previous == chats["tim"]]
    chats["tim"] = again[0].chat
    assert owner(day, chats["tim"]) is None


def states(day: Day, chat: str) -> list[tuple[str, int]]:
    """Return which check-ins of a chat fell due, or were missed."""
    facts = day.recount.tickets[chat].facts
    return [(f.body["state"], f.body["count"]) for f in facts if f.kind == "checkin"]


async def some_are_put_aside(day: Day, chats: dict[str, str]) -> None:
    """What is snoozed makes room, and comes back in time or with a word."""
    ann, ben = day.of("ann"), day.of("ben")
    await day.do(ann, "ticket.snooze", chat=chats["sara"], preset="later_today")
    assert owner(day, chats["tim"]) == "ann"
    await day.do(ben, "ticket.snooze", chat=chats["bob"], preset="next_reply")
    await day.wait(3 * 3600)
    assert day.recount.tickets[chats["sara"]].status == "open"
    await day.do(day.of("bob"), "msg.send", chat=chats["bob"], text="I am back")
    assert day.recount.tickets[chats["bob"]].status == "open"
    offer: Frame = {"chat": chats["sara"], "to": "ben", "accept": True}
    await day.do(ann, "ticket.transfer", **offer, refused="agent_full")
    await day.do(ann, "ticket.transfer", **offer, force=True, note="knows the case")


async def tickets_change_hands(day: Day, chats: dict[str, str]) -> None:
    """Offered across a restart, declined, accepted; given by force."""
    ann, ben, chat = day.of("ann"), day.of("ben"), chats["sara"]
    offer: Frame = {"chat": chat, "to": "ben", "accept": True, "force": True}
    await day.wait(30)
    assert offers(day, chat) == ["offered", "expired"]
    await day.do(ben, "transfer.answer", chat=chat, yes=True, refused="conflict")
    await day.do(ann, "ticket.transfer", **offer)
    await day.do(ben, "transfer.answer", chat=chat, yes=False)
    assert owner(day, chat) == "ann"
    await day.do(ann, "ticket.transfer", **offer)
    await day.do(ben, "transfer.answer", chat=chat, yes=True)
    assert owner(day, chat) == "ben"
    boss, other = day.of("boss"), {"chat": chats["vic"], "to": "ann"}
    await day.do(boss, "ticket.assign", **other, refused="agent_full")
    await day.do(boss, "ticket.assign", **other, force=True)
    assert owner(day, chats["vic"]) == "ann"
    await day.do(boss, "ticket.transfer", chat=chats["vic"], to="team:floor")
    assert owner(day, chats["vic"]) is None


def offers(day: Day, chat: str) -> list[str]:
    facts = day.recount.tickets[chat].facts
    return [fact.body["state"] for fact in facts if fact.kind == "transfer"]


async def some_are_over(day: Day, chats: dict[str, str]) -> None:
    """By silence, by an agent, by the shopper; and how was it?"""
    ann, ben, bob = day.of("ann"), day.of("ben"), day.of("bob")
    await day.do(ben, "msg.send", chat=chats["sara"], text="Anything else?")
    await day.wait(25 * 60)
    assert day.recount.tickets[chats["sara"]].facts[-1].body["auto"] == "idle"
    await day.wait(5 * 60)
    assert day.recount.tickets[chats["sara"]].facts[-1].body == {"reason": "idle"}
    assert owner(day, chats["vic"]) == "ben"
    await day.do(ben, "chat.end", chat=chats["bob"])
    asked = [f for f in bob.client.heard if f.get("kind") == "rate_ask"]
    assert [frame["chat"] for frame in asked] == [chats["bob"]]
    await day.do(bob, "rate", chat=chats["bob"], score=2)
    await day.do(bob, "rate", chat=chats["bob"], score=4, text="on second thoughts")
    await day.do(bob, "msg.send", chat=chats["bob"], text="x", refused="chat_closed")
    await day.do(day.of("vic"), "chat.end", chat=chats["vic"])
    chats["ola"] = await start(day, "ola", "dzień dobry")
    assert owner(day, chats["ola"]) == "ben"
    await day.do(ann, "chat.open", chat=chats["ola"], refused="not_found")
    await day.do(ben, "ticket.transfer", chat=chats["ola"], to="ann", force=True)
    await day.do(ann, "chat.open", chat=chats["ola"])
    await day.do(ann, "ticket.transfer", chat=chats["ola"], to="ben")
    assert chats["ola"] not in ann.logs
    mal = await start(day, "mal", "you again")
    assert owner(day, mal) == "ben"
    await day.block("mal", on=True)
    await day.settle()
    assert day.recount.tickets[mal].facts[-1].body == {"reason": "blocked"}
    assert day.of("mal").client.heard[-1]["body"] == {"reason": "agent"}
    await day.do(day.of("mal"), "chat.start", text="hello?", refused="forbidden")


async def agents_come_and_go(day: Day, chats: dict[str, str]) -> None:
    """Whose agent stays away waits for another, as long as it has waited already."""
    waited = day.recount.tickets[chats["uma"]].since
    await day.go("ann")
    await day.wait(20)
    await day.agent("ann", Watch(), Watch("mine"))
    await day.wait(200)
    assert owner(day, chats["uma"]) == "ann"
    await day.go("ann")
    await day.wait(85)
    assert owner(day, chats["uma"]) == "ann"
    await day.wait(10)
    assert {owner(day, chats["uma"]), owner(day, chats["tim"])} == {"ben", None}
    assert day.recount.tickets[chats["uma"]].since == waited
    await day.agent("ann", Watch(), Watch("mine"))
    await day.settle()
    assert {owner(day, chats["uma"]), owner(day, chats["tim"])} == {"ben", "ann"}
