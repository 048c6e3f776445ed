"""The page of the Python client's names, from their signatures and docstrings."""

import inspect
import typing
from collections.abc import Iterator
from pathlib import Path

from clients import link

PAGE = Path(__file__).with_name("link-reference.md")
HEAD = """\
# The Python client, name by name

<!-- Written by docs/generate.py from the docstrings; edit those. -->

All of `clients.link`; [the guide](link.md) shows it in use.
"""


def page() -> str:
    """Return the whole page."""
    return "\n".join([HEAD, *(line for name in link.__all__ for line in _named(name))])


def _named(name: str) -> Iterator[str]:
    thing = getattr(link, name)
    if inspect.isclass(thing):
        yield f"## `{name}`\n"
        yield from _said(thing)
        yield from _fields(thing)
        if thing is link.Link:
            yield from _members(thing)
    elif inspect.isfunction(thing):
        yield f"## `{name}{_signature(thing)}`\n"
        yield from _said(thing)
    else:
        # A union: of what, is all that there is to say.
        yield f"## `{name}`\n"
        names = (f"`{each.__name__}`" for each in typing.get_args(thing))
        yield f"One of {', '.join(names)}.\n"


def _fields(thing: type) -> Iterator[str]:
    of: object = getattr(thing, "__struct_fields__", None) or getattr(
        thing, "_fields", ()
    )
    names = typing.cast("tuple[str, ...]", of)
    if names:
        yield f"Fields: {', '.join(f'`{field}`' for field in names)}.\n"


def _members(thing: type) -> Iterator[str]:
    for name, member in vars(thing).items():
        if name.startswith("_"):
            continue
        if isinstance(member, property):
            yield f"### `Link.{name}`\n"
            yield from _said(member)
        elif inspect.isfunction(member):
            awaits = "await " if inspect.iscoroutinefunction(member) else ""
            yield f"### `{awaits}Link.{name}{_signature(member)}`\n"
            yield from _said(member)


def _signature(function: object) -> str:
    assert callable(function)
    signature = inspect.signature(function)
    kept = [each for name, each in signature.parameters.items() if name != "self"]
    bare = [each.replace(annotation=inspect.Parameter.empty) for each in kept]
    empty = inspect.Signature.empty
    return str(signature.replace(parameters=bare, return_annotation=empty))


def _said(thing: object) -> Iterator[str]:
    for paragraph in (inspect.getdoc(thing) or "").split("\n\n"):
        yield " ".join(paragraph.split()) + "\n"
