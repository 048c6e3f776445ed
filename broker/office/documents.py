"""Documents of a site, checked, written as a new version, and only then in force."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import msgspec
from sqlite_utils import Database

from actors.settings.fields import Problem
from storage import documents
from storage.documents import Conflict, Document

if TYPE_CHECKING:
    from broker.server import Broker


class Wrong(msgspec.Struct, frozen=True):
    """The document cannot stand; nothing was saved."""

    problems: tuple[Problem, ...]


class Draft(msgspec.Struct, frozen=True):
    """What is to be the version after `if_version` of a site's document."""

    site: str
    name: str
    if_version: int
    content: object
    by: str


async def put(
    broker: "Broker", draft: Draft, then: Callable[[int], None]
) -> int | Conflict:
    """Write `draft` if nobody was faster; return its version.

    It is durable then, and `then` was called with the version, in the order of the
    commits; also if nobody waits for the answer any more.
    """
    new = Document(
        draft.site,
        draft.name,
        draft.if_version + 1,
        broker.clock(),
        draft.by,
        msgspec.json.encode(draft.content).decode(),
    )

    def hold(conflict: Conflict | None) -> None:
        if conflict is None:
            then(new.version)

    conflict = await broker.change(partial(_put, new=new), hold)
    return new.version if conflict is None else conflict


def _put(db: Database, new: Document) -> Conflict | None:
    return documents.put(db, new)
