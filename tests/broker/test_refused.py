"""What was refused is told by code and number."""

import pytest
import trio

from broker.limits import Tally
from broker.refused import EVERY_S, Refusals
from broker.wire.errors import Code
from tests.system.shop import Shop


def test_a_line_says_what_is_new(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    told = Tally()
    refusals, tally = Refusals(told), told.refused
    refusals.tell()
    assert caplog.messages == []
    tally[Code.NOT_FOUND] += 1
    tally[Code.RATE_LIMITED] += 50
    refusals.tell()
    assert caplog.messages == [f"refused in {EVERY_S} s: rate_limited 50, not_found 1"]
    refusals.tell()
    tally[Code.NOT_FOUND] += 2
    refusals.tell()
    assert caplog.messages[1:] == [f"refused in {EVERY_S} s: not_found 2"]


async def test_what_a_client_is_told_is_counted_and_said_without_its_name(
    quick_shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    sara = await quick_shop.shopper("sara")
    for _ in range(3):
        await sara.ask("msg.send", chat="canary", text="canary")
    await sara.ask("note.add", chat="canary", text="canary")
    stranger = await quick_shop.connect()
    await stranger.hello(token="canary")
    await trio.sleep(EVERY_S + 1)
    said = [line for line in caplog.messages if line.startswith("refused")]
    assert said == [f"refused in {EVERY_S} s: not_found 3, forbidden 1, auth_failed 1"]
    refused = quick_shop.broker.tally.refused
    assert refused == {Code.NOT_FOUND: 3, Code.FORBIDDEN: 1, Code.AUTH_FAILED: 1}
