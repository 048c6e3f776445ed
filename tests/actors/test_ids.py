import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.cells.idmaker import IdMaker
from actors.cells.names import called
from actors.ids import CHAT_ID_CHARS, STREAM_BITS, ChatId, Millis, encode_id, stream_of
from storage.accounts import Profile

NUMBERS = st.integers(0, 2**128 - 1)


@settings(max_examples=50)
@given(NUMBERS)
def test_a_chat_id_holds_its_stream(number: int) -> None:
    chat = ChatId(encode_id(number))
    assert len(chat) == CHAT_ID_CHARS
    assert stream_of(chat) == number >> (128 - STREAM_BITS)


@settings(max_examples=50)
@given(NUMBERS, NUMBERS)
def test_ids_sort_as_their_numbers_do(one: int, other: int) -> None:
    assert (encode_id(one) < encode_id(other)) == (one < other)


@pytest.mark.parametrize(
    "text",
    ["", "0" * 25, "0" * 27, "0" * 25 + "U", "0" * 25 + "a", "8" + "0" * 25, "é" * 26],
)
def test_what_is_no_chat_id_has_no_stream(text: str) -> None:
    assert stream_of(ChatId(text)) is None


def test_ids_grow_even_if_the_clock_goes_back() -> None:
    now = [1_795_000_000_000]
    ids = IdMaker(lambda: Millis(now[0]), random.Random(1))
    made: list[str] = []
    for step in (0, 0, 5, -3000, 0, 1, 3000):
        now[0] += step
        made += [ids.chat(), ids.profile()]
    assert made == sorted(made)
    assert len({stream_of(ChatId(each)) for each in made}) == len(made)


def test_what_follows_the_time_in_an_id_cannot_be_guessed() -> None:
    ids = IdMaker(lambda: Millis(1_795_000_000_000), random.Random(1))
    secrets = {ids.chat()[-12:] for _ in range(100)}
    assert len(secrets) == 100
    assert len({ids.token() for _ in range(100)}) == 100


def test_the_same_seed_makes_the_same_ids() -> None:
    one, other = (
        IdMaker(lambda: Millis(1_795_000_000_000), random.Random(7)) for _ in range(2)
    )
    assert [one.chat() for _ in range(5)] == [other.chat() for _ in range(5)]


@pytest.mark.parametrize(
    ("name", "email", "phone", "shown"),
    [
        ("Sue", "sue@x.pl", "1", "Sue"),
        (None, "sue@x.pl", "1", "sue@x.pl"),
        (None, None, "+48 1", "+48 1"),
        ("", None, None, "Visitor 6789"),
    ],
)
def test_a_person_is_called_by_the_best_that_is_known(
    name: str | None, email: str | None, phone: str | None, shown: str
) -> None:
    profile = Profile("s", "0123456789", "sub", name, email, phone, None, 0, 0)
    assert called(profile) == shown
