"""A conversation through a node that does not own: `--clustered` has all the others."""

from pathlib import Path

import pytest

from tests.system.client import Form
from tests.system.shop import serving
from tests.system.test_writes import started

pytestmark = pytest.mark.slow


@pytest.mark.usefixtures("clustered")
async def test_a_chat_goes_on_through_another_node_and_a_restart(
    tmp_path: Path, form: Form
) -> None:
    async with serving(tmp_path / "shop", form) as shop:
        sara, chat = await started(shop)
        ann = await shop.agent("ann")
        said = await ann.ask("msg.send", chat=chat, text="Hello Sara.")
        heard = await sara.until(kind="msg", by="agent:ann")
        assert heard["seq"] == said["seq"]
        assert shop.broker.keepalive
    async with serving(tmp_path / "shop", form) as shop:
        assert [entry.seq for entry in await shop.journal(chat)][-1] == said["seq"]
        sara = await shop.shopper()
        opened = await sara.ask("chat.open", chat=chat, after=said["seq"])
        assert opened["head"] == said["seq"]
    assert (tmp_path / "shop-other" / "journal.db").exists()
