"""Routes of what is versioned: read whole, swapped whole, by who knows the newest."""

from collections.abc import Callable
from typing import Annotated, Any

import msgspec
from litestar import get, put
from litestar.handlers import HTTPRouteHandler
from msgspec import Meta

from broker.http.bodies import Strict
from broker.http.errors import Refusal, refusals
from broker.http.guards import BEARER, Guard
from broker.office.documents import Wrong
from broker.wire.errors import Code
from storage.documents import Conflict

Version = Annotated[int, Meta(ge=0, le=2**53)]
Handler = Callable[..., object]


class NewVersion(msgspec.Struct, frozen=True):
    """What the newest version is now called."""

    version: int


def reading(path: str, guard: Guard) -> Callable[[Handler], HTTPRouteHandler]:
    """Return what makes a route for reading of a function."""
    return get(
        path,
        guards=[guard],
        security=BEARER,
        responses=refusals(401, 403, 404),
        sync_to_thread=False,
    )


def writing(
    path: str, guard: Guard, body: type[Strict[Any]]
) -> Callable[[Handler], HTTPRouteHandler]:
    """Return what makes a route for swapping of a function."""
    return put(
        path,
        guards=[guard],
        security=BEARER,
        responses=refusals(400, 401, 403, 404, 409, 413),
        dto=body,
        return_dto=None,
    )


def saved(outcome: int | Conflict | Wrong, current: msgspec.Struct) -> NewVersion:
    """Return the new version.

    Raises:
        Refusal: there is none: `current` is newer, or a field is at fault.
    """
    if isinstance(outcome, Conflict):
        raise Refusal(Code.CONFLICT, **msgspec.structs.asdict(current))
    if isinstance(outcome, Wrong):
        first = outcome.problems[0]
        raise Refusal(Code.BAD_FRAME, path=first.path, reason=first.reason)
    return NewVersion(outcome)
