"""One person, any number of tabs: one chat (F6)."""

import sqlite3
from contextlib import closing

import pytest

from actors.cells import profile as profile_cells
from actors.cells import starting as starting_module
from actors.cells.ports import Accepted
from actors.cells.profile import Arrive, Claims
from actors.cells.starting import TRIES
from actors.ids import ChatId, Person
from actors.refusals import Reason, Refused
from actors.settings.document import Settings
from actors.settings.rules import Rules
from actors.settings.storefront import LegalSettings
from storage import accounts, queries
from storage.records import TicketRow
from tests.actors.client import Client
from tests.actors.scene import ANN, SITE, ending, saying
from tests.actors.world import World
from tests.faults.disk import full_disk, poisoned_text

LATER = Refused(Reason.UNAVAILABLE)
POISON = "poison"


@pytest.fixture
def sue(world: World) -> Client:
    client = world.client()
    client.arrive("sue", name="Sue")
    return client


def tickets(world: World) -> list[TicketRow]:
    found = world.read(
        lambda db: db.execute("SELECT * FROM ticket ORDER BY stream").fetchall()
    )
    return [TicketRow(*row) for row in found]


def begun(client: Client, id_: str = "begin", text: str = "hello") -> Accepted:
    """Start a chat and return the answer that grants it."""
    client.begin(text, id_)
    client.world.turn()
    answer = client.answers[id_][-1]
    assert isinstance(answer, Accepted), answer
    return answer


# Arriving.


def test_a_person_is_made_on_the_first_arrival_and_known_on_the_next(
    world: World, sue: Client
) -> None:
    assert sue.profile is not None
    assert (sue.profile.sub, sue.profile.name) == ("sue", "Sue")
    world.restart(kill=True)
    again = world.client()
    again.arrive("sue", name="Sue")
    assert again.profile == sue.profile
    other = world.client()
    other.arrive("bob")
    assert other.profile is not None
    assert other.profile.id != sue.profile.id


def test_what_a_token_says_is_taken_over_and_what_it_leaves_out_stays(
    world: World, sue: Client
) -> None:
    world.now = type(world.now)(world.now + 5000)
    sue.arrive("sue", email="sue@x.pl")
    assert sue.profile is not None
    assert (sue.profile.name, sue.profile.email) == ("Sue", "sue@x.pl")
    assert sue.profile.updated_at == sue.profile.created_at + 5000
    row = world.read(lambda db: accounts.profile_by_sub(db, SITE, "sue"))
    assert row == sue.profile


def test_an_arrival_that_brings_nothing_new_writes_nothing(
    world: World, sue: Client
) -> None:
    before = world.journal.stats().items
    sue.arrive("sue", name="Sue")
    assert world.journal.stats().items == before


def test_who_arrives_hears_of_the_chat_that_runs(sue: Client) -> None:
    assert sue.chat is None
    chat = begun(sue).chat
    sue.arrive("sue")
    assert sue.chat == chat
    sue.gets(chat, ending())
    sue.arrive("sue")
    assert sue.chat is None


def test_whoever_has_been_answered_is_kept_in_memory_no_longer(
    world: World, sue: Client
) -> None:
    assert len(world.people) == 0
    sue.arrive("sue", name="Susan")
    assert len(world.people) == 0
    sue.begin("hello", "a")
    world.system.run()
    assert len(world.people) == 1
    world.turn()
    assert len(world.people) == 0


def test_who_arrives_waits_for_one_read(world: World, sue: Client) -> None:
    sue.who = Person("")
    world.people.tell(f"{SITE}/sue", Arrive(Claims("sue"), sue))
    world.system.run()
    world.read_some(1)
    world.hear()
    world.system.run()
    assert sue.who.startswith("shopper:")


def test_many_arrivals_at_once_make_one_person(world: World) -> None:
    tabs = [world.client() for _ in range(20)]
    for tab in tabs:
        world.people.tell(f"{SITE}/sue", Arrive(Claims("sue", "Sue"), tab))
    world.turn()
    assert len({tab.who for tab in tabs}) == 1
    count = world.read(lambda db: db.execute("SELECT count(*) FROM profile").fetchone())
    assert count == (1,)


