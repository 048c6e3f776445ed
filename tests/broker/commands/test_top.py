"""`shopwire top`, asked of a broker that runs."""

import os
import re
from functools import partial
from pathlib import Path

import msgspec
import pytest
import trio

from broker.commands.instruments import MEANINGS, WIDE, Line, drawn, lines
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


SGR = re.compile(r"\x1b\[[0-9;]*m")
HUGE = msgspec.structs.replace(
    CALM,
    at=104.0,
    connections=123_456,
    chats=9_999_999,
    oldest_wait_s=123_456.7,
    published=9_876_543,
    outgoing=10**12,
    commit_s=1e9,
    commits=1,
    writable=False,
)


@pytest.mark.parametrize("now", [CALM, HUGE], ids=["calm", "huge"])
@pytest.mark.parametrize("width", [1, 5, 20, 39, 40, 79, 80, 200])
@pytest.mark.parametrize("height", [1, 9, 10, 19, 24, 60])
def test_it_fits_whatever_room_there_is(now: Vitals, width: int, height: int) -> None:
    room = os.terminal_size((width, height))
    shown = [SGR.sub("", each) for each in drawn(now, lines(now, CALM), room)]
    assert 0 < len(shown) <= height
    assert max(map(len, shown)) <= width
    if width >= 40 and height >= 10:
        words = " ".join(shown).split()
        assert all(name in words for name in MEANINGS)
    if width >= WIDE and height >= 24:
        assert all(meaning in "".join(shown) for meaning in MEANINGS.values())


def test_a_number_stays_short_and_true() -> None:
    said = {
        0: "0",
        7: "7",
        12.34: "12.3",
        99.96: "100",
        12_345: "12345",
        123_456: "123k",
        99_999.6: "100k",
        10**7: "10M",
        10**11: "100G",
        10**13: "9999G",
    }
    assert {number: Line("x", number).short for number in said} == said
    assert Line("x", 1_234_567).plain == "1234567"


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
