"""How many may be connected, over real sockets (spec F57)."""

from pathlib import Path

import pytest

from broker.config import Config, LimitsConfig
from tests.edge.raw import dialled, request
from tests.system.client import Form
from tests.system.shop import Shop, serving

pytestmark = pytest.mark.slow


async def status(shop: Shop) -> tuple[int, bytes]:
    assert shop.url is not None
    raw = await dialled(shop.url)
    await raw.send(request())
    head = await raw.head()
    await raw.close()
    return int(head.split()[1]), head


async def test_an_office_of_agents_is_more_than_visitors_may_be(
    tmp_path: Path, form: Form
) -> None:
    async with serving(tmp_path, form, Config()) as shop:
        office = [await shop.agent(f"agent-{number}") for number in range(40)]
        visitors = [await shop.visitor() for _ in range(20)]
        answered, head = await status(shop)
        assert answered == 503
        assert b"Retry-After: " in head
        # Nor is anybody kept from signing in: a shopper takes a visitor's place.
        token = shop.token("shopper", "sara")
        assert (await visitors[0].ask("identify", token=token))["t"] == "ok"
        assert (await status(shop))[0] == 101
        for person in (*office, *visitors):
            assert (await person.ask("chat.leave", chat="x"))["t"] in {"ok", "err"}
        assert shop.broker.tally.limited["per_ip_visitors"] == 1


@pytest.mark.alone("a node tells its own figures")
async def test_http_goes_on_while_the_visitors_are_too_many(tmp_path: Path) -> None:
    config = Config(limits=LimitsConfig(per_ip_visitors=1))
    async with serving(tmp_path, config=config) as shop:
        await shop.visitor()
        assert (await status(shop))[0] == 503
        raw = await dialled(shop.url or "")
        await raw.send(b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        data = b""
        while piece := await raw.carrier.receive_some():
            data += piece
        await raw.close()
        assert b'shopwire_limited_total{limit="per_ip_visitors"} 1.0' in data


async def test_who_leaves_makes_room(tmp_path: Path, form: Form) -> None:
    config = Config(limits=LimitsConfig(total=3))
    async with serving(tmp_path, form, config) as shop:
        people = [await shop.visitor() for _ in range(3)]
        assert (await status(shop))[0] == 503
        await people[0].ask("bye")
        await people[0].read_to_the_end()
        while shop.broker.admission.open == 3:
            await shop.broker.query(lambda _: None)
        assert (await status(shop))[0] == 101
