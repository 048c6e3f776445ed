"""`shopwire top`, asked of a broker that runs."""

from functools import partial
from pathlib import Path

import msgspec
import pytest
import trio
from rich.console import Console

from broker.commands.top import MEANINGS, lines, table
from broker.vitals import Vitals, taken
from tests.broker.commands.typed import typed
from tests.system.shop import Shop, serving

CALM = Vitals(
    at=100.0,
    version="1",
    connections=0,
    http_connections=0,
    agents_online=0,
    chats=0,
    unassigned=0,
    overdue=0,
    oldest_wait_s=0.0,
    published=0,
    delivered=0,
    refused=0,
    limited=0,
    restarts=0,
    slow_turns=0,
    unsettled=0,
    commits=0,
    commit_s=0.0,
    writable=True,
    overloaded=False,
    outgoing=0,
)


def test_rates_are_of_the_time_between_two_looks() -> None:
    later = msgspec.structs.replace(
        CALM, at=104.0, published=400, delivered=800, commits=8, commit_s=0.016
    )
    shown = {row.name: row.plain for row in lines(later, CALM)}
    assert shown["events_s"] == "100"
    assert shown["deliveries_s"] == "200"
    assert (shown["commits_s"], shown["commit_ms"]) == ("2", "2")
    assert {row.plain for row in lines(later, None) if row.name == "events_s"} == {"0"}


def test_what_is_bad_stands_out() -> None:
    assert [row.name for row in lines(CALM, None) if row.bad] == []
    ill = msgspec.structs.replace(
        CALM, unassigned=1, overdue=1, oldest_wait_s=90, restarts=1, writable=False
    )
    assert [row.name for row in lines(ill, CALM) if row.bad] == [
        "unassigned",
        "overdue",
        "oldest_wait_s",
        "restarts",
        "writable",
    ]
    console = Console(width=100)
    with console.capture() as said:
        console.print(table(ill, lines(ill, CALM)))
    assert all(name in said.get() for name in MEANINGS)


@pytest.mark.slow
async def test_a_line_for_each_look_where_there_is_no_terminal(tmp_path: Path) -> None:
    async with serving(tmp_path) as shop:
        sara = await shop.shopper()
        await sara.ask("chat.start", text="canary")
        words = ("top", "--data", tmp_path, "--every", "0.1", "--count", "2")
        result = await trio.to_thread.run_sync(partial(typed, *words))
    assert result.exit_code == 0, result.output
    first, second = result.output.splitlines()
    shown = dict(word.split("=") for word in second.split())
    assert list(shown) == list(MEANINGS)
    assert (shown["connections"], shown["chats"], shown["unassigned"]) == ("1",) * 3
    assert float(shown["oldest_wait_s"]) > 0
    assert "canary" not in first


def test_it_is_said_that_nobody_serves_the_folder(tmp_path: Path) -> None:
    result = typed("top", "--data", tmp_path)
    assert result.exit_code == 1
    assert "Nobody serves" in result.output


async def test_looking_changes_no_figure(quick_shop: Shop) -> None:
    sara = await quick_shop.shopper()
    await sara.ask("chat.start", text="hello")
    first, second = taken(quick_shop.broker), taken(quick_shop.broker)
    assert msgspec.structs.replace(first, at=0, oldest_wait_s=0) == (
        msgspec.structs.replace(second, at=0, oldest_wait_s=0)
    )
