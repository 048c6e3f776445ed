"""A site in one file of TOML: settings, questions, macros and knowledge.

TOML has no null. Where a setting may be null, and is nothing that is true or false, the
file says `false`: `shopper_after_min = false` is never.
"""

import json
import re
import tomllib
import types
import typing
from collections.abc import Iterator
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from actors.library import (
    MAX_KNOWLEDGE,
    MAX_MACROS,
    MAX_QUESTIONS,
    FaqItem,
    KnowledgeItem,
    Library,
    Macro,
)
from actors.settings.document import Settings

Value = dict[str, "Value"] | list["Value"] | str | float | bool | None
"""What a file holds; whole numbers among the others."""
BARE = re.compile("[A-Za-z0-9_-]+")
"""Keys that need no quotes."""
HEAD = "# A site of Shopwire: `shopwire site import NAME FILE` lets it hold.\n"


class SiteFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a file holds; a part that it does not name stays as it is."""

    settings: Settings | UnsetType = UNSET
    faq: Annotated[tuple[FaqItem, ...], Meta(max_length=MAX_QUESTIONS)] | UnsetType = (
        UNSET
    )
    macros: Annotated[tuple[Macro, ...], Meta(max_length=MAX_MACROS)] | UnsetType = (
        UNSET
    )
    knowledge: (
        Annotated[tuple[KnowledgeItem, ...], Meta(max_length=MAX_KNOWLEDGE)] | UnsetType
    ) = UNSET


def written(settings: Settings, library: Library) -> str:
    """Return the file of a site, every setting in it."""
    return "\n".join([HEAD, *_lines(settings, library)])


def read(text: str) -> SiteFile:
    """Return what the file `text` holds.

    Raises:
        ValueError: it is no TOML, or a field cannot be as it is there; it says which.
    """
    held: dict[str, Value] = tomllib.loads(text)
    return msgspec.convert(_nulled(held, SiteFile), SiteFile)


def _lines(settings: Settings, library: Library) -> Iterator[str]:
    lists = {
        "faq": library.faq.items,
        "macros": library.macros.items,
        "knowledge": library.knowledge.items,
    }
    # Said, too: what a file does not name is left as it is. Tables come behind.
    yield from (f"{name} = []" for name, items in lists.items() if not items)
    sections: dict[str, dict[str, Value]] = _builtins(settings)
    for name, section in sections.items():
        yield f"[settings.{name}]"
        yield from _pairs(section)
    for name, items in lists.items():
        told: list[dict[str, Value]] = _builtins(items)
        for item in told:
            yield f"[[{name}]]"
            yield from _pairs(item)


def _builtins(value: object) -> Any:  # noqa: ANN401  # maps and lists of its fields
    return msgspec.json.decode(msgspec.json.encode(value))


def _pairs(table: dict[str, Value]) -> Iterator[str]:
    for key, value in table.items():
        yield f"{_key(key)} = {_value(value)}"
    yield ""


def _key(key: str) -> str:
    return key if BARE.fullmatch(key) else _text(key)


def _value(value: Value) -> str:
    match value:
        case None:
            return "false"
        case bool():
            return "true" if value else "false"
        case str():
            return _text(value)
        case dict():
            inside = (f"{_key(key)} = {_value(each)}" for key, each in value.items())
            return "{" + ", ".join(inside) + "}"
        case list():
            return "[" + ", ".join(_value(each) for each in value) + "]"
        case _:
            return repr(value)


def _text(text: str) -> str:
    # As in JSON, but for one character that TOML wants escaped, too.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _nulled(value: Value, kind: object) -> Value:
    """Return `value` with null for each `false` that cannot be meant as one."""
    kinds = [*_alternatives(kind)]
    match value:
        case False:
            meant = types.NoneType not in kinds or bool in kinds
            return value if meant else None
        case dict():
            types_of = dict(_fields(kinds))
            return {
                name: _nulled(each, types_of.get(name)) for name, each in value.items()
            }
        case list():
            lists = [one for one in kinds if typing.get_origin(one) is tuple]
            item = typing.get_args(lists[0])[0] if lists else None
            return [_nulled(each, item) for each in value]
        case _:
            return value


def _fields(kinds: list[object]) -> Iterator[tuple[str, object]]:
    for kind in kinds:
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
            for field in msgspec.structs.fields(kind):
                yield field.encode_name, field.type


def _alternatives(kind: object) -> Iterator[object]:
    """Yield what a value of this type may be, whatever stands around it."""
    origin = typing.get_origin(kind)
    if origin is Annotated:
        yield from _alternatives(typing.get_args(kind)[0])
    elif origin in {typing.Union, types.UnionType}:
        for one in typing.get_args(kind):
            yield from _alternatives(one)
    else:
        yield kind
