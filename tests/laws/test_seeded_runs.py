"""Runs drawn from a seed: the same again, races, and crashes that stay at home."""

import random
from pathlib import Path

import pykka
import pytest

from actors.cells.ports import Accepted
from actors.ids import ChatId, Person, stream_of
from actors.refusals import Reason, Refused
from tests.actors.client import Client
from tests.actors.scene import (
    ANN,
    BEN,
    Ask,
    assigning,
    ending,
    noting,
    reading,
    saying,
    snoozing,
)
from tests.actors.world import World
from tests.faults.disk import poisoned_text
from tests.laws.history import check, check_chat

pytestmark = pytest.mark.slow

POISON = "poison"


class Script:
    """Shoppers and agents at work in many chats, as a seed will have it."""

    def __init__(self, folder: Path, seed: int, *, number: int = 12) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.world = World(folder, seed=seed, shuffle=True)
        self.chance = random.Random(seed)
        self.agents = [self.world.client(ANN), self.world.client(BEN)]
        self.shoppers: list[Client] = []
        for index in range(number):
            shopper = self.world.client()
            shopper.arrive(f"sub-{index}")
            shopper.begin("hello", "start", sub=f"sub-{index}")
            self.shoppers.append(shopper)
        self.world.turn()
        self.chats = [self.chat_of(shopper) for shopper in self.shoppers]

    def chat_of(self, shopper: Client) -> ChatId:
        answer = shopper.answers["start"][0]
        assert isinstance(answer, Accepted)
        return answer.chat

    def play(self, steps: int, poison: int | None = None) -> World:
        """Play; where there is `poison`, that chat's shopper says it now and then."""
        for _ in range(steps):
            index = self.chance.randrange(len(self.chats))
            chat, shopper = self.chats[index], self.shoppers[index]
            agent = self.chance.choice(self.agents)
            what: Ask = self.chance.choice(
                (saying(), saying(), noting(), reading(4), assigning("ann"), snoozing())
            )
            if self.chance.random() < 0.01:
                what = ending()
            self.chance.choice((shopper.do, agent.do))(chat, what)
            if poison is not None:
                self.shoppers[poison].do(self.chats[poison], saying(POISON))
            for _ in range(self.chance.randrange(3)):
                self.world.system.run()
                self.world.journal.settle()
            if self.chance.random() < 0.1:
                self.world.wait(self.chance.choice((0.3, 5, 100)))
        self.world.wait(10)
        return self.world


@pytest.mark.parametrize("seed", range(3))
def test_a_seeded_run_is_the_same_again_to_the_last_byte(
    tmp_path: Path, seed: int
) -> None:
    dumps: list[bytes] = []
    for life in ("one", "other"):
        world = Script(tmp_path / life, seed).play(300)
        check(world)
        dumps.append(world.dump())
        world.close()
    assert len(dumps[0]) > 10_000
    assert dumps[0] == dumps[1]


def test_another_seed_is_another_run(tmp_path: Path) -> None:
    dumps: set[bytes] = set()
    for seed in range(3):
        world = Script(tmp_path / str(seed), seed).play(50)
        dumps.add(world.dump())
        world.close()
    assert len(dumps) == 3


def rows(world: World, chat: ChatId) -> list[tuple[object, ...]]:
    """Return a chat's event rows but for their place in the whole journal."""
    found = world.read(
        lambda db: db.execute(
            "SELECT * FROM event WHERE stream = ? ORDER BY seq", (stream_of(chat),)
        ).fetchall()
    )
    return [row[1:] for row in found]


@pytest.mark.parametrize("seed", range(3))
def test_a_chat_that_fails_over_and_over_touches_no_other(
    tmp_path: Path, seed: int
) -> None:
    """All other chats go byte for byte as in a world without the fault."""
    sound = Script(tmp_path / "sound", seed)
    sound.world.system._shuffle = None
    quiet = sound.play(150)
    ill = Script(tmp_path / "ill", seed)
    ill.world.system._shuffle = None
    assert ill.chats == sound.chats
    with poisoned_text(ill.world.path, POISON):
        loud = ill.play(150, poison=0)
    refused = [a for answers in ill.shoppers[0].answers.values() for a in answers]
    assert Refused(Reason.UNAVAILABLE) in refused
    for chat in sound.chats[1:]:
        assert rows(quiet, chat) == rows(loud, chat)
    check(loud)
    quiet.close()
    loud.close()


def test_of_a_thousand_races_of_an_end_against_messages_each_ends_lawfully(
    tmp_path: Path,
) -> None:
    world = World(tmp_path)
    chance = random.Random(11)
    lost = won = 0
    for number in range(1000):
        sue = world.client(Person(f"shopper:{number}"))
        ann, ben = world.client(ANN), world.client(BEN)
        chat = world.open(sue)
        ann.join(chat)
        ben.join(chat)
        moves = [
            (sue, saying("wait"), "a"),
            (ann, saying("bye"), "b"),
            (chance.choice((sue, ann, ben)), ending(), "end"),
            (ben, ending(), "over"),
        ]
        chance.shuffle(moves)
        for client, what, id_ in moves:
            client.do(chat, what, id_)
            for _ in range(chance.randrange(3)):
                chance.choice((world.system.run, world.journal.settle))()
        world.turn()
        records = world.records(chat)
        kinds = [record.kind for record in records]
        assert kinds.count("closed") == 1
        assert kinds[-1] == "closed"
        for client, what, id_ in moves:
            (answer,) = client.answers[id_]
            if what.__name__ == "End":
                assert isinstance(answer, Accepted)
                assert answer.already == (records[-1].id != id_)
            elif isinstance(answer, Accepted):
                won += 1
                assert answer.seq is not None
                assert records[answer.seq - 1].id == id_
            else:
                lost += 1
                assert answer.reason is Reason.CHAT_CLOSED
                assert answer.start_new
                assert id_ not in [record.id for record in records]
        for client in (sue, ann, ben):
            assert client.places[chat].gaps == []
            assert client.places[chat].at == len(records)
            client.leave(chat)
        world.let_rest()
        check_chat(world, chat)
        world.clients.clear()
    # Both outcomes happen, or these were no races.
    assert min(lost, won) > 200
    assert len(world.chats) <= 1
    world.close()


@pytest.mark.parametrize("seed", range(30))
def test_twenty_starts_at_once_make_one_chat_in_any_order(
    tmp_path: Path, seed: int
) -> None:
    world = World(tmp_path, seed=seed, shuffle=True)
    chance = random.Random(seed)
    tabs = [world.client() for _ in range(20)]
    for tab in tabs:
        tab.arrive("sue")
    for number, tab in enumerate(tabs):
        tab.begin(f"hello {number}", f"id {number % 15}")
        for _ in range(chance.randrange(3)):
            chance.choice((world.system.run, world.journal.settle))()
    world.turn()
    answers = [tab.answers[f"id {n % 15}"][0] for n, tab in enumerate(tabs)]
    accepted = [answer for answer in answers if isinstance(answer, Accepted)]
    assert len(accepted) == 20
    assert len({answer.chat for answer in accepted}) == 1
    assert len({answer.seq for answer in accepted}) == 15
    assert sum(answer.dup for answer in accepted) == 5
    check(world)
    world.close()


def test_many_chats_leave_nothing_in_pykkas_registry(tmp_path: Path) -> None:
    world = World(tmp_path)
    for number in range(300):
        world.open(world.client(Person(f"shopper:{number}")))
    assert len(world.chats) == 300
    assert len(pykka.ActorRegistry.get_all()) == 0
    world.close()
