"""What no file of the repository may say.

Every pattern is written so that it does not match its own text.
"""

import re
from pathlib import Path

from tests.shape.source import texts

FORBIDDEN = {
    "mark": r"\b([T]ODO|[F]IXME|[X]XX|[H]ACK)\b",
    "machine path": r"(^|[^a-z.])/(root|home|Users|work)/[a-z.]",
    "registry host": r"\b(pypi|pythonhosted|npmjs|crates|golang)\.(org|com|io)\b",
    "how it was made": (
        r"(?i)\b([c]laude|[a]nthropic|[c]hatgpt|[c]odex|[g]ithub copilot"
        r"|[c]o-authored-by|[s]ub-?agents?|[l]anguage model wrote"
        r"|[e]vidence/\w+\.md|[p]rototypes/\w+)\b"
    ),
    "number of an issue": r"(?i)\bissues? #?\d",
}
LOCKED = re.compile(r"lock|constraints|requirements|\.npmrc$")
ADDRESS = re.compile(r"https?://")

LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)")
MENTION = re.compile(r"\bdocs/[\w./-]+\.md\b")


def forbidden_words(root: Path) -> list[str]:
    return [
        f"{path}:{number} {what}"
        for path, text in texts(root).items()
        for number, line in enumerate(text.splitlines(), 1)
        for what, pattern in FORBIDDEN.items()
        if re.search(pattern, line)
    ]


def locked_addresses(root: Path) -> list[str]:
    return [
        path
        for path, text in texts(root).items()
        if LOCKED.search(Path(path).name) and ADDRESS.search(text)
    ]


def dead_links(root: Path) -> list[str]:
    """Return the links of Markdown pages, and named pages of `docs/`, not there."""
    dead: list[str] = []
    for path, text in texts(root).items():
        links = LINK.findall(text) if path.endswith(".md") else []
        beside = [(root / path).parent / link for link in links]
        named = [root / mention for mention in MENTION.findall(text)]
        dead += [
            f"{path} -> {target.name}"
            for target in (*beside, *named)
            if not target.exists()
        ]
    return dead
