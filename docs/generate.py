"""Writes `docs/protocol.md` from the program's own types, the tables of
`docs/operations.md` and `docs/storefront.md`, and `docs/link-reference.md` from the
docstrings, and quotes `docs/performance.md` where pages do; `--check` only compares.

    python docs/generate.py [--check]

The page cannot say what the code does not: operations, frames, events and codes come
from the structs and tables that the broker runs by.
"""

import inspect
import sys
import typing
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from actors.chat import events
from broker.asyncapi import server_frames
from broker.requests import REQUESTS
from broker.wire import frames
from broker.wire.errors import FINAL, TABLE, Close
from docs import keys, measured, reference, settings
from docs.forms import type_of

PAGE = Path(__file__).with_name("protocol.md")

HEAD = """\
# The protocol

<!-- Written by docs/generate.py from the types; edit those. -->

One WebSocket at `/ws`, subprotocol `shopwire.v1.msgpack` (binary frames, one map each)
or `shopwire.v1.json` (text frames, one object each): the same maps in both. A client
says what it wants with an `op` and an `id` of its own choosing; the answer, `ok` or
`err`, carries that id as `re`. For what writes, the id is also the key under which a
repeat is known: the same person repeating the same id in the same chat gets the first
answer again with `dup: true`, whatever happened in between.

**An `ok` to a write means durable.** Nothing is shown to anybody before it is.

**Position.** `seq` counts a chat's events from 1 without a gap. `prev` is the seq of
the event before it that *you* may see. Apply an event only if its `prev` is the last
seq you have applied; if it is not, ask `chat.open` again with `after` your position.
The `ok` of your own write stands for its event on the connection that sent it; every
other connection of yours gets the event.

Unknown fields, event kinds and frames are to be ignored: version 1 may grow.
"""


def page() -> str:
    """Return the whole page."""
    return "\n".join(
        [
            HEAD,
            "## What a client says\n",
            *_operations(),
            "## What the broker says\n",
            *_structs(server_frames()),
            "## Events\n",
            *_events(),
            "## Codes\n",
            *_codes(),
            "## Close codes\n",
            *_closes(),
        ]
    )


def _operations() -> Iterator[str]:
    for frame in typing.get_args(frames.ClientFrame):
        config = frame.__struct_config__
        request = REQUESTS.get(frame)
        roles = "anybody" if request is None else ", ".join(sorted(request.roles))
        yield f"### `{config.tag}`\n"
        yield f"{_doc(frame)} *For: {roles}.*\n"
        yield from _fields(frame)


def _structs(structs: Iterable[type[msgspec.Struct]]) -> Iterator[str]:
    for struct in structs:
        tag = struct.__struct_config__.tag
        yield f"### `{tag}` · {struct.__name__}\n"
        yield _doc(struct) + "\n"
        yield from _fields(struct)


def _events() -> Iterator[str]:
    for body in typing.get_args(events.AnyBody):
        if body in {events.Read, events.Got}:
            seen = "agents, and the shopper where `shown` is true"
        else:
            seen = "agents" if body.hidden else "all"
        yield f"### `{body.kind}`\n"
        yield f"{_doc(body)} *Seen by {seen}.*\n"
        yield from _fields(body)


def _fields(struct: type[msgspec.Struct]) -> Iterator[str]:
    fields = msgspec.structs.fields(struct)
    if not fields:
        return
    yield "| field | type | |"
    yield "|---|---|---|"
    for field in fields:
        note = "" if field.required else "optional"
        yield f"| `{field.encode_name}` | {type_of(field.type)} | {note} |"
    yield ""


def _codes() -> Iterator[str]:
    yield "| code | text | try again | closes |"
    yield "|---|---|---|---|"
    for code, meaning in TABLE.items():
        retry = "yes" if meaning.retry else ""
        close = "" if meaning.close is None else str(int(meaning.close))
        yield f"| `{code}` | {meaning.text} | {retry} | {close} |"
    yield ""


def _closes() -> Iterator[str]:
    yield "| code | why | come back |"
    yield "|---|---|---|"
    for close in Close:
        back = "no" if close in FINAL else "yes"
        yield f"| {int(close)} | {close.name.lower().replace('_', ' ')} | {back} |"
    yield ""


def _doc(thing: type) -> str:
    return " ".join((inspect.getdoc(thing) or "").split())


def main() -> int:
    """Write the pages, or return 1 if one is not up to date."""
    pages = {
        PAGE: page(),
        keys.PAGE: keys.page(),
        settings.PAGE: settings.page(),
        reference.PAGE: reference.page(),
        **measured.pages(),
    }
    if "--check" in sys.argv[1:]:
        return int(any(file.read_text() != pages[file] for file in pages))
    for file, text in pages.items():
        file.write_text(text)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
