"""A start reads what falls due, and no chat (spec F53, U1)."""

from collections.abc import Callable
from pathlib import Path

import pytest
import trio

from storage import queries
from tests.system.shop import in_memory, serving
from tests.system.test_writes import opened, started

CHATS = 200


@pytest.mark.slow
@pytest.mark.usefixtures("virtual_time")
async def test_a_start_loads_no_chat(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chats: list[str] = []
    async with in_memory(tmp_path) as shop:
        for number in range(CHATS):
            client = await shop.shopper(f"s{number}")
            chat: str = (await client.ask("chat.start", text="hi"))["chat"]
            chats.append(chat)
            if number % 2:
                await client.ask("chat.end", chat=chat)
            await client.cut()
    read: list[str] = []
    for name in ("page", "load", "ticket"):
        if hasattr(queries, name):
            count = counted(read, name)
            monkeypatch.setattr(queries, name, count)
    # By the same clock: by another one all of them would be late for something.
    async with in_memory(tmp_path) as shop:
        assert read == []
        assert len(shop.broker.house.chats) == 0
        assert len(shop.broker.alarms) == CHATS // 2
    async with in_memory(tmp_path) as shop:
        ann = await shop.agent()
        await opened(ann, chats[0])
        assert len(shop.broker.house.chats) == 1


def counted(read: list[str], name: str) -> Callable[..., object]:
    """Return a query that notes when it is asked."""
    query: Callable[..., object] = getattr(queries, name)

    def count(*args: object, **kwargs: object) -> object:
        read.append(name)
        return query(*args, **kwargs)

    return count


@pytest.mark.slow
@pytest.mark.usefixtures("virtual_time")
async def test_a_chat_that_nobody_looks_at_is_put_away_and_comes_back(
    tmp_path: Path,
) -> None:
    async with in_memory(tmp_path) as shop:
        sara, chat = await started(shop)
        await sara.cut()
        await trio.sleep(700)
        assert len(shop.broker.house.chats) == 0
        sara = await shop.shopper()
        assert len(await opened(sara, chat)) >= 4
        assert (await sara.ask("msg.send", chat=chat, text="back"))["t"] == "ok"
        await trio.sleep(3000)
        # As long as somebody listens it stays.
        assert len(shop.broker.house.chats) == 1


async def test_a_fresh_folder_is_founded_and_a_used_one_left_as_it_is(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "new" / "shop"
    async with serving(folder) as shop:
        assert [site.id for site in shop.broker.sites] == ["default"]
        key = shop.broker.gate.key_for("shop", "default")
        staff = shop.broker.gate.key_for("staff", None)
        assert key is not None
        assert staff is not None
        assert key.secret != staff.secret
        await shop.hire("ann")
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / "journal.db").stat().st_mode & 0o077 == 0
    async with serving(folder) as shop:
        assert shop.broker.gate.key_for("shop", "default") == key
        assert shop.broker.gate.key_for("staff", None) == staff
        assert shop.broker.sites.agent("default", "ann") is not None
