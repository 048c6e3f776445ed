"""Writes the tables of `docs/operations.md`: its commands, keys and figures."""

from collections.abc import Iterator
from pathlib import Path

import msgspec

from broker.__main__ import COMMANDS
from broker.keys import KEYS, Key
from docs import figures

PAGE = Path(__file__).with_name("operations.md")
END = "<!-- end -->"


def page() -> str:
    """Return the page, its tables anew."""
    text = PAGE.read_text()
    tables = (
        ("commands", _commands()),
        ("keys", _keys()),
        ("figures", figures.table()),
    )
    for name, lines in tables:
        begin = f"<!-- {name}: written by docs/generate.py -->"
        before, _, rest = text.partition(begin)
        _, _, after = rest.partition(END)
        text = "\n".join([before + begin, "", *lines, "", END]) + after
    return text


def _commands() -> Iterator[str]:
    yield "| command | does |"
    yield "|---|---|"
    for name, listed in COMMANDS.items():
        yield f"| `shopwire {name}` | {listed.does} |"


def _keys() -> Iterator[str]:
    yield "| key | default | is |"
    yield "|---|---|---|"
    for key in KEYS.values():
        yield f"| `{key.path}` | {_default(key)} | {_told(key)} |"


def _default(key: Key) -> str:
    if key.default in (None, ()):
        return "none"
    return f"`{msgspec.json.encode(key.default).decode()}`"


def _told(key: Key) -> str:
    secret = f" A secret: also `{key.variable}_FILE`." if key.secret else ""
    return key.description + secret
