"""The page that says what the types say."""

from broker.wire.errors import Close, Code
from docs import generate


def test_the_protocol_page_is_up_to_date() -> None:
    assert generate.PAGE.read_text() == generate.page(), "run `make docs`"


def test_the_page_names_every_code_and_every_close_code() -> None:
    page = generate.page()
    assert all(f"| `{code}` |" in page for code in Code)
    assert all(f"| {int(close)} |" in page for close in Close)
