"""What lists and readers are told of a chat's events."""

from actors.chat.events import Event, Got, Opened, Read, Said
from actors.chat.state import ChatState, evolve
from actors.ids import AGENT, BOT, Millis, Person, Seq
from actors.rows import read_rows, ticket_row
from actors.settings.rules import Rules

PAT = Person("shopper:p")
ANN = Person(f"{AGENT}ann")


def told(*events: Event) -> ChatState:
    state = ChatState()
    opened = Opened("c", "default", "p", "chat")
    for event in (Event(PAT, Millis(1), opened), *events):
        evolve(state, event)
    return state


def said(by: Person, text: str) -> Event:
    return Event(by, Millis(2), Said(text, auto="bot" if by == BOT else None))


def test_a_row_says_whose_words_it_shows() -> None:
    state = told(said(PAT, "hello"), said(ANN, "hi"), said(BOT, "!"))
    row = ticket_row(7, state, Rules())
    assert (row.preview, row.said_by, row.shopper_said) == ("hi", ANN, 2)


def test_of_cursors_only_what_agents_read_is_listed() -> None:
    events = (
        Event(ANN, Millis(3), Read(ANN, Seq(2), shown=False)),
        Event(ANN, Millis(3), Got(ANN, Seq(3), shown=False)),
        Event(PAT, Millis(3), Read(PAT, Seq(1), shown=True)),
    )
    assert read_rows(7, events) == ((7, "ann", 2),)
