"""Several connections of one person, and how many there may be (spec F51, F57)."""

from pathlib import Path

import pytest

from actors.settings.document import Settings
from broker.config import Config, LimitsConfig
from tests.system.client import Client, Closed, Form
from tests.system.shop import Shop, serving

MOST = 10


async def alive(client: Client) -> bool:
    try:
        await client.ask("presence.set", state="online")
    except Closed:
        return False
    return True


async def test_one_connection_too_many_closes_the_one_that_was_idle_longest(
    tmp_path: Path, form: Form
) -> None:
    async with serving(tmp_path, form, Config()) as shop:
        tabs = [await shop.shopper() for _ in range(MOST)]
        for _ in range(2):
            shop.broker.keepalive.tick()
        for tab in tabs[1:]:
            assert await alive(tab)
        newest = await shop.shopper()
        closing = await tabs[0].next()
        assert (closing["t"], closing["code"]) == ("closing", 4009)
        assert await tabs[0].read_to_the_end() == 4009
        for tab in (*tabs[1:], newest):
            assert await alive(tab)


async def test_other_people_do_not_count(tmp_path: Path, form: Form) -> None:
    async with serving(tmp_path, form, Config()) as shop:
        tabs = [await shop.shopper() for _ in range(MOST)]
        tabs += [await shop.shopper("omar") for _ in range(MOST)]
        tabs += [await shop.visitor() for _ in range(MOST + 1)]
        for tab in tabs:
            assert await alive(tab)


async def test_who_has_left_does_not_count(tmp_path: Path, form: Form) -> None:
    async with serving(tmp_path, form, Config()) as shop:
        for _ in range(MOST + 5):
            tab = await shop.shopper()
            assert (await tab.ask("bye"))["t"] == "ok"
            await tab.read_to_the_end()


async def test_agents_of_the_same_name_at_two_shops_are_two_people(
    tmp_path: Path, form: Form
) -> None:
    async with serving(tmp_path, form, Config()) as shop:
        await shop.open_site("other", Settings())
        await shop.hire("ann", site="other")
        here = [await shop.agent("ann") for _ in range(MOST - 2)]
        there = [await of_other_site(shop) for _ in range(MOST - 2)]
        for tab in (*here, *there):
            assert await alive(tab)


async def of_other_site(shop: Shop) -> Client:
    client = await shop.connect()
    token = shop.token("agent", "ann", site="other")
    assert (await client.hello(token=token))["site"] == "other"
    return client


async def test_where_tests_come_from_there_may_be_any_number(shop: Shop) -> None:
    tabs = [await shop.shopper() for _ in range(MOST + 5)]
    for tab in tabs:
        assert await alive(tab)


@pytest.mark.parametrize("limit", [1, 3])
async def test_the_number_is_as_configured(
    tmp_path: Path, form: Form, limit: int
) -> None:
    limits = LimitsConfig(per_person=limit)
    async with serving(tmp_path, form, Config(limits=limits)) as shop:
        tabs = [await shop.shopper()]
        shop.broker.keepalive.tick()
        tabs += [await shop.shopper() for _ in range(limit)]
        assert await tabs[0].read_to_the_end() == 4009
        for tab in tabs[1:]:
            assert await alive(tab)
