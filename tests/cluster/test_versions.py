"""Two versions of the program side by side, as in a deploy that goes node by node."""

import sqlite3
from collections.abc import AsyncGenerator
from contextlib import closing
from pathlib import Path

import msgspec
import pytest
import trio
from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

from broker.cluster import relay
from broker.cluster.nats.directory import Holding, Sign
from broker.cluster.nats.log import Manifest
from broker.cluster.ports import Node
from storage import schema
from storage.migrations import migrations
from tests.cluster.nodes import Group, Member, group, token
from tests.cluster.test_entrance import asked, get
from tests.cluster.test_node import welcomed

pytestmark = pytest.mark.slow


@pytest.fixture
async def nodes(tmp_path: Path) -> AsyncGenerator[Group]:
    async with group(tmp_path) as made:
        yield made


@pytest.fixture
def newer(monkeypatch: pytest.MonkeyPatch) -> Migrations:
    """Make programs that begin from now on newer ones, with a table more."""
    longer = Migrations("shopwire")
    longer._migrations = list(migrations._migrations)

    @longer()
    def hats(db: Database) -> None:
        db.execute("CREATE TABLE hat(size INTEGER) STRICT")

    del hats
    monkeypatch.setattr(schema, "migrations", longer)
    return longer


def has_hats(member: Member) -> bool:
    with closing(sqlite3.connect(member.folder / "journal.db")) as connection:
        listed = "SELECT count(*) FROM sqlite_master WHERE name = 'hat'"
        return bool(connection.execute(listed).fetchone()[0])


async def drains(nodes: Group, name: str) -> None:
    """Return when a node has given up to own."""
    with trio.fail_after(10):
        while not nodes.server.nodes[name].draining:
            await nodes.server.changed()


@pytest.mark.parametrize(
    "known",
    [
        Sign(Node("one", "h:1", "1.0", 5), 7),
        Holding("one", 3),
        Manifest("journal", 2, "00", 9, (8, 9)),
    ],
    ids=lambda known: type(known).__name__,
)
def test_what_a_newer_program_says_beside_is_passed_over(
    known: Sign | Holding | Manifest,
) -> None:
    said = msgspec.json.encode(known).replace(b"{", b'{"more":[1],')
    assert msgspec.json.decode(said, type=type(known)) == known


async def test_a_newer_program_changes_nothing_before_it_owns(
    nodes: Group, nursery: trio.Nursery, request: pytest.FixtureRequest
) -> None:
    one = await nodes.add("one")
    signed = token(await one.broker())
    request.getfixturevalue("newer")
    two = await nodes.add("two")
    shopper = await welcomed(two, nursery, signed)
    chat = (await shopper.ask("chat.start", text="hello"))["chat"]
    await nodes.even(two)
    assert not has_hats(two)
    one.life.leave()
    await two.broker()
    assert has_hats(two)
    again = await welcomed(two, nursery, signed)
    opened = await again.ask("chat.open", chat=chat, after=0)
    assert opened["ticket"]["preview"] == "hello"
    # What it has changed comes to whoever follows, by the log.
    three = await nodes.add("three")
    await nodes.even(three)
    assert has_hats(three)


async def test_an_older_program_follows_and_relays_but_never_owns(
    nodes: Group,
    nursery: trio.Nursery,
    newer: Migrations,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(relay, "WAIT_S", 0.2)
    one = await nodes.add("one")
    signed = token(await one.broker())
    monkeypatch.setattr(schema, "migrations", migrations)
    two = await nodes.add("two")
    shopper = await welcomed(two, nursery, signed)
    said = await shopper.ask("chat.start", text="hello")
    assert said["t"] == "ok"
    await nodes.even(two)
    assert has_hats(two)
    one.life.leave()
    await drains(nodes, "two")
    assert two.life.broker is None
    answer = await asked(two, get("/readyz"))
    assert answer.startswith("HTTP/1.1 503 ")
    assert "Retry-After: " in answer
    # All is there for the next newer one, from the older one's log and copy.
    monkeypatch.setattr(schema, "migrations", newer)
    three = await nodes.add("three")
    await three.broker()
    again = await welcomed(two, nursery, signed)
    opened = await again.ask("chat.open", chat=said["chat"], after=0)
    assert opened["head"] == said["seq"]
