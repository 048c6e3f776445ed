"""The page for shop developers says what there is."""

import msgspec

from actors.settings.document import Settings
from docs import settings


def test_its_tables_are_up_to_date() -> None:
    assert settings.PAGE.read_text() == settings.page(), "run `make docs`"


def test_every_section_is_there() -> None:
    page = settings.PAGE.read_text()
    for field in msgspec.structs.fields(Settings):
        assert f"### `{field.encode_name}`" in page
