"""Holds every frame that the tests see against the published description."""

from collections import Counter
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.protocols import Validator

from broker.asyncapi import Document, document

Frame = dict[str, Any]
Json = dict[str, "Json"] | list["Json"] | str | float | None

NAMING = frozenset({"t", "kind", "code", "what", "state", "status", "reason", "auto"})
"""Fields of which every value is looked at."""


ENOUGH = 3
"""Frames of one shape to look at: a day in a test has thousands, and a look costs as
much as the broker's whole work on them."""
DEPTH = 3
"""How deep a shape goes: frame, body, what is in it."""

_alike: Counter[object] = Counter()


def _shape(value: Json, depth: int) -> object:
    """Return fields and types of `value`, and what says which form it is."""
    if isinstance(value, dict) and depth:
        return tuple(
            (name, value[name] if name in NAMING else _shape(value[name], depth - 1))
            for name in sorted(value)
        )
    if isinstance(value, list) and depth:
        return frozenset(_shape(one, depth - 1) for one in value)
    return type(value).__name__


@cache
def described() -> Document:
    """Return the document, with nothing allowed that it does not name."""
    whole = document("0")
    for schema in whole["components"]["schemas"].values():
        if "properties" in schema:
            schema["additionalProperties"] = False
    return whole


@cache
def _validator(names: tuple[str, ...]) -> Validator:
    whole = described()
    messages = whole["components"]["messages"]
    schema = {
        "anyOf": [messages[name]["payload"] for name in names],
        "components": whole["components"],
    }
    return Draft202012Validator(schema)


@cache
def _forms_of(kind: str) -> tuple[str, ...]:
    """Return the messages whose `t` is `kind`."""
    whole = described()
    schemas = whole["components"]["schemas"]
    names: list[str] = []
    for name, message in whole["components"]["messages"].items():
        schema = schemas[message["payload"]["$ref"].rpartition("/")[2]]
        if schema["properties"].get("t") == {"enum": [kind]}:
            names.append(name)
    return tuple(names)


@cache
def _answers(op: str) -> tuple[str, ...]:
    messages: list[dict[str, str]] = described()["operations"][op]["reply"]["messages"]
    return tuple(message["$ref"].rpartition("/")[2] for message in messages)


def faults(frame: Frame, asked: str | None) -> list[str]:
    """Return what in `frame` is not as described; `asked`: the operation it answers.

    Of frames with the same fields of the same types the first few are looked at.
    """
    shape = (asked, repr(_shape(frame, DEPTH)))
    if _alike[shape] >= ENOUGH:
        return []
    _alike[shape] += 1
    kind = str(frame.get("t"))
    if kind == "ev":
        names: tuple[str, ...] = (f"ev.{frame.get('kind')}",)
    elif kind == "ok" and asked is not None:
        names = _answers(asked)
    else:
        names = _forms_of(kind)
    if not names or not set(names) <= described()["components"]["messages"].keys():
        return [f"of no form that is described: {frame}"]
    return [f"{e.message}: {frame}" for e in _validator(names).iter_errors(frame)]
