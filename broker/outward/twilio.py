"""Twilio, and whoever speaks like it: messages out, and signatures of what comes in.

Imported when it is first needed: what it is built on takes longer to import than all
of a start.
"""

import base64
import hmac
import logging
import ssl

import httpx
import msgspec
import trio

from broker.outward.delivery import Failed, Sent
from broker.outward.providers import Outbound
from broker.services import SmsConfig

CONNECT_S, ANSWER_S, WHOLE_S = 5.0, 10.0, 20.0
"""Seconds for a connection, for a part of an answer, and for all of it: within them
somebody waits for the next message of the same chat."""
ANSWER_BYTES = 64 * 1024
"""Kept of an answer that says why not."""
OK = 200
REDIRECTS = 300
REFUSED = 400
LATER = frozenset({401, 408, 429})
"""Refusals that are not about the message: our account, or the moment."""
BROKEN = 500

# The first tells each address that is called, which names the account.
for name in ("httpx", "httpcore"):
    logging.getLogger(name).setLevel(logging.WARNING)


class Problem(msgspec.Struct):
    """How the API says why not; its message may name the number, so nobody sees it."""

    code: int | None = None


class Twilio:
    """Sends messages for all sites that use it."""

    def __init__(self, config: SmsConfig, public_url: str | None) -> None:
        """Read the certificates that are trusted: not for the loop's thread."""
        sid = config.account_sid
        self._url = f"{config.base_url}/2010-04-01/Accounts/{sid}/Messages.json"
        self._public_url = public_url
        self._client = httpx.AsyncClient(
            auth=(sid or "", config.auth_token or ""),
            timeout=httpx.Timeout(ANSWER_S, connect=CONNECT_S),
            verify=ssl.create_default_context(),
        )

    async def send(self, message: Outbound) -> Sent | Failed:
        """Hand `message` over; the answer says that Twilio has it, no more."""
        try:
            with trio.fail_after(WHOLE_S):
                return await self._post(message)
        except (trio.TooSlowError, httpx.TimeoutException):
            return Failed("the provider did not answer in time")
        except httpx.HTTPError as error:
            return Failed(f"the provider cannot be reached ({type(error).__name__})")

    async def close(self) -> None:
        """Close its connections."""
        await self._client.aclose()

    async def _post(self, message: Outbound) -> Sent | Failed:
        form = {"To": message.to, "From": message.number, "Body": message.text}
        if self._public_url is not None:
            path = f"/v1/sites/{message.site}/sms/status?of={message.key}"
            form["StatusCallback"] = self._public_url + path
        headers = {"Idempotency-Key": message.key}
        async with self._client.stream(
            "POST", self._url, data=form, headers=headers
        ) as answer:
            status = answer.status_code
            if OK <= status < REDIRECTS:
                return Sent()
            final = REFUSED <= status < BROKEN and status not in LATER
            code = _code(await _beginning(answer))
            why = f"status {status}" if code is None else f"error {code}"
            return Failed(f"the provider refused it: {why}", final)


def signature(token: str, url: str, form: list[tuple[str, str]]) -> str:
    """Return what Twilio signs a request with.

    That is HMAC-SHA1 over the address and all fields, sorted, with nothing between.
    """
    fields = "".join(name + value for name, value in sorted(set(form)))
    made = hmac.digest(token.encode(), (url + fields).encode(), "sha1")
    return base64.b64encode(made).decode()


def is_signed(
    given: str, token: str, urls: tuple[str, ...], form: list[tuple[str, str]]
) -> bool:
    """Return whether `given` signs one of `urls`; takes always as long."""
    good = False
    for url in urls:
        made = signature(token, url, form)
        good |= hmac.compare_digest(made.encode(), given.encode(errors="replace"))
    return good


async def _beginning(answer: httpx.Response) -> bytes:
    """Return what there is room for; the rest is read for nobody."""
    kept = b""
    async for piece in answer.aiter_bytes():
        kept += piece[: ANSWER_BYTES - len(kept)]
    return kept


def _code(body: bytes) -> int | None:
    try:
        return msgspec.json.decode(body, type=Problem).code
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