def test_who_arrives_at_a_full_disk_is_turned_away_and_may_come_again(
    world: World,
) -> None:
    client = world.client()
    with full_disk(world.journal):
        for number in range(200):
            client.arrive(f"p{number}", name="x" * 4000)
        assert client.turned > 0
    before = client.turned
    client.arrive("p199", name="Late")
    assert client.turned == before
    assert client.profile is not None
    assert client.profile.name == "Late"


def test_a_person_whose_row_somebody_else_has_taken_is_looked_up_again(
    world: World, sue: Client
) -> None:
    world.people.tell(f"{SITE}/sue", Arrive(Claims("sue", "Susan"), sue))
    world.system.run()
    world.read_some()
    world.hear()
    world.system.run()
    # Her new name is on its way to her row.
    with closing(sqlite3.connect(world.path, isolation_level=None)) as tool:
        tool.execute("DELETE FROM profile")
    world.turn()
    assert sue.turned == 1
    sue.arrive("sue", name="Susan")
    assert sue.profile is not None
    assert sue.profile.name == "Susan"


# Starting.


def test_a_start_makes_a_chat_and_a_ticket_with_the_same_id(
    world: World, sue: Client
) -> None:
    answer = begun(sue)
    assert (answer.existing, answer.dup, answer.seq) == (False, False, 4)
    (ticket,) = tickets(world)
    assert ticket.chat == answer.chat
    assert ticket.profile == (sue.profile.id if sue.profile else None)
    assert sue.places[answer.chat].log == [1, 2, 3, 4]


@pytest.mark.parametrize("shuffle", [False, True])
def test_twenty_starts_at_once_make_one_chat(world: World, *, shuffle: bool) -> None:
    if shuffle:
        world.shuffle = True
        world.restart()
    tabs = [world.client() for _ in range(20)]
    for tab in tabs:
        tab.arrive("sue")
    for number, tab in enumerate(tabs):
        tab.begin(f"hello {number}", f"id {number}")
    world.turn()
    answers = [tab.answers[f"id {number}"][0] for number, tab in enumerate(tabs)]
    chats = {answer.chat for answer in answers if isinstance(answer, Accepted)}
    assert len(chats) == 1
    assert len(tickets(world)) == 1
    existing = [a.existing for a in answers if isinstance(a, Accepted)]
    assert sorted(map(bool, existing)) == [False] + [True] * 19
    kinds = world.kinds(chats.pop())
    assert kinds == ["opened", "legal", *["msg"] * 21]


def test_twenty_retries_of_one_start_make_one_message(
    world: World, sue: Client
) -> None:
    for _ in range(20):
        sue.begin("hello", "same")
    world.turn()
    answers = [a for a in sue.answers["same"] if isinstance(a, Accepted)]
    assert [answer.dup for answer in answers] == [False] + [True] * 19
    assert len({(a.chat, a.seq, a.prev, a.at, a.existing) for a in answers}) == 1
    assert world.kinds(answers[0].chat).count("msg") == 2


def test_a_second_start_appends_and_the_connection_is_not_attached(
    world: World, sue: Client
) -> None:
    chat = begun(sue).chat
    twin = world.client()
    twin.arrive("sue")
    answer = begun(twin, "more", "one more thing")
    assert (answer.chat, answer.existing) == (chat, True)
    assert chat not in twin.places
    assert sue.places[chat].log[-1] == answer.seq


def test_after_the_end_a_start_makes_a_new_chat_that_knows_the_old(
    world: World, sue: Client
) -> None:
    first = begun(sue, "a").chat
    sue.gets(first, ending())
    second = begun(sue, "b").chat
    assert second > first
    assert [ticket.previous for ticket in tickets(world)] == [None, first]
    assert world.cell(second).state.previous == first


