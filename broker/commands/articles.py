"""A folder of Markdown as the knowledge of a shop.

Each `*.md` in it, however deep, is an article. Its id is its path without the ending;
its title and address stand in front matter, between two lines `---`, or the title is
its first heading, or its name.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import msgspec

from actors.library import MAX_KNOWLEDGE, KnowledgeItem, problems
from broker.outward.ai.passages import HEADING

FRONT = re.compile(r"\A---[ \t]*\n(.*?\n)??---[ \t]*(?:\n|\Z)", re.DOTALL)
FILE_BYTES = 128 * 1024
"""Bytes of a file that are read: more than the longest article has."""


class Unreadable(Exception):
    """Some files are no articles; nothing was taken over.

    Raised by `articles`; the text has a line for each of them.
    """


def articles(folder: Path) -> tuple[KnowledgeItem, ...]:
    """Return all articles in `folder`, by their ids.

    Raises:
        Unreadable: there are none, too many, or any of them cannot stand.
        OSError: a file cannot be read.
    """
    found: list[KnowledgeItem] = []
    wrong: list[str] = []
    files = _files(folder)
    if not 0 < len(files) <= MAX_KNOWLEDGE:
        many = f"There are {len(files)} files *.md in {folder}"
        raise Unreadable(f"{many}; 1 to {MAX_KNOWLEDGE} can be taken over.")
    for file in files:
        try:
            found.append(_article(file, folder))
        except (msgspec.ValidationError, UnicodeDecodeError, ValueError) as error:
            wrong.append(f"{file.relative_to(folder)}: {error}")
    wrong += (f"{problem.path}: {problem.reason}" for problem in problems(found))
    if wrong:
        raise Unreadable("\n".join(wrong))
    return tuple(found)


def _files(folder: Path) -> list[Path]:
    """Return the files, without those that are hidden, as editors leave them."""
    return sorted(
        file
        for file in folder.rglob("*.md")
        if file.is_file()
        and not any(part.startswith(".") for part in file.relative_to(folder).parts)
    )


def _article(file: Path, folder: Path) -> KnowledgeItem:
    with file.open("rb") as stream:
        # A line of Windows ends with two characters, and is one.
        text = stream.read(FILE_BYTES + 1).decode("utf-8-sig").replace("\r\n", "\n")
    if text.startswith("---\n") and not FRONT.match(text):
        raise ValueError("has front matter without an end")
    front = dict(_front(text))
    body = FRONT.sub("", text, count=1).strip()
    if not body:
        raise ValueError("has no text")
    name = file.relative_to(folder).with_suffix("").as_posix()
    heading = HEADING.search(body)
    first = heading[1].strip(" \t#") if heading else ""
    title = front.get("title") or first or file.stem.replace("-", " ")
    fields = {"id": name.replace(" ", "-"), "title": title, "text": body}
    if url := front.get("url"):
        fields["url"] = url
    return msgspec.convert(fields, KnowledgeItem)


def _front(text: str) -> Iterator[tuple[str, str]]:
    """Yield the lines of the front matter that say something; of YAML no more."""
    found = FRONT.match(text)
    for line in (found[1] or "").splitlines() if found else ():
        key, colon, value = line.partition(":")
        if colon:
            yield key.strip(), value.strip().strip("\"'")
