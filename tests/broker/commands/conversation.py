"""A folder in which two people have talked."""

from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import trio
import trio.testing

from storage.meta import JOURNAL
from storage.schema import connect
from tests.system.client import Client
from tests.system.shop import Shop, in_memory


class Talk(NamedTuple):
    """Where it was, and what came of it."""

    folder: Path
    chat: str
    head: int

    def spoil(self, sql: str, *values: object) -> None:
        """Change the journal's file behind everybody's back."""
        db = connect(self.folder / JOURNAL)
        changed = db.execute(sql, values).rowcount
        # A bug of ours, which writes what it believes in, and not a bad disk.
        db.execute("UPDATE event SET sum = NULL")
        db.close()
        assert changed == 1


async def talk(shop: Shop) -> tuple[str, int]:
    """Let a shopper and an agent talk; return the chat, and its last event."""
    sara, ann = await shop.shopper(), await shop.agent()
    ask = partial(_ok, sara)
    chat: str = (await ask("chat.start", text="Where is my lamp?"))["chat"]
    await _ok(ann, "chat.open", chat=chat)
    # A moment that is later than the first ones.
    await trio.sleep(0.01)
    await _ok(ann, "msg.send", chat=chat, text="Let me look.", hold=True)
    await _ok(ann, "note.add", chat=chat, text="It fell from the van.")
    await _ok(ann, "read", chat=chat, seq=4)
    await ann.until(kind="read")
    await ask("msg.send", chat=chat, text="And?")
    head: int = (await _ok(ann, "chat.open", chat=chat))["head"]
    return chat, head


def had(folder: Path) -> Talk:
    """Return a folder with that conversation, which nobody serves."""

    async def have() -> tuple[str, int]:
        async with in_memory(folder) as shop:
            return await talk(shop)

    clock = trio.testing.MockClock(autojump_threshold=0)
    return Talk(folder, *trio.run(have, clock=clock))


async def _ok(client: Client, op: str, **fields: object) -> dict[str, Any]:
    answer: dict[str, Any] = await client.ask(op, **fields)
    assert answer["t"] == "ok", answer
    return answer
