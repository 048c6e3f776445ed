"""What is typed: a text, or a command and its words."""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from clients.terminal.text import brief


class Unclear(Exception):
    """What was typed cannot be done; the text tells the person why, and what can."""


class Typed(NamedTuple):
    """A line, taken apart."""

    command: str
    """Without its stroke; empty if the line is something to say."""
    words: str


class Tags(NamedTuple):
    """What is to be put on a ticket, and what to be taken off."""

    add: tuple[str, ...]
    remove: tuple[str, ...]


class Target(NamedTuple):
    """Whom to give something to."""

    name: str
    force: bool
    """Whether though they are away or have enough."""
    rest: str


_VALUE = re.compile(r"([\w.]+)=(\"[^\"]*\"|\S*)")


def typed(line: str) -> Typed:
    """Return what `line` asks for: a text may begin with a stroke if it has two."""
    if line.startswith("//") or not line.startswith("/"):
        return Typed("", line.removeprefix("/").strip())
    command, _, words = line[1:].strip().partition(" ")
    return Typed(command.lower(), words.strip())


def begun(word: str, names: Sequence[str]) -> list[str]:
    """Return the names that begin with `word`, which is not empty."""
    return [name for name in names if word and name.startswith(word)]


def matching(word: str, names: Sequence[str]) -> str:
    """Return the name that is meant: `word` itself, or the only one it begins.

    Raises:
        Unclear: there is none, or more than one.
    """
    if word in names:
        return word
    meant = begun(word, names)
    if len(meant) == 1:
        return meant[0]
    said = brief(word, 20)
    if meant:
        raise Unclear(f"/{said} may be {' or '.join(f'/{name}' for name in meant)}")
    raise Unclear(f"There is no /{said}. /help shows the commands.")


def tags(words: str) -> Tags:
    """Return what `+late -vip new` asks for: without a sign, a tag is put on.

    Raises:
        Unclear: it names no tag.
    """
    add = tuple(w.removeprefix("+") for w in words.split() if not w.startswith("-"))
    remove = tuple(w.removeprefix("-") for w in words.split() if w.startswith("-"))
    if not any((*add, *remove)) or "" in (*add, *remove):
        raise Unclear("which tags? as +late -vip")
    return Tags(add, remove)


def target(words: str) -> Target:
    """Return who is named first: with `!` behind it, whatever there is against them.

    Raises:
        Unclear: nobody is named.
    """
    name, _, rest = words.partition(" ")
    force = name.endswith("!")
    name = name.removesuffix("!")
    if not name:
        raise Unclear("to whom? /who tells who is there")
    return Target(name, force, rest.strip())


def values(words: str) -> Mapping[str, str]:
    """Return the values in `name=Sara order.last.number="10 42"`.

    Raises:
        Unclear: there is anything else among them.
    """
    left = _VALUE.sub("", words).strip()
    if left:
        raise Unclear(f'values are written name="...", not {brief(left, 20)}')
    return {name: value.strip('"') for name, value in _VALUE.findall(words)}
