"""A list of tickets over a link: every change applied, every gap noticed."""

from collections import deque

import pytest

from actors.ids import ChatId
from broker.wire.frames import Badge
from broker.wire.heard import Fields, InboxChange
from clients.received import Received
from clients.tickets import TicketList
from tests.wire.examples import C

PAGE = {"ix": 5, "rows": [{"chat": C}], "badge": 1, "more": False, "full": True}


class Answers:
    """A broker that knows what it will say."""

    def __init__(self, *answers: Fields) -> None:
        self.answers = deque(answers)
        self.asked: list[Fields] = []

    async def request(self, op: str, **fields: object) -> Fields:
        assert op == "inbox.open"
        self.asked.append(fields)
        return self.answers.popleft()


async def test_changes_follow_the_page() -> None:
    tickets = TicketList(Answers(PAGE), "all")
    await tickets.open()
    row = {"chat": C, "preview": "new"}
    assert await tickets.take(InboxChange(6, 5, row=row)) is True
    assert tickets.rows == {C: row}
    assert await tickets.take(InboxChange(9, 6, gone=C)) is True
    assert tickets.rows == {}


async def test_a_gap_is_filled_by_asking_for_what_has_changed() -> None:
    other = ChatId("other")
    since = {"ix": 9, "rows": [{"chat": other}], "badge": 2, "full": False}
    answers = Answers(PAGE, since)
    tickets = TicketList(answers, "all")
    await tickets.open()
    assert await tickets.take(InboxChange(9, 7, gone=C)) is True
    assert answers.asked[1]["after"] == 5
    assert tickets.rows.keys() == {C, other}
    assert tickets.badge == 2


@pytest.mark.parametrize("received", [InboxChange(5, 4, gone=C), Badge(3)])
async def test_what_says_nothing_new_changes_nothing(received: Received) -> None:
    tickets = TicketList(Answers(PAGE), "all")
    await tickets.open()
    assert await tickets.take(received) is False
    assert tickets.rows.keys() == {C}
