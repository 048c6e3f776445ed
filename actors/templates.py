"""Texts with places for what is known of a person: `Hi {{profile.first_name|there}}`.

A text is parsed once, before any value is looked at, and values go in as they are:
whatever a value says, it is never read as a template. After the bar stands what to say
if there is no value; it may be empty. A name that nobody knows is an error of whoever
writes the template, not of the agent who uses it (spec F32).
"""

from collections.abc import Mapping

import msgspec

OPEN, CLOSE = "{{", "}}"

NAMES = frozenset(
    {
        "agent.first_name",
        "agent.name",
        "hours.next",
        "order.last.date",
        "order.last.number",
        "order.last.status",
        "order.last.total",
        "order.last.url",
        "profile.customer_since",
        "profile.email",
        "profile.first_name",
        "profile.language",
        "profile.last_name",
        "profile.name",
        "profile.orders",
        "profile.phone",
        "profile.place",
        "profile.segment",
        "profile.spent",
        "shop.name",
    }
)
"""All that a template may ask for."""


class Place(msgspec.Struct, frozen=True):
    """Where a value goes."""

    name: str
    fallback: str | None
    """`None`: without a value the text cannot be said."""


class Malformed(msgspec.Struct, frozen=True):
    """The text is no template, and why."""

    reason: str


class Missing(msgspec.Struct, frozen=True):
    """Values that are not known and have no fallback, in the order of the text."""

    names: tuple[str, ...]


class Filled(msgspec.Struct, frozen=True):
    """A text that is said whatever is known, and what was not."""

    text: str
    missing: tuple[str, ...] = ()
    """Values that had no fallback either, in the order of the text."""


Template = tuple[str | Place, ...]


def parse(text: str) -> Template | Malformed:
    """Return the parts of `text`, in order; of one without places, itself."""
    parts: list[str | Place] = []
    at = 0
    while (start := text.find(OPEN, at)) >= 0:
        end = text.find(CLOSE, start)
        if end < 0:
            return Malformed("{{ is never closed")
        place = _place(text[start + len(OPEN) : end])
        if place.name not in NAMES:
            return Malformed(f"there is no {{{{{place.name[:64]}}}}}")
        parts += [text[at:start]] if start > at else []
        parts.append(place)
        at = end + len(CLOSE)
    parts += [text[at:]] if at < len(text) else []
    return tuple(parts)


def asks_for(template: Template) -> frozenset[str]:
    """Return the names of all values that `template` has a place for."""
    return frozenset(part.name for part in template if isinstance(part, Place))


def render(template: Template, values: Mapping[str, str]) -> str | Missing:
    """Return the text with `values` in it; a blank one counts as not known."""
    said: list[str] = []
    missing: dict[str, None] = {}
    for part in template:
        if isinstance(part, str):
            said.append(part)
            continue
        value = values.get(part.name, "")
        if value and not value.isspace():
            said.append(value)
        elif part.fallback is not None:
            said.append(part.fallback)
        else:
            missing[part.name] = None
    return Missing(tuple(missing)) if missing else "".join(said)


def fill(text: str, values: Mapping[str, str]) -> Filled:
    """Return `text` with `values` in it, without those that are not known.

    For what is said by itself: a value more or less must not stop it (spec F4). A text
    that is no template, for a name that this program no longer knows, is said as it is.
    """
    template = parse(text)
    if isinstance(template, Malformed):
        return Filled(text)
    said = ""
    missing: dict[str, None] = {}
    gap = False
    for part in template:
        if isinstance(part, Place):
            value = render((part,), values)
            gap = isinstance(value, Missing)
            if isinstance(value, Missing):
                missing[part.name] = None
            else:
                said += value
        else:
            # Where nothing is said there is nothing to keep apart.
            closes = gap and not part[:1].isalnum()
            said = (said.rstrip(" ") if closes else said) + part
            if gap and said == part:
                said = part.lstrip(" ,;:")
            gap = False
    return Filled(said.strip() if missing else said, tuple(missing))


def _place(inside: str) -> Place:
    name, bar, fallback = inside.partition("|")
    return Place(name.strip(), fallback.strip() if bar else None)
