"""`/v1/sites/{site}/profiles/{profile}`: what a shop tells of its customers.

`{profile}` is what the shop itself calls the person: the `sub` of their tokens.
"""

import re
import tempfile
from collections.abc import AsyncIterator
from contextlib import closing
from itertools import accumulate
from pathlib import Path
from typing import IO, Annotated, Any

import msgspec
import trio
from litestar import Request, delete, get, post, put
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody, QueryParameter
from litestar.response import Stream
from msgspec import Meta

from actors.ids import ProfileId
from actors.person import Facts, Moment
from broker.dossier import Asked, write
from broker.gate import MAX_SUB, Identity
from broker.http.bodies import Strict, decoded
from broker.http.description import answering
from broker.http.errors import Refusal, granted, refusals
from broker.http.guards import BEARER, Guard, Guards, doer
from broker.office.blocking import block, unblock
from broker.office.erasing import erase_profile, note_export
from broker.office.people import add_happenings, put_facts
from broker.office.requests import EraseProfile, ExportProfile, ProfileErased
from broker.server import Broker
from broker.wire.errors import Code
from storage.accounts import Profile
from storage.files import Files
from storage.meta import JOURNAL
from storage.people import CLOSED, STARTED, Happening
from storage.records import storable
from storage.schema import open_reader

PATH = "/v1/sites/{site:str}/profiles/{profile:str}"
MAX_BATCH = 500
"""Events at a time."""
DATA_BYTES = 16 * 1024
"""Bytes of JSON that go with one event (spec F34)."""
DATA_DEPTH = 32
"""Maps and lists in each other: readers in other languages have a limit, too."""
PIECE = 64 * 1024
"""Bytes of an archive that are sent at a time."""
STRINGS = re.compile(rb'"(?:[^"\\]|\\.)*"')
BRACKETS = re.compile(rb"[\[\]{}]")


class NewEvent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Something that the person did, or that was done for them."""

    id: Annotated[str, Meta(pattern=r"^[^\s\x00-\x1f\x7f]{1,64}$(?!\n)")]
    """The same id a second time changes nothing."""
    kind: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_.:-]{1,64}$(?!\n)")]
    at: Moment
    data: dict[str, Any] = {}


class OneOrMore(Strict[tuple[NewEvent, ...]]):
    """Takes a list of events, or one event by itself; all are good, or none is."""

    def decode_bytes(self, value: bytes) -> tuple[NewEvent, ...]:
        """Return the events in the body."""
        if not value.lstrip().startswith(b"["):
            return (_storable(decoded(value, NewEvent), "$"),)
        told = decoded(value, tuple[NewEvent, ...])
        if len(told) > MAX_BATCH:
            raise Refusal(Code.TOO_BIG, path="$", limit=MAX_BATCH)
        return tuple(_storable(one, f"$[{index}]") for index, one in enumerate(told))


class Described(msgspec.Struct, frozen=True):
    """Under which id the person is known in chats."""

    profile: ProfileId


class NewBlock(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """That the shop wants nothing more of a person, and why: for its staff alone."""

    reason: Annotated[str, Meta(max_length=1000)] | None = None


class BlockState(msgspec.Struct, frozen=True):
    """Whether what the person writes is refused."""

    profile: ProfileId
    blocked: bool


class Added(msgspec.Struct, frozen=True):
    """How many of the events were not known yet."""

    added: int


def routes(broker: Broker, guards: Guards) -> list[HTTPRouteHandler]:
    """Return the handlers."""
    guard, responses = [guards.only("admin")], refusals(400, 401, 403, 404, 413)

    @put(
        PATH,
        guards=guard,
        security=BEARER,
        responses=responses,
        dto=Strict[Facts],
        return_dto=None,
    )
    async def describe(
        site: FromPath[str], profile: FromPath[str], data: JSONBody[Facts]
    ) -> Described:
        """Let a person be as told: what is left out is not known any more."""
        known = await put_facts(broker, site, _sub(profile), data)
        return Described(ProfileId(known.id))

    @post(
        f"{PATH}/events",
        guards=guard,
        security=BEARER,
        responses=responses,
        dto=OneOrMore,
        return_dto=None,
        status_code=200,
    )
    async def add_events(
        site: FromPath[str],
        profile: FromPath[str],
        data: JSONBody[tuple[NewEvent, ...]],
    ) -> Added:
        """Add events to a person's history; one by itself need not be in a list."""
        told = tuple(
            Happening(one.at, one.id, one.kind, msgspec.json.encode(one.data).decode())
            for one in data
        )
        return Added(await add_happenings(broker, site, _sub(profile), told))

    return [
        describe,
        add_events,
        _exporting(broker, guard),
        _erasing(broker, guard),
        *_blocking(broker, guard),
    ]


