"""How a request is refused: the codes of the protocol, as HTTP."""

from typing import Any, TypeVar

import msgspec
from litestar import MediaType, Request, Response
from litestar.exceptions import (
    HTTPException,
    MethodNotAllowedException,
    NotFoundException,
    ValidationException,
)
from litestar.openapi.datastructures import ResponseSpec
from litestar.status_codes import (
    HTTP_413_REQUEST_ENTITY_TOO_LARGE,
    HTTP_500_INTERNAL_SERVER_ERROR,
)

from broker.office.passwords import Busy
from broker.office.requests import Denied
from broker.wire.errors import TABLE, Code
from broker.wire.statuses import STATUS
from storage.errors import Unwritable

A = TypeVar("A")

RETRY_AFTER_S = 1
"""Seconds after which to try again what may succeed then."""


class Refusal(Exception):
    """The request is refused with `code`; `details` go into the answer."""

    def __init__(self, code: Code, **details: object) -> None:
        super().__init__(code)
        self.code = code
        self.details = {k: v for k, v in details.items() if v is not None}


class Problem(msgspec.Struct, frozen=True):
    """How an error is described; which of the optional parts it has, its code says."""

    code: Code
    message: str
    """For people; programs look at the code."""
    retry: bool
    path: str | None = None
    """The field at fault, as `$.settings.check_in.remind_s`."""
    reason: str | None = None
    limit: int | None = None
    retry_ms: int | None = None
    version: int | None = None
    """The newest, where another was expected."""


ANYWHERE = (403, 408, 503)
"""What any route may answer: to a page that may not ask, to a body that takes too long,
and when the disk is full or the broker about to end."""


def refusals(*statuses: int) -> dict[int, ResponseSpec]:
    """Return how errors with these statuses, and with those of all, are described."""
    return {
        status: ResponseSpec(
            Problem, generate_examples=False, description=_codes_of(status)
        )
        for status in sorted({*statuses, *ANYWHERE})
    }


def _codes_of(status: int) -> str:
    codes = [code for code in Code if STATUS.get(code) == status]
    return f"Refused: {', '.join(codes) or Code.BAD_FRAME}"


def granted(answer: A | Denied) -> A:
    """Return `answer`, if it is one.

    Raises:
        Refusal: it is none.
    """
    if isinstance(answer, Denied):
        raise Refusal(answer.code, path=answer.path, message=answer.reason)
    return answer


def body_of(code: Code, details: dict[str, object]) -> dict[str, object]:
    """Return what an error says."""
    meaning = TABLE[code]
    return {"code": code, "message": meaning.text, "retry": meaning.retry, **details}


def answer(_request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """Return the answer to a request that ended with `error`.

    Whatever is no refusal is a bug: it is told as such and nothing more, and raised
    again in the logs by who calls this.
    """
    code, details, status = _meaning(error)
    headers: dict[str, str] = {}
    if code is Code.AUTH_FAILED:
        headers["WWW-Authenticate"] = "Bearer"
    if TABLE[code].retry:
        wait = details.get("retry_ms")
        seconds = -(-wait // 1000) if isinstance(wait, int) else RETRY_AFTER_S
        headers["Retry-After"] = str(seconds)
    if isinstance(error, MethodNotAllowedException):
        headers |= error.headers or {}
    return Response(
        body_of(code, details),
        status_code=status,
        media_type=MediaType.JSON,
        headers=headers,
    )


def _meaning(error: Exception) -> tuple[Code, dict[str, object], int]:
    if isinstance(error, Refusal):
        return error.code, error.details, STATUS.get(error.code, 400)
    if isinstance(error, NotFoundException):
        return Code.NOT_FOUND, {}, 404
    if isinstance(error, MethodNotAllowedException):
        reason = "This method is not understood here."
        return Code.BAD_FRAME, {"reason": reason}, 405
    if isinstance(error, Unwritable | Busy):
        return Code.UNAVAILABLE, {}, 503
    if isinstance(error, HTTPException):
        if error.status_code == HTTP_413_REQUEST_ENTITY_TOO_LARGE:
            return Code.TOO_BIG, {}, 413
        if (
            isinstance(error, ValidationException)
            or error.status_code < HTTP_500_INTERNAL_SERVER_ERROR
        ):
            return Code.BAD_FRAME, {"path": _place_of(error)}, 400
    return Code.UNAVAILABLE, {}, 500


def _place_of(error: HTTPException) -> str:
    """Return which parameter is at fault, if it is one."""
    faults = error.extra if isinstance(error.extra, list) else []
    first = faults[0] if faults else None
    return f"$.{first['key']}" if isinstance(first, dict) and "key" in first else "$"