def test_a_start_repeated_after_the_end_and_after_a_restart_is_known(
    world: World, sue: Client
) -> None:
    first = begun(sue, "a")
    sue.gets(first.chat, ending())
    for _ in range(2):
        again = begun(sue, "a")
        assert again.dup
        assert (again.chat, again.seq, again.existing) == (first.chat, 4, False)
        world.restart(kill=True)
        sue = world.client()
        sue.arrive("sue")
    assert len(tickets(world)) == 1
    assert begun(sue, "b").chat != first.chat


def test_a_chat_closed_between_the_look_and_the_start_is_followed_by_a_new_one(
    world: World, sue: Client
) -> None:
    first = begun(sue, "a").chat
    sue.begin("hello again", "b")
    world.system.run()
    # The look finds the chat that runs; before it can act on that, an agent ends it.
    world.read_some()
    world.client(ANN).do(first, ending())
    world.system.run()
    world.write()
    world.hear(reads=False)
    world.turn()
    answer = sue.answers["b"][0]
    assert isinstance(answer, Accepted)
    assert answer.chat != first
    assert answer.existing is False
    assert world.kinds(first)[-1] == "closed"


def test_one_that_is_closed_every_time_is_told_so_in_the_end(
    world: World, sue: Client
) -> None:
    first = begun(sue, "a").chat
    sue.gets(first, ending())
    with pytest.MonkeyPatch.context() as patch:
        stream = tickets(world)[0].stream

        def stale(*_: object) -> tuple[int, ChatId]:
            return stream, first

        patch.setattr(queries, "unclosed", stale)
        sue.begin("hello", "b")
        before = world.journal.stats().items
        world.turn()
        assert sue.answers["b"] == [Refused(Reason.CHAT_CLOSED, start_new=True)]
        assert world.journal.stats().items - before <= TRIES
    assert begun(sue, "c").chat != first


@pytest.mark.parametrize("id_", ["a", "b"])
def test_a_start_that_could_not_be_stored_is_safe_to_try_again(
    world: World, sue: Client, id_: str
) -> None:
    with poisoned_text(world.path, POISON):
        sue.begin(POISON, "a")
        world.turn()
        assert sue.answers["a"] == [LATER]
        assert tickets(world) == []
        assert len(world.chats) == 0
    assert begun(sue, id_).existing is False
    assert len(tickets(world)) == 1


def test_what_another_process_would_have_started_is_seen_by_the_fence(
    world: World, sue: Client
) -> None:
    """The unique index holds even where the actors were deceived."""
    first = begun(sue, "a").chat
    with pytest.MonkeyPatch.context() as patch:

        def blind(*_: object, **__: object) -> None:
            return None

        patch.setattr(starting_module, "find_unclosed", blind)
        sue.begin("hello", "b")
        world.turn()
        assert sue.answers["b"] == [LATER]
    assert begun(sue, "b").chat == first
    assert len(tickets(world)) == 1


def test_a_refused_start_leaves_no_chat_in_memory(world: World, sue: Client) -> None:
    sue.begin("   ", "a")
    world.turn()
    refused = sue.answers["a"][0]
    assert isinstance(refused, Refused)
    assert refused.reason is Reason.BAD_FRAME
    assert len(world.chats) == 0
    world.rules = Rules(1, Settings(legal=LegalSettings(ack_required=True)))
    sue.begin("hello", "b")
    world.turn()
    assert [type(answer) for answer in sue.answers["b"]] == [Refused]


def test_a_start_waits_behind_one_to_be_tried_again(world: World, sue: Client) -> None:
    sue.bars[ChatId("")] = Reason.UNAVAILABLE
    sue.begin()
    world.turn()
    assert sue.answers["begin"] == [LATER]
    sue.bars.clear()
    assert begun(sue).existing is False


def test_one_who_never_arrived_starts_nothing(world: World) -> None:
    client = world.client(Person("shopper:nobody"))
    client.begin(sub="nobody")
    world.turn()
    assert client.answers["begin"] == [LATER]


