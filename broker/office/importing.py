"""A whole site put in one commit: its settings and lists, or none of them."""

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import UNSET
from sqlite_utils import Database

from actors.library import Collection, Faq, Knowledge, Macros, problems
from broker.founding import SETTINGS
from broker.office import library, settings
from broker.office.requests import Denied, Imported, ImportSite, no_site
from broker.wire.errors import Code
from storage import documents
from storage.deeds import OPERATOR
from storage.documents import Document

if TYPE_CHECKING:
    from broker.server import Broker


async def import_site(
    broker: "Broker", ask: ImportSite, *, by: str = OPERATOR
) -> Imported | Denied:
    """Let what `ask` names hold; what is the same already keeps its version."""
    if ask.site not in broker.sites:
        return no_site(ask.site)
    for path, reason in _wrong_in(ask):
        return Denied(Code.BAD_FRAME, f"{path}: {reason}.", path)
    now = broker.clock()
    put = partial(_put, ask=ask, at=now, by=by)
    versions = await broker.change(put, partial(_hold, broker, ask))
    return Imported(ask.site, versions)


def _collections(ask: ImportSite) -> Iterator[tuple[str, Collection]]:
    if ask.part.faq is not UNSET:
        yield "faq", Faq(items=ask.part.faq)
    if ask.part.macros is not UNSET:
        yield "macros", Macros(items=ask.part.macros)
    if ask.part.knowledge is not UNSET:
        yield "knowledge", Knowledge(items=ask.part.knowledge)


def _wrong_in(ask: ImportSite) -> Iterator[tuple[str, str]]:
    if ask.part.settings is not UNSET:
        for problem in settings.wrong_in(ask.part.settings):
            yield problem.path.replace("$", "settings", 1), problem.reason
    for name, collection in _collections(ask):
        for problem in problems(collection.items):
            yield problem.path.replace("$.items", name, 1), problem.reason


def _put(db: Database, ask: ImportSite, at: int, by: str) -> dict[str, int]:
    """Write what is new; return the version of each part that was named."""
    contents: dict[str, Any] = {name: c.items for name, c in _collections(ask)}
    if ask.part.settings is not UNSET:
        contents[SETTINGS] = ask.part.settings
    versions: dict[str, int] = {}
    for name, content in contents.items():
        text = msgspec.json.encode(content).decode()
        last = documents.newest(db.conn, ask.site, name)
        versions[name] = 0 if last is None else last.version
        if last is None or last.document != text:
            versions[name] += 1
            new = Document(ask.site, name, versions[name], at, by, text)
            documents.put(db, new)
    return versions


def _hold(broker: "Broker", ask: ImportSite, versions: dict[str, int]) -> None:
    for name, collection in _collections(ask):
        library.hold(broker, ask.site, collection, versions[name])
    if ask.part.settings is not UNSET:
        settings.hold(broker, ask.site, ask.part.settings, versions[SETTINGS])
