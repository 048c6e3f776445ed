"""`shopwire webhook`: looking at what was not told, and telling it again."""

from functools import partial
from pathlib import Path

import pytest
import trio

from broker.office.webhooks import add_webhook
from broker.outward.delivery import GIVEN_UP_MS
from storage import outgoing, webhooks
from storage.webhooks import Step, Webhook
from tests.broker.commands.typed import parsed, printed, typed
from tests.system.shop import serving

pytestmark = pytest.mark.slow


async def given_up(folder: Path) -> str:
    """Return a webhook that was not told of two events."""
    async with serving(folder) as shop:
        # Where nobody listens, and nobody may be called.
        url = "http://127.0.0.1:9/secret"
        hook = await add_webhook(shop.broker, "default", url, ("rated",))
        assert isinstance(hook, Webhook)
        sara = await shop.shopper()
        await sara.ask("chat.start", text="hello")
        stale = shop.broker.clock() - GIVEN_UP_MS - 1
        found = Step([(n, 1, n, stale) for n in (1, 2)], hook.position)
        change = shop.broker.change
        await change(partial(webhooks.advance, hook=hook, found=found))
        for number in (1, 2):
            await change(partial(outgoing.finish, id_=number, now=stale, error="no"))
            await change(partial(outgoing.forget, id_=number, now=stale))
        return hook.id


def test_dead_letters_are_listed_and_told_again(tmp_path: Path) -> None:
    hook = trio.run(given_up, tmp_path)
    (listed,) = parsed(tmp_path, "webhook", "list")
    assert (listed["id"], listed["pending"], listed["dead"]) == (hook, 0, 2)
    assert "whsec_" not in printed(tmp_path, "webhook", "list")
    lines = printed(tmp_path, "webhook", "dead", hook).splitlines()
    assert len(lines) == 2
    assert "hello" not in lines[0]
    assert parsed(tmp_path, "webhook", "replay", hook, "2") == {"replayed": 1}
    assert parsed(tmp_path, "webhook", "replay", hook) == {"replayed": 1}
    gone = typed("webhook", "replay", "none", "--data", tmp_path)
    assert (gone.exit_code, "no such webhook" in gone.output) == (1, True)
