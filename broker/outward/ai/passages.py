"""The library in parts that one can read by themselves.

A question's answer is one part. An article falls apart at its headings, and where a
part is still too long for a chat, at its empty lines. Each part is a piece of the
article as it stands: nothing is put in or left out.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from actors.library import FaqItem, KnowledgeItem, Library

LONG = 1200
"""Characters of a part that is not cut again: a screen of a chat."""
WALL = 2 * LONG
"""Characters of a paragraph that is not cut."""
MOST = 20_000
"""Parts of a library; what comes later is not known. Twenty of each article."""
HEADING = re.compile(r"^#{1,6}[ \t]+(\S.*)$", re.MULTILINE)
GAP = re.compile(r"\n[ \t]*\n\s*")


class Part(NamedTuple):
    """What may be answered."""

    id: str
    item: str
    """Of which it is a part."""
    title: str
    heading: str
    """What it is under; the title if it is under nothing else."""
    text: str
    url: str | None


def parts(library: Library) -> list[Part]:
    """Return what may be answered: what is not published may not."""
    found = [_of_question(item) for item in library.faq.items if item.published]
    for article in library.knowledge.items:
        found += _of_article(article)
        if len(found) >= MOST:
            break
    return found[:MOST]


def _of_question(item: FaqItem) -> Part:
    id_ = f"faq:{item.id}"
    return Part(id_, id_, item.question, item.question, item.answer.strip(), None)


def _of_article(item: KnowledgeItem) -> list[Part]:
    pieces = [
        (heading or item.title, piece)
        for heading, text in _sections(item.text)
        for piece in _pieces(text)
    ]
    id_ = f"knowledge:{item.id}"
    if len(pieces) == 1:
        heading, piece = pieces[0]
        return [Part(id_, id_, item.title, heading, piece, item.url)]
    return [
        Part(f"{id_}#{number}", id_, item.title, heading, piece, item.url)
        for number, (heading, piece) in enumerate(pieces, 1)
    ]


def _sections(text: str) -> Iterator[tuple[str, str]]:
    """Yield what stands under each heading; before the first, it is empty."""
    heading, begin = "", 0
    for found in HEADING.finditer(text):
        yield heading, text[begin : found.start()]
        heading, begin = found[1].strip(" \t#"), found.end()
    yield heading, text[begin:]


def _pieces(text: str) -> Iterator[str]:
    """Yield `text` whole, or cut at empty lines if it is long."""
    begin = end = 0
    for gap in GAP.finditer(text):
        if gap.start() - begin > LONG and end > begin:
            yield from _filled(text[begin:end])
            begin = end
        end = gap.end()
    if len(text) - begin > LONG and end > begin:
        yield from _filled(text[begin:end])
        begin = end
    yield from _filled(text[begin:])


def _filled(text: str) -> Iterator[str]:
    """Yield `text` if there is anything in it, a wall of it between words."""
    text = text.strip()
    while len(text) > WALL:
        cut = max(text.rfind(" ", LONG, WALL), text.rfind("\n", LONG, WALL))
        cut = WALL if cut < 0 else cut
        yield text[:cut].rstrip()
        text = text[cut:].lstrip()
    if text:
        yield text
