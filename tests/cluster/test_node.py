"""A node follows, owns and steps down; nothing that was acknowledged is lost."""

from collections.abc import AsyncGenerator
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest
import trio
from trio_websocket import ConnectionClosed

from broker.cluster import copying
from broker.cluster.counts import Refusal, Why
from broker.cluster.ports import Claim, Log
from broker.cluster.unfit import Foreign
from broker.server import DRAIN_S, Broker
from storage import erasing
from storage.errors import Followed
from tests.cluster.nodes import Group, Member, group, token
from tests.storage.copies import differences
from tests.system.client import Client, Closed, Frame

pytestmark = pytest.mark.slow


@pytest.fixture
async def nodes(tmp_path: Path) -> AsyncGenerator[Group]:
    async with group(tmp_path) as made:
        yield made


async def welcomed(member: Member, nursery: trio.Nursery, signed: str) -> Client:
    client = await member.connect(nursery)
    welcome = await client.hello(token=signed)
    assert welcome["t"] == "welcome", welcome
    return client


async def test_a_follower_has_everything_and_takes_over(
    nodes: Group, nursery: trio.Nursery
) -> None:
    one = await nodes.add("one")
    signed = token(await one.broker())
    two = await nodes.add("two")
    shopper = await welcomed(two, nursery, signed)
    started = await shopper.ask("chat.start", text="hello")
    chat = started["chat"]
    said = await shopper.ask("msg.send", id="m1", chat=chat, text="one")
    assert said["t"] == "ok"
    await nodes.even(two)
    nodes.server.forget("one")
    await two.broker()
    again = await welcomed(two, nursery, signed)
    repeated = await again.ask("msg.send", id="m1", chat=chat, text="one")
    assert (repeated["seq"], repeated["dup"]) == (said["seq"], True)
    more = await again.ask("msg.send", id="m2", chat=chat, text="two")
    assert more["prev"] == said["seq"]


async def test_who_leaves_hands_over_and_all_copies_are_the_same(
    nodes: Group, nursery: trio.Nursery
) -> None:
    one, two = await nodes.add("one"), await nodes.add("two")
    signed = token(await one.broker())
    shopper = await welcomed(one, nursery, signed)
    await shopper.ask("chat.start", text="hello")
    one.life.leave()
    await two.broker()
    three = await nodes.add("three")
    await nodes.even(three)
    two.life.leave()
    await three.broker()
    await nodes.end_all()
    for member in (two, three):
        # What follows the journal went on in the later ones.
        apart = differences(one.folder / "journal.db", member.folder / "journal.db")
        assert not {"event", "message", "ticket", "site", "key"} & set(apart)


async def test_an_owner_whom_the_others_gave_up_acknowledges_nothing(
    nodes: Group, nursery: trio.Nursery
) -> None:
    one = await nodes.add("one")
    signed = token(await one.broker())
    two = await nodes.add("two")
    shopper = await welcomed(one, nursery, signed)
    chat = (await shopper.ask("chat.start", text="hello"))["chat"]
    nodes.server.forget("one")
    await two.broker()
    # It has not heard of it, and goes on as if it owned, until it next writes: this, or
    # something of its own before.
    with suppress(Closed, ConnectionClosed):
        await shopper.say("msg.send", id="late", chat=chat, text="late")
    await one.follows()
    assert one.life.counts.stepped_down == {Why.FENCED: 1}
    assert one.life.counts.fenced[Refusal.ENTRY] == 1
    # It may try once more before it believes it: the other changes hands again then.
    answers: list[Frame] = []
    while not answers:
        with suppress(Closed, ConnectionClosed):
            again = await welcomed(two, nursery, signed)
            late = again.ask("msg.send", id="late", chat=chat, text="late")
            answers.append(await late)
    assert "dup" not in answers[0]


async def test_a_log_that_does_not_answer_ends_the_owning(
    nodes: Group, nursery: trio.Nursery
) -> None:
    one = await nodes.add("one")
    signed = token(await one.broker())
    shopper = await welcomed(one, nursery, signed)
    nodes.server.reachable = False
    await shopper.say("chat.start", text="hello")
    await one.follows()
    assert one.life.counts.stepped_down == {Why.UNAVAILABLE: 1}
    nodes.server.reachable = True
    again = await welcomed(one, nursery, signed)
    assert (await again.ask("chat.start", text="hello"))["t"] == "ok"


