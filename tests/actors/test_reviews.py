"""A change of settings is seen by every unclosed chat of the site, some at a time."""

import sqlite3

import pytest

from actors.cells.reviews import APART, AT_ONCE, RETRY
from actors.ids import ChatId, Person, SiteId
from actors.settings.attention import CheckInSettings
from storage import queries
from tests.actors.scene import SITE, ending, rules
from tests.actors.world import World

SOON = rules(CheckInSettings(remind_s=20, breach_s=40))
OFF = rules(CheckInSettings(enabled=False))


def open_chats(world: World, number: int) -> list[ChatId]:
    return [
        world.open(world.client(Person(f"shopper:{index}"))) for index in range(number)
    ]


def dues(world: World) -> list[int]:
    """Return in how many seconds each chat's row wants it woken."""
    return [(due - world.now) // 1000 for _, due in world.read(queries.due)]


def test_new_settings_hold_for_chats_that_wait(world: World) -> None:
    chats = open_chats(world, 3)
    world.rules = SOON
    world.reviews.begin(SITE)
    world.wait(1)
    assert dues(world) == [19, 19, 19]
    assert len(world.reviews) == 0
    world.wait(20)
    assert [world.kinds(chat)[-1] for chat in chats] == ["checkin"] * 3


def test_check_ins_switched_off_ring_no_more_and_switched_on_ring_again(
    world: World,
) -> None:
    (chat,) = open_chats(world, 1)
    world.rules = OFF
    world.reviews.begin(SITE)
    world.wait(1)
    assert (dues(world), len(world.alarms)) == ([], 0)
    world.wait(1000)
    assert world.kinds(chat)[-1] == "msg"
    world.rules = SOON
    world.reviews.begin(SITE)
    world.wait(1)
    # Both marks had passed by then.
    assert world.kinds(chat)[-2:] == ["checkin", "checkin"]


def test_the_row_is_right_for_the_next_start_of_the_process_too(world: World) -> None:
    (chat,) = open_chats(world, 1)
    world.rules = SOON
    world.reviews.begin(SITE)
    world.wait(1)
    world.restart(kill=True)
    world.rules = SOON
    world.wait(20)
    assert world.kinds(chat)[-1] == "checkin"


def test_chats_that_rest_are_loaded_to_look_and_closed_ones_are_not(
    world: World,
) -> None:
    chats = open_chats(world, 3)
    closer = world.client(Person("agent:ann"))
    closer.gets(chats[0], ending())
    world.restart()
    world.rules = SOON
    world.reviews.begin(SITE)
    world.wait(1)
    assert {cell.key for cell in world.chats} == set(chats[1:])


@pytest.mark.slow
def test_a_review_of_many_chats_is_paced(world: World) -> None:
    open_chats(world, 2 * AT_ONCE + 1)
    world.restart()
    world.rules = SOON
    world.reviews.begin(SITE)
    world.wait(0.3)
    assert len(world.chats) == AT_ONCE
    world.wait(2 * APART)
    assert len(world.chats) > AT_ONCE
    world.wait(10 * APART)
    assert len(world.chats) == 2 * AT_ONCE + 1
    assert len(world.reviews) == 0


def test_a_second_change_takes_the_place_of_the_first(world: World) -> None:
    open_chats(world, 2)
    world.rules = SOON
    world.reviews.begin(SITE)
    world.reviews.begin(SITE)
    world.timers.advance()
    world.rules = OFF
    world.reviews.begin(SITE)
    assert len(world.reviews) == 1
    world.wait(1)
    assert dues(world) == []
    assert len(world.reviews) == 0


def test_a_review_overtaken_while_it_reads_is_over(world: World) -> None:
    open_chats(world, 1)
    world.reviews.begin(SITE)
    world.now = type(world.now)(world.now + 1000)
    world.timers.advance()
    world.reviews.begin(SITE)
    world.turn()
    assert len(world.reviews) == 1
    world.wait(1)
    assert len(world.reviews) == 0


def test_a_site_without_chats_has_nothing_to_review(world: World) -> None:
    world.reviews.begin(SiteId("quiet"))
    world.wait(1)
    assert len(world.reviews) == 0


def test_a_journal_that_cannot_be_read_is_asked_again(world: World) -> None:
    open_chats(world, 1)
    world.rules = SOON

    def wrong(*_: object, **__: object) -> None:
        raise sqlite3.OperationalError("interrupted")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(queries, "unclosed_of_site", wrong)
        world.reviews.begin(SITE)
        world.wait(1)
        assert len(world.reviews) == 1
    world.wait(2 * RETRY)
    assert len(world.reviews) == 0
