"""Who of the agents is there (spec F27)."""

import trio

from tests.system.client import Client
from tests.system.moments import within
from tests.system.shop import Shop


async def seen(
    client: Client, seconds: float = 60
) -> list[tuple[float, dict[str, str]]]:
    """Return when presence was pushed, and what."""
    client.presences.clear()
    began = trio.current_time()
    times: list[tuple[float, dict[str, str]]] = []
    before = 0
    while trio.current_time() < began + seconds:
        await within(0.5, client)
        for push in client.presences[before:]:
            agents = {agent["agent"]: agent["state"] for agent in push["agents"]}
            times.append((trio.current_time() - began, agents))
        before = len(client.presences)
    return times


def whole(times: list[tuple[float, dict[str, str]]]) -> dict[str, str]:
    """Return who was last seen how."""
    last: dict[str, str] = {}
    for _, agents in times:
        last |= agents
    return last


async def test_who_comes_is_told_who_is_there(quick_shop: Shop) -> None:
    await quick_shop.agent("ann")
    await trio.sleep(5)
    bob = await quick_shop.agent("bob")
    assert whole(await seen(bob)) == {"ann": "online", "bob": "online"}


async def test_those_who_are_there_hear_who_comes(quick_shop: Shop) -> None:
    ann = await quick_shop.agent("ann")
    await seen(ann)
    await quick_shop.agent("bob")
    ((after, agents),) = await seen(ann)
    assert agents == {"bob": "online"}
    assert after <= 2.5


async def test_a_crowd_is_told_in_a_few_pushes(quick_shop: Shop) -> None:
    ann = await quick_shop.agent("ann")
    await seen(ann)
    for number in range(50):
        await quick_shop.agent(f"a{number}")
    pushes = await seen(ann)
    assert len(whole(pushes)) == 50
    assert len(pushes) <= 2


async def test_a_short_absence_is_not_seen(quick_shop: Shop) -> None:
    ann, bob = await quick_shop.agent("ann"), await quick_shop.agent("bob")
    await seen(ann)
    await bob.cut()
    await trio.sleep(20)
    await quick_shop.agent("bob")
    assert await seen(ann) == []


async def test_a_long_one_is(quick_shop: Shop) -> None:
    ann, bob = await quick_shop.agent("ann"), await quick_shop.agent("bob")
    await seen(ann)
    await bob.cut()
    ((after, agents),) = await seen(ann)
    assert agents == {"bob": "offline"}
    assert 30 <= after <= 33


async def test_one_of_two_connections_gone_is_not_seen(quick_shop: Shop) -> None:
    ann, bob = await quick_shop.agent("ann"), await quick_shop.agent("bob")
    await quick_shop.agent("bob")
    await seen(ann)
    await bob.cut()
    assert await seen(ann) == []


async def test_an_agent_says_themselves_how_they_are_seen(quick_shop: Shop) -> None:
    ann, bob = await quick_shop.agent("ann"), await quick_shop.agent("bob")
    await seen(ann)
    for state in ("away", "offline", "online"):
        assert (await bob.ask("presence.set", state=state))["t"] == "ok"
        assert whole(await seen(ann)) == {"bob": state}


async def test_shoppers_hear_nothing_of_it(quick_shop: Shop) -> None:
    sara = await quick_shop.shopper()
    await quick_shop.agent("ann")
    assert await seen(sara) == []