def test_a_profile_that_rested_still_knows_who_it_is(world: World, sue: Client) -> None:
    chat = begun(sue).chat
    sue.leave(chat)
    world.let_rest()
    assert len(world.people) == len(world.chats) == 0
    assert begun(sue, "b").chat == chat


def test_a_bug_here_restarts_this_person_and_answers_who_met_it(
    world: World, sue: Client
) -> None:
    def wrong(*_: object, **__: object) -> None:
        raise RuntimeError

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(profile_cells, "called", wrong)
        sue.begin("hello", "a")
        sue.begin("hello", "b")
        world.turn()
        assert sue.answers == {"a": [LATER], "b": [LATER]}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sue, "arrived", wrong)
        sue.arrive("sue")
        assert sue.turned == 1
    assert begun(sue, "a").existing is False
    world.people.tell(f"{SITE}/sue", "what?")
    world.turn()
    assert world.system.restarts == 3


def test_an_answer_to_a_start_of_an_earlier_life_lets_no_mail_through(
    world: World, sue: Client
) -> None:
    sue.begin("hello", "a")
    for _ in range(2):
        world.system.run()
        world.journal.settle()
    world.system.run()
    # The chat has been looked for, and its append is on its way.
    world.read_some(1)
    world.hear()
    world.system.run()
    (person,) = world.people
    person.restart()
    sue.begin("more", "b")
    world.system.run()
    world.write()
    world.hear(reads=False)
    assert "a" in sue.answers
    assert person.held, "who it is has not been read again"
    world.turn()
    answers = [sue.answers[id_][0] for id_ in "ab"]
    assert all(isinstance(answer, Accepted) for answer in answers)
    assert len(tickets(world)) == 1


def test_a_chat_start_by_way_of_the_relay_keeps_a_turn_each(
    world: World, sue: Client
) -> None:
    """A message to the chat between two starts is not held up by the profile."""
    chat = begun(sue, "a").chat
    sue.begin("second", "b")
    sue.do(chat, saying("between"), "c")
    world.turn()
    assert sue.order[-2:] == ["c", "b"]


# How many (F57).

HOUR = 3600 * 1000


def open_and_close(sue: Client, name: str) -> None:
    chat = begun(sue, name).chat
    sue.gets(chat, ending())


def refused_start(world: World, sue: Client, name: str) -> Refused:
    sue.begin("hello", name)
    world.turn()
    answer = sue.answers[name][-1]
    assert isinstance(answer, Refused), answer
    return answer


def test_a_shopper_opens_so_many_chats_and_no_more_until_the_first_is_old(
    world: World, sue: Client
) -> None:
    for number in range(6):
        open_and_close(sue, f"chat-{number}")
        world.wait(HOUR / 1000)
    refused = refused_start(world, sue, "one more")
    assert refused.reason is Reason.RATE_LIMITED
    assert refused.limit == 6
    assert refused.retry_after is not None
    # The count is in the journal: a new process knows it too.
    world.restart(kill=True)
    again = world.client()
    again.arrive("sue", name="Sue")
    late = refused_start(world, again, "and again")
    assert late.reason is Reason.RATE_LIMITED
    assert late.retry_after is not None
    world.wait(late.retry_after / 1000 + 1)
    assert not begun(again, "now").existing


def test_a_start_that_appends_to_the_chat_that_runs_is_no_new_one(sue: Client) -> None:
    for number in range(5):
        open_and_close(sue, f"chat-{number}")
    begun(sue, "the sixth")
    for number in range(5):
        assert begun(sue, f"more-{number}").existing
    # So is a repeat of one that opened a chat, whatever became of it.
    assert begun(sue, "chat-0").dup


def test_load_tests_open_any_number(world: World, sue: Client) -> None:
    for number in range(6):
        open_and_close(sue, f"chat-{number}")
    assert refused_start(world, sue, "limited").reason is Reason.RATE_LIMITED
    sue.limited = False
    world.wait(5)
    assert not begun(sue, "unlimited").existing
