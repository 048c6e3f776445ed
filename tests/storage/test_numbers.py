"""Who is behind a telephone number."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from storage import accounts, numbers
from storage.accounts import Profile
from tests.storage.books import Books


@pytest.fixture
def books(path: Path) -> Iterator[Books]:
    made = Books(path, inline=True)
    yield made
    made.close()


def know(
    books: Books, id_: str, phone: str | None, sub: str | None = None, at: int = 1
) -> None:
    made = Profile("default", id_, sub, None, None, phone, None, 1, at)
    books.change(partial(accounts.add_profile, new=made))


def known(books: Books, number: str, site: str = "default") -> str | None:
    found = books.ask(partial(numbers.profile, site=site, number=number))
    return None if found is None else found.id


def test_a_number_is_found_whatever_stands_between_its_digits(books: Books) -> None:
    know(books, "a", "+48 (600) 100-200")
    know(books, "b", "+48.600.100.300")
    know(books, "c", None)
    assert known(books, "+48600100200") == "a"
    assert known(books, "+48600100300") == "b"
    assert known(books, "+48600100400") is None
    assert known(books, "+48600100200", "outlet") is None


def test_of_several_it_is_the_shops_customer_last_told_of(books: Books) -> None:
    know(books, "a", "+481", at=9)
    know(books, "b", "+481", "kim", 2)
    know(books, "c", "+481", "kit", 3)
    assert known(books, "+481") == "c"
