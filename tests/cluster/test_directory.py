"""A directory of who owns what: what holds for any, in memory as on NATS."""

from collections.abc import AsyncGenerator, Callable

import pytest
import trio

from broker.cluster.ports import Claim
from tests.cluster.halls import PATIENCE_S, Company, Hall, InMemory, on_nats
from tests.cluster.servers import Server

pytestmark = pytest.mark.slow


@pytest.fixture(params=["memory", "nats"])
async def hall(request: pytest.FixtureRequest, cluster: str) -> AsyncGenerator[Hall]:
    if request.param == "memory":
        yield InMemory()
        return
    server: Server = request.getfixturevalue("nats_server")
    async with on_nats(server.url, cluster) as made:
        yield made


async def true(what: Callable[[], bool]) -> None:
    with trio.fail_after(PATIENCE_S):
        while not what():  # noqa: ASYNC110  # what a directory sees has no event
            await trio.sleep(0.02)


async def test_of_many_who_come_together_one_owns_and_all_know_who(
    hall: Hall, nursery: trio.Nursery
) -> None:
    company = Company(hall, nursery)
    seats = [company.add(name) for name in "abc"]
    owner = await company.owner()
    for seat in seats:
        directory = seat.directory
        await true(lambda directory=directory: directory.owner(0) is not None)  # type: ignore[misc]  # the default binds it now
        found = directory.owner(0)
        assert found is not None
        assert company.seats[found.name] is owner
        assert (found.address, found.version) == (f"{found.name}:8090", "1.0")
    assert [len(seat.gained) for seat in seats].count(1) == 1
    assert owner.directory.mine(0) == owner.gained[0]
    others = [seat for seat in seats if seat is not owner]
    assert not any(seat.gained or seat.directory.mine(0) for seat in others)


async def test_all_are_known_by_name_and_how_far_each_has_come(
    hall: Hall, nursery: trio.Nursery
) -> None:
    company = Company(hall, nursery)
    one, two = company.add("b"), company.add("a")

    def told() -> list[tuple[str, int]]:
        return [(node.name, node.applied) for node in two.directory.nodes()]

    await true(lambda: told() == [("a", 0), ("b", 0)])
    one.directory.tell(7)
    await true(lambda: told() == [("a", 0), ("b", 7)])


async def test_who_drains_hands_over_and_takes_nothing_on(
    hall: Hall, nursery: trio.Nursery
) -> None:
    company = Company(hall, nursery)
    first = company.add("a")
    assert await company.owner() is first
    second = company.add("b")
    await true(lambda: len(first.directory.nodes()) == 2)
    await first.directory.drain()
    assert first.directory.mine(0) is None
    assert not first.directory.valid(0)
    assert await company.owner() is second
    assert second.gained[0].epoch > first.gained[0].epoch
    await second.go()
    await true(lambda: first.directory.owner(0) is None)
    assert len(first.gained) == 1


async def test_who_ends_without_a_goodbye_is_replaced(
    hall: Hall, nursery: trio.Nursery
) -> None:
    company = Company(hall, nursery)
    first = company.add("a")
    await company.owner()
    second = company.add("b")
    await true(lambda: second.directory.owner(0) is not None)
    await first.go()
    assert await company.owner("a") is second
    assert second.gained[0].epoch > first.gained[0].epoch


async def test_who_comes_back_under_its_name_may_own_again(
    hall: Hall, nursery: trio.Nursery
) -> None:
    company = Company(hall, nursery)
    before = company.add("a")
    await company.owner()
    await before.go()
    again = company.add("a")
    assert await company.owner() is again
    assert again.gained[0].epoch > before.gained[0].epoch


async def test_each_partition_has_its_own_claim(
    hall: Hall, nursery: trio.Nursery
) -> None:
    company = Company(hall, nursery, partitions=3)
    seat = company.add("a")
    await true(lambda: len(seat.gained) == 3)
    assert [seat.directory.mine(n) for n in range(3)] == [
        Claim(n, seat.gained[n].epoch) for n in range(3)
    ]
    await seat.directory.drain()
    second = company.add("b")
    await true(lambda: {claim.partition for claim in second.gained} == {0, 1, 2})