async def test_who_comes_late_fetches_a_copy(nodes: Group) -> None:
    one = await nodes.add("one")
    await one.broker()
    with trio.fail_after(5):
        while not nodes.server.copies:
            await nodes.server.changed()
    nodes.server.purged[0] = nodes.server.copies[0][0]
    two = await nodes.add("two")
    await nodes.even(two)
    one.life.leave()
    assert token(await two.broker())


async def test_what_was_erased_leaves_the_log_too(
    nodes: Group, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copying, "LOOK_S", 0.05)
    one = await nodes.add("one")
    broker = await one.broker()
    with trio.fail_after(5):
        while not nodes.server.copies:
            await nodes.server.changed()
    assert not nodes.server.purged.get(0)
    await broker.change(partial(erasing.gone, digests=["1"]), scrub=True)
    with trio.fail_after(5):
        while not nodes.server.purged.get(0):
            await nodes.server.changed()
    # A copy without it has taken the place of all that may have it.
    assert nodes.server.purged[0] == nodes.server.copies[0][0] > 1


@pytest.mark.parametrize("when", ["before the copy", "after the copy"])
async def test_what_was_erased_by_an_owner_that_died_leaves_the_log_too(
    nodes: Group, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    monkeypatch.setattr(copying, "LOOK_S", 0.05)
    one = await nodes.add("one")
    broker = await one.broker()
    two = await nodes.add("two")
    with trio.fail_after(5):
        while not nodes.server.copies:
            await nodes.server.changed()

    copied = when == "after the copy"

    async def dies(journal: Path, to: Log) -> int:
        if copied:
            # It dies a moment later: the copy is there, what is before it as well.
            await save(journal, to)
        await trio.sleep_forever()
        return 0

    save = copying.save
    monkeypatch.setattr(copying, "save", dies)
    await broker.change(partial(erasing.gone, digests=["1"]), scrub=True)
    erased = nodes.end
    await nodes.even(two)
    with trio.fail_after(5):
        while copied and nodes.server.copies[0][0] < erased:
            await nodes.server.changed()
    monkeypatch.setattr(copying, "save", save)
    nodes.server.forget("one")
    await two.broker()
    with trio.fail_after(5):
        while nodes.server.purged.get(0, 0) < erased:
            await nodes.server.changed()
    assert nodes.server.copies[0][0] >= erased


async def test_a_shop_that_stood_alone_moves_in_and_out(
    tmp_path: Path, nodes: Group
) -> None:
    async with Broker.open(tmp_path / "one") as alone:
        keys, epoch = alone.gate.key_for("staff", None), alone.journal.epoch
    one = await nodes.add("one")
    assert (await one.broker()).gate.key_for("staff", None) == keys
    two = await nodes.add("two")
    await nodes.even(two)
    one.life.leave()
    broker = await two.broker()
    assert broker.journal.epoch == epoch
    two.life.leave()
    await two.ended.wait()
    with pytest.raises(Followed):
        async with Broker.open(tmp_path / "two"):
            pass


async def test_another_shop_s_folder_is_refused(tmp_path: Path, nodes: Group) -> None:
    await (await nodes.add("one")).broker()
    async with Broker.open(tmp_path / "two"):
        pass
    two = Member(tmp_path / "two", nodes.server, "two")
    with pytest.raises(BaseExceptionGroup) as refused:
        await two.run()
    assert refused.group_contains(Foreign, depth=None)


async def test_who_gives_up_while_something_is_written_does_not_wait_for_it(
    nodes: Group, nursery: trio.Nursery
) -> None:
    one = await nodes.add("one")
    signed = token(await one.broker())
    shopper = await welcomed(one, nursery, signed)
    with nodes.server.stalled():
        await shopper.say("chat.start", text="hello")
        while not nodes.server.waiting:
            await nodes.server.changed()
        began = trio.current_time()
        nodes.server.owners[0] = Claim(0, 2), "somebody else"
        nodes.server.touch()
        await one.follows()
    assert trio.current_time() - began < DRAIN_S / 2
