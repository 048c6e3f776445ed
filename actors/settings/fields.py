"""What the settings are made of: their base, their kinds of fields, and what is wrong.

Bounds that concern one field are in its type; those between fields are `Problem`s.
"""

from collections.abc import Iterator
from typing import Annotated

import msgspec
from msgspec import Meta

from actors.templates import Malformed, parse

URL_BYTES = 2048
"""Bytes of UTF-8 in a link."""

# A host, and nothing that ends a line, a word or an attribute.
Url = Annotated[
    str,
    Meta(
        pattern=r"""^https://[^\s\x00-\x1f\x7f"'<>\\/?#@]+([/?#][^\s\x00-\x1f\x7f"'<>\\]*)?$(?!\n)""",
        max_length=URL_BYTES,
    ),
]
# No NUL: SQLite and C libraries would cut the text there.
Text = Annotated[str, Meta(max_length=2000, pattern=r"^[^\x00]*$")]
Seconds = Annotated[int, Meta(ge=0, le=86_400)]
Minutes = Annotated[int, Meta(ge=1, le=30 * 24 * 60)]
Name = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_.-]{1,64}$(?!\n)")]
"""Of a team, or an agent."""
Word = Annotated[str, Meta(min_length=1, max_length=256)]


def says(help_: str) -> Meta:
    """Return what the schema and the documentation say of a setting."""
    return Meta(description=help_)


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Base of the document's parts: a misspelt setting is an error, not a default."""


class Problem(msgspec.Struct, frozen=True):
    """One setting that cannot stand, as `$.check_in.breach_s`, and why."""

    path: str
    reason: str


def too_long(url: str | None, path: str) -> Iterator[Problem]:
    """Yield that a link is longer than may be: the type counts characters."""
    if url is not None and len(url.encode()) > URL_BYTES:
        yield Problem(path, f"is more than {URL_BYTES} bytes")


def unreadable(text: str | None, path: str) -> Iterator[Problem]:
    """Yield what is wrong with a text as a template."""
    template = parse(text or "")
    if isinstance(template, Malformed):
        yield Problem(path, template.reason)


def empty(text: str | None, path: str, needed: str) -> Iterator[Problem]:
    """Yield that an automatic text is empty that is to be sent (F1)."""
    if text is not None and not text.strip():
        yield Problem(path, needed)