def _exporting(broker: Broker, guard: list[Guard]) -> HTTPRouteHandler:
    @get(
        f"{PATH}/export",
        guards=guard,
        security=BEARER,
        responses=refusals(400, 401, 403, 404, 503),
        opt=answering("application/zip"),
    )
    async def export(
        request: Request[Any, Identity, Any],
        site: FromPath[str],
        profile: FromPath[str],
        *,
        notes: Annotated[bool, QueryParameter()] = False,
    ) -> Stream:
        """Answer all that is kept of a person, as an archive to hand out.

        `notes` adds what the shop's own people wrote. `{profile}` may be our id, too,
        or that of a chat: visitors have no other name.
        """
        ask = ExportProfile(site=site, profile=_sub(profile), notes=notes)
        noted = granted(await note_export(broker, ask, by=doer(request)))
        asked = Asked(site, noted.profile, notes)
        archive = await trio.to_thread.run_sync(_written, broker.folder, asked)
        if archive is None:
            raise Refusal(Code.NOT_FOUND)
        headers = {"Content-Disposition": 'attachment; filename="person.zip"'}
        return Stream(_pieces(archive), headers=headers, media_type="application/zip")

    return export


def _written(folder: Path, asked: Asked) -> IO[bytes] | None:
    """Return an archive that is gone once it is closed; runs in a thread."""
    archive = tempfile.TemporaryFile()  # noqa: SIM115  # closed once it is sent
    with closing(open_reader(folder / JOURNAL)) as connection:
        if write(connection, Files(folder), asked, archive):
            archive.seek(0)
            return archive
    archive.close()
    return None


async def _pieces(archive: IO[bytes]) -> AsyncIterator[bytes]:
    with archive:
        while piece := archive.read(PIECE):
            yield piece


def _erasing(broker: Broker, guard: list[Guard]) -> HTTPRouteHandler:
    @delete(
        PATH,
        guards=guard,
        security=BEARER,
        responses=refusals(401, 403, 404, 503),
        status_code=200,
    )
    async def erase(
        request: Request[Any, Identity, Any],
        site: FromPath[str],
        profile: FromPath[str],
    ) -> ProfileErased:
        """Forget a person and all that was said to them or by them, for good.

        `{profile}` may be our id of them, too, or that of a chat: visitors have no
        other name. A repeat under either changes nothing.
        """
        asked = EraseProfile(site=site, profile=_sub(profile))
        return granted(await erase_profile(broker, asked, by=doer(request)))

    return erase


def _blocking(broker: Broker, guard: list[Guard]) -> list[HTTPRouteHandler]:
    path, responses = f"{PATH}/block", refusals(400, 401, 403, 404, 413)

    @post(
        path,
        guards=guard,
        security=BEARER,
        responses=responses,
        dto=Strict[NewBlock],
        return_dto=None,
        status_code=200,
    )
    async def add_block(
        request: Request[Any, Identity, Any],
        site: FromPath[str],
        profile: FromPath[str],
        data: JSONBody[NewBlock],
    ) -> BlockState:
        """Close the person's chats, and refuse what they write from now on."""
        by = doer(request)
        known = await block(broker, site, _sub(profile), _line(data.reason), by=by)
        return _blocked_or_not(known, blocked=True)

    @delete(
        path,
        guards=guard,
        security=BEARER,
        responses=responses,
        status_code=200,
    )
    async def lift_block(
        request: Request[Any, Identity, Any],
        site: FromPath[str],
        profile: FromPath[str],
    ) -> BlockState:
        """Take what the person writes again; what was closed stays closed."""
        known = await unblock(broker, site, _sub(profile), by=doer(request))
        return _blocked_or_not(known, blocked=False)

    return [add_block, lift_block]


def _blocked_or_not(known: Profile | None, *, blocked: bool) -> BlockState:
    if known is None:
        raise Refusal(Code.NOT_FOUND)
    return BlockState(ProfileId(known.id), blocked)


def _line(reason: str | None) -> str | None:
    if reason is not None and not storable(reason):
        raise Refusal(Code.BAD_FRAME, path="$.reason", reason="is no text")
    return reason


def _sub(profile: str) -> str:
    if not 0 < len(profile) <= MAX_SUB or not storable(profile) or "\ufffd" in profile:
        # No token could name such a person; the last stands for what was no UTF-8.
        raise Refusal(Code.NOT_FOUND)
    return profile


def _storable(event: NewEvent, path: str) -> NewEvent:
    """Return `event`, which is at `path` of the body.

    Raises:
        Refusal: it could not be told to everybody, or is not the shop's to tell.
    """
    if event.kind in {STARTED, CLOSED}:
        reason = "chats tell this themselves"
        raise Refusal(Code.BAD_FRAME, path=f"{path}.kind", reason=reason)
    try:
        # Both subprotocols have to be able to say it: numbers above 64 bits cannot be.
        msgspec.msgpack.encode(event.data)
    except OverflowError as error:
        reason = "has a number of more than 64 bits"
        raise Refusal(Code.BAD_FRAME, path=f"{path}.data", reason=reason) from error
    data = msgspec.json.encode(event.data)
    if len(data) > DATA_BYTES:
        raise Refusal(Code.TOO_BIG, path=f"{path}.data", limit=DATA_BYTES)
    if _depth(data) > DATA_DEPTH:
        reason = f"is more than {DATA_DEPTH} deep"
        raise Refusal(Code.BAD_FRAME, path=f"{path}.data", reason=reason)
    return event


def _depth(data: bytes) -> int:
    """Return how many maps and lists are in each other in JSON."""
    brackets = BRACKETS.findall(STRINGS.sub(b"", data))
    steps = (1 if bracket in {b"{", b"["} else -1 for bracket in brackets)
    return max(accumulate(steps), default=0)
