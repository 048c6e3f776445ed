"""Codes as HTTP says them: by a status, which for most of them is 400."""

from broker.wire.errors import Code

STATUS = {
    Code.AUTH_FAILED: 401,
    Code.FORBIDDEN: 403,
    Code.LOGIN_REQUIRED: 403,
    Code.TAB_HIDDEN: 403,
    Code.NOT_FOUND: 404,
    Code.CONFLICT: 409,
    Code.ERASED: 410,
    Code.TOO_BIG: 413,
    Code.RATE_LIMITED: 429,
    Code.UNAVAILABLE: 503,
    Code.SHUTTING_DOWN: 503,
}
"""All others are 400."""
PLAIN = {
    400: Code.BAD_FRAME,
    401: Code.AUTH_FAILED,
    403: Code.FORBIDDEN,
    404: Code.NOT_FOUND,
    405: Code.BAD_FRAME,
    408: Code.BAD_FRAME,
    409: Code.CONFLICT,
    410: Code.ERASED,
    413: Code.TOO_BIG,
    426: Code.BAD_FRAME,
    429: Code.RATE_LIMITED,
    431: Code.TOO_BIG,
}
"""What an answer means that says no code, as those before an upgrade."""


def code_of(status: int) -> Code:
    """Return what an answer with `status` and without a code comes closest to."""
    return PLAIN.get(status, Code.UNAVAILABLE if status >= 500 else Code.BAD_FRAME)  # noqa: PLR2004  # HTTP's own
