"""`POST /v1/login`."""

from typing import Annotated, Any

import msgspec
from litestar import Request, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody
from msgspec import Meta

from broker.http.attempts import Attempts
from broker.http.bodies import Strict
from broker.http.errors import Refusal, granted, refusals
from broker.office.login import log_in
from broker.server import Broker
from broker.wire.errors import Code

WINDOW_S = 300.0
"""Seconds in which logins of one address, and of one account, are counted (F57)."""


class Credentials(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an agent logs in with."""

    email: Annotated[str, Meta(max_length=254)]
    password: Annotated[str, Meta(max_length=256)]
    site: str | None = None
    """Where, if the same address has accounts at several sites."""

    def __repr__(self) -> str:
        """Show nothing of it."""
        return "Credentials(...)"


class Session(msgspec.Struct, frozen=True):
    """A token, and when it runs out, in seconds since 1970."""

    token: str
    exp: int


def routes(broker: Broker) -> list[HTTPRouteHandler]:
    """Return the handler."""
    limits = broker.config.limits
    attempts = Attempts(limits.logins, WINDOW_S)
    # Also of one from many addresses; whether there is such an account or not.
    alike = Attempts(limits.logins_per_account, WINDOW_S)

    @post(
        "/v1/login",
        responses=refusals(400, 401, 413, 429),
        dto=Strict[Credentials],
        return_dto=None,
        status_code=200,
    )
    async def login(
        request: Request[Any, Any, Any], data: JSONBody[Credentials]
    ) -> Session:
        """Give an agent a token for twelve hours."""
        client = request.client
        addresses = broker.addresses
        caller = addresses.caller(client.host if client else "", request.headers)
        if not addresses.trusts(caller):
            now = broker.monotonic()
            _limit(broker, "logins", attempts.wait(caller.household, now))
            wait = alike.wait(data.email.casefold(), now)
            _limit(broker, "logins_per_account", wait)
        minted = granted(await log_in(broker, data.email, data.password, data.site))
        return Session(minted.token, minted.exp)

    return [login]


def _limit(broker: Broker, limit: str, wait: float) -> None:
    if wait > 0:
        broker.tally.limited[limit] += 1
        raise Refusal(Code.RATE_LIMITED, retry_ms=int(wait * 1000) + 1)
