"""Writes the tables of `docs/storefront.md`: a site's settings, by section."""

import inspect
import typing
from collections.abc import Iterator
from pathlib import Path

import msgspec
from msgspec import NODEFAULT, Meta

from actors.settings.document import Settings
from actors.settings.fields import Section
from docs.forms import type_of
from docs.keys import END

PAGE = Path(__file__).with_name("storefront.md")
BEGIN = "<!-- settings: written by docs/generate.py -->"


def page() -> str:
    """Return the page, its tables anew."""
    before, _, rest = PAGE.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    return "\n".join([before + BEGIN, "", *_sections(), END]) + after


def help_of(kind: object) -> str:
    """Return what a field's type says of it; empty if it says nothing."""
    for meta in getattr(kind, "__metadata__", ()):
        if isinstance(meta, Meta) and meta.description:
            return meta.description
    return ""


def within(kind: object) -> Iterator[type[Section]]:
    """Yield the sections that a field's type is made of."""
    if inspect.isclass(kind) and issubclass(kind, Section):
        yield kind
    for inner in typing.get_args(kind):
        yield from within(inner)


def _sections() -> Iterator[str]:
    for field in msgspec.structs.fields(Settings):
        yield f"### `{field.encode_name}`"
        yield ""
        (section,) = within(field.type)
        yield from _table(section, field.encode_name)


def _table(section: type[Section], path: str) -> Iterator[str]:
    yield " ".join((inspect.getdoc(section) or "").split())
    yield ""
    yield "| setting | form | default | is |"
    yield "|---|---|---|---|"
    deeper: list[tuple[type[Section], str]] = []
    for field in msgspec.structs.fields(section):
        name = f"{path}.{field.encode_name}"
        told = type_of(field.type).replace("|", "\\|")
        yield f"| `{name}` | {told} | {_default(field)} | {help_of(field.type)} |"
        deeper += [(inner, name) for inner in dict.fromkeys(within(field.type))]
    yield ""
    for inner, name in deeper:
        yield f"In `{name}`:"
        yield ""
        yield from _table(inner, name)


def _default(field: msgspec.structs.FieldInfo) -> str:
    value = field.default
    if field.default_factory is not NODEFAULT:
        value = field.default_factory()
    if value is NODEFAULT:
        return "needed"
    return f"`{msgspec.json.encode(value).decode()}`"
