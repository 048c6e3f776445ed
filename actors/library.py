"""What a shop has ready to say: answers to questions, macros, knowledge.

Three collections, each swapped whole and under a version of its own (protocol section
8). Bounds that concern one field are in its type; those between fields in `problems`.
"""

from collections.abc import Iterable, Iterator
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from actors.settings.fields import Problem, Section, Url
from actors.templates import Malformed, parse

MAX_QUESTIONS = 200
MAX_MACROS = 500
MAX_KNOWLEDGE = 1000
"""Items in each collection: more would be a database, not a list."""
TEXT_BYTES = 8192
"""Bytes of UTF-8 in a macro: what one message holds (F9)."""
KNOWLEDGE_BYTES = 1_000_000
"""Bytes of all knowledge together, as JSON: what one request over HTTP holds."""
MACROS_BYTES = 256 * 1024
"""Bytes of all macros together: `macro.list` is one frame, and must not cost a client
that lags a little its connection."""

# No NUL: SQLite and C libraries would cut the text there. `$` alone would let a line
# end behind it pass.
ItemId = Annotated[str, Meta(pattern=r"^[^\s\x00-\x1f\x7f]{1,64}$(?!\n)")]
Line = Annotated[
    str, Meta(min_length=1, max_length=300, pattern=r"^[^\x00-\x1f\x7f]+$(?!\n)")
]
Name = Annotated[str, Meta(max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$(?!\n)")]
Shortcut = Annotated[str, Meta(max_length=32, pattern=r"^[^\s\x00-\x1f\x7f]*$(?!\n)")]
Tag = Annotated[
    str,
    Meta(
        max_length=64,
        pattern=r"^(?!\s)[^\x00-\x1f\x7f-\x9f\u2028\u2029]+(?<!\s)$(?!\n)",
    ),
]
"""As tickets have them: see `actors.chat.tags`."""
Text = Annotated[str, Meta(max_length=TEXT_BYTES, pattern=r"^[^\x00]*$")]
Long = Annotated[str, Meta(max_length=20_000, pattern=r"^[^\x00]*$")]
AgentId = Annotated[str, Meta(min_length=1, max_length=64)]
Preset = Literal["next_reply", "later_today", "tomorrow", "one_week"]
"""When a snooze ends (F17)."""


class FaqItem(Section, frozen=True):
    """A question that is asked often, and what the shop says to it."""

    id: ItemId
    question: Line
    answer: Text
    published: bool = True


class Then(Section, frozen=True):
    """What a macro does with the ticket once its text is said."""

    snooze: Preset | None = None
    close: bool = False
    assign: AgentId | UnsetType | None = UNSET
    """`None`: to nobody."""
    tag: Annotated[tuple[Tag, ...], Meta(max_length=20)] = ()

    def __bool__(self) -> bool:
        """Return whether it is anything at all."""
        return self != NOTHING


NOTHING = Then()


class Macro(Section, frozen=True):
    """A text that agents need often, and what goes with it."""

    id: ItemId
    name: Line
    category: Name = ""
    shortcut: Shortcut = ""
    text: Text = ""
    """A template; empty if the macro only does something."""
    hold: bool = False
    then: Then = NOTHING


class KnowledgeItem(Section, frozen=True):
    """A page of what the shop knows about itself."""

    id: ItemId
    title: Line
    text: Long
    url: Url | None = None


Item = FaqItem | Macro | KnowledgeItem


class Faq(msgspec.Struct, frozen=True):
    """The questions, in the order in which they are shown."""

    version: int = 0
    """0: nobody has ever put anything there."""
    items: tuple[FaqItem, ...] = ()


class Macros(msgspec.Struct, frozen=True):
    """The macros, likewise."""

    version: int = 0
    items: tuple[Macro, ...] = ()


class Knowledge(msgspec.Struct, frozen=True):
    """The pages, likewise."""

    version: int = 0
    items: tuple[KnowledgeItem, ...] = ()


Collection = Faq | Macros | Knowledge
NAMES: dict[type[Collection], str] = {
    Faq: "faq",
    Macros: "macros",
    Knowledge: "knowledge",
}
"""What the collections are called in the protocol."""


class Library(msgspec.Struct, frozen=True):
    """The collections of one site, by the names they have in the protocol."""

    faq: Faq = Faq()
    macros: Macros = Macros()
    knowledge: Knowledge = Knowledge()

    def question(self, id_: str) -> FaqItem | None:
        """Return the question with this id, if it is published."""
        return next((item for item in self.published() if item.id == id_), None)

    def published(self) -> tuple[FaqItem, ...]:
        """Return the questions that shoppers see, in order."""
        return tuple(item for item in self.faq.items if item.published)

    def macro(self, id_: str) -> Macro | None:
        """Return the macro with this id."""
        return next((macro for macro in self.macros.items if macro.id == id_), None)


EMPTY = Library()


def problems(items: Iterable[Item]) -> tuple[Problem, ...]:
    """Return what is wrong with a collection whose items are right by themselves."""
    found: list[Problem] = []
    ids: set[str] = set()
    shortcuts: set[str] = set()
    size = pages = 0
    for index, item in enumerate(items):
        path = f"$.items[{index}]"
        found += _taken(item.id, ids, f"{path}.id")
        if isinstance(item, Macro):
            found += _taken(item.shortcut.casefold(), shortcuts, f"{path}.shortcut")
            found += _of_macro(item, path)
            size += len(msgspec.json.encode(item))
        elif not (item.answer if isinstance(item, FaqItem) else item.text).strip():
            field = "answer" if isinstance(item, FaqItem) else "text"
            found.append(Problem(f"{path}.{field}", "is empty"))
        if isinstance(item, KnowledgeItem):
            pages += len(msgspec.json.encode(item))
    for bytes_, most in ((size, MACROS_BYTES), (pages, KNOWLEDGE_BYTES)):
        if bytes_ > most:
            reason = f"all together are more than {most} bytes"
            found.append(Problem("$.items", reason))
    return tuple(found)


def _taken(name: str, names: set[str], path: str) -> Iterator[Problem]:
    """Add `name` to `names`; empty ones never meet."""
    if name in names:
        yield Problem(path, "is another item's too")
    if name:
        names.add(name)


def _of_macro(macro: Macro, path: str) -> Iterator[Problem]:
    text, then = macro.text, macro.then
    template = parse(text)
    if isinstance(template, Malformed):
        yield Problem(f"{path}.text", template.reason)
    if len(text.encode()) > TEXT_BYTES:
        yield Problem(f"{path}.text", f"is more than {TEXT_BYTES} bytes")
    if not text.strip() and (text or not then):
        yield Problem(f"{path}.text", "is empty, and there is nothing else to do")
    if then.close and then.snooze is not None:
        yield Problem(f"{path}.then.snooze", "goes not with close")
