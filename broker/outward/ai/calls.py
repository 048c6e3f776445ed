"""JSON over HTTP with those that answer for the bot, or take its chats over.

Imported when it is first needed, as `abroad` is.
"""

import base64
from collections.abc import Mapping
from urllib.parse import urlsplit

import httpx
import msgspec

from broker.outward import abroad
from broker.outward.abroad import TooLong
from broker.outward.ai.elsewhere import NotTaken
from broker.outward.networks import Networks, NotReachable

ANSWER_BYTES = 256 * 1024
"""Read of an answer: a hundred comments of a ticket."""
OK, REDIRECTS = 200, 300


class Calls:
    """Asks others for all sites; how long they may take is for the caller to bound."""

    def __init__(self, networks: Networks) -> None:
        """Read the certificates that are trusted: not for the loop's thread."""
        self._client = abroad.client(networks, ANSWER_BYTES)

    async def ask(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None = None,
    ) -> bytes:
        """Return what is answered; empty if nothing is.

        Raises:
            NotTaken: it cannot be reached, or refuses, or does not end.
        """
        plain = {
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "Content-Type": "application/json",
            **headers,
        }
        try:
            async with self._client.stream(
                method, url, content=body, headers=plain
            ) as answer:
                if not OK <= answer.status_code < REDIRECTS:
                    status = answer.status_code
                    raise NotTaken(f"status {status}", status)
                return b"".join([piece async for piece in answer.aiter_raw()])
        except NotReachable as error:
            raise NotTaken(str(error)) from error
        except TooLong as error:
            raise NotTaken("the answer does not end") from error
        except httpx.TimeoutException as error:
            raise NotTaken("no answer in time") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise NotTaken(f"it cannot be reached ({type(error).__name__})") from error

    async def close(self) -> None:
        """Close its connections."""
        await self._client.aclose()


def reaches(url: str, host: str | None) -> bool:
    """Return whether `url` is at `host`; with a dot before it, or at one below it.

    A key goes nowhere else: who may change a shop's settings has not therefore a right
    to the key of the process.
    """
    if host is None:
        return False
    place = urlsplit(url).netloc.lower()
    return place.endswith(host) if host.startswith(".") else place == host


def basic(name: str, password: str) -> str:
    """Return the header's value for a name and a password."""
    return f"Basic {base64.b64encode(f'{name}:{password}'.encode()).decode()}"


def packed(body: object) -> bytes:
    """Return `body` as JSON."""
    return msgspec.json.encode(body)
