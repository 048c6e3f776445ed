"""Help desks of others that chats are handed over to: Zendesk and Gorgias (F36).

Each names our chat by its id as `external_id`. Before anything is tried once more it is
looked for: that an answer got lost does not mean that nothing was done.
"""

from typing import TypeVar
from urllib.parse import quote

import msgspec

from actors.settings.ai import AiSettings
from broker.config import Config
from broker.outward.ai.calls import Calls, basic, packed, reaches
from broker.outward.ai.cases import Case
from broker.outward.ai.elsewhere import Heard, NotTaken, Standing
from broker.outward.networks import Networks
from broker.services import AiConfig

OURS = "shopwire"
"""The name under which what we write there is marked."""
F = TypeVar("F")
OVER = frozenset({"solved", "closed", "deleted"})
TOGETHER = 100
"""Tickets that Zendesk shows at a time."""


class AtDesks:
    """All of them, on connections that they share."""

    def __init__(self, config: Config) -> None:
        """Read the certificates that are trusted: not for the loop's thread."""
        self._config = config.ai
        self._calls = Calls(Networks(config.outward.private))

    async def open(self, case: Case, ai: AiSettings) -> str:
        """Return what the ticket of a chat is called, made now or before."""
        if case.target == "gorgias":
            return await Gorgias(self._calls, self._config, ai).open(case)
        return await self._zendesk(ai).open(case)

    async def add(self, case: Case, ai: AiSettings, key: str, *, again: bool) -> None:
        """Add a message to its ticket; `again`: unless it is there."""
        if case.target == "gorgias":
            await Gorgias(self._calls, self._config, ai).add(case, key)
        else:
            await self._zendesk(ai).add(case, key, again=again)

    async def standing(self, ai: AiSettings, refs: list[str]) -> list[Standing]:
        """Return how tickets are that have control of a chat."""
        return await self._zendesk(ai).standing(refs)

    async def said(self, ai: AiSettings, ref: str) -> list[Heard]:
        """Return what was said there to the customer, the oldest first."""
        return await self._zendesk(ai).said(ref)

    async def close(self) -> None:
        """Close the connections."""
        await self._calls.close()

    def _zendesk(self, ai: AiSettings) -> "Zendesk":
        return Zendesk(self._calls, self._config, ai)


class Id(msgspec.Struct):
    """What each of its things has."""

    id: int


class Made(msgspec.Struct):
    """A ticket that Zendesk has made."""

    ticket: Id


class Ticket(msgspec.Struct):
    """A ticket of Zendesk's."""

    id: int
    status: str = ""
    updated_at: str = ""


class Tickets(msgspec.Struct):
    """Some of its tickets."""

    tickets: list[Ticket]


class Metadata(msgspec.Struct):
    """What came with a comment."""

    custom: dict[str, object] = {}


class Comment(msgspec.Struct):
    """A comment of a ticket."""

    id: int
    author_id: int = 0
    body: str = ""
    plain_body: str | None = None
    public: bool = False
    metadata: Metadata | None = None

    @property
    def marked(self) -> object:
        """Our own key, if it is ours."""
        return None if self.metadata is None else self.metadata.custom.get(OURS)


class Comments(msgspec.Struct):
    """The comments of a ticket."""

    comments: list[Comment]


class Zendesk:
    """Zendesk's ticketing API: https://developer.zendesk.com/api-reference."""

    def __init__(self, calls: Calls, config: AiConfig, ai: AiSettings) -> None:
        self._calls = calls
        self._url = (ai.zendesk.base_url or "").rstrip("/")
        name = f"{ai.zendesk.email}/token"
        self._headers = _authorised(
            self._url, config.zendesk_host, name, config.zendesk_token
        )

    async def open(self, case: Case) -> str:
        """Return the ticket's number."""
        path = f"/api/v2/tickets.json?external_id={quote(case.chat)}"
        found = (await self._ask("GET", path, Tickets)).tickets
        if found:
            return str(found[0].id)
        requester = {"name": case.name}
        if case.email is not None:
            requester["email"] = case.email
        ticket = {
            "external_id": case.chat,
            "subject": f"Chat with {case.name}",
            "requester": requester,
            "comment": {"body": _introduced(case)},
            "tags": [OURS],
            "metadata": {"custom": {OURS: case.chat}},
        }
        headers = {"Idempotency-Key": str(case.chat)}
        body = {"ticket": ticket}
        path = "/api/v2/tickets.json"
        return str((await self._ask("POST", path, Made, body, headers)).ticket.id)

    async def add(self, case: Case, key: str, *, again: bool) -> None:
        """Add a message as a comment of the customer's."""
        if again and any(each.marked == key for each in await self._comments(case.ref)):
            return
        update = {
            "comment": {"body": case.text, "public": True},
            "metadata": {"custom": {OURS: key}},
        }
        path = f"/api/v2/tickets/{case.ref}.json"
        await self._ask("PUT", path, Made, {"ticket": update})

    async def standing(self, refs: list[str]) -> list[Standing]:
        """Return how tickets are; those that are gone are over.

        Raises:
            NotTaken: it cannot be known now.
        """
        found: list[Standing] = []
        for at in range(0, len(refs), TOGETHER):
            asked = refs[at : at + TOGETHER]
            path = f"/api/v2/tickets/show_many.json?ids={','.join(asked)}"
            for each in (await self._ask("GET", path, Tickets)).tickets:
                over = each.status in OVER
                found.append(Standing(str(each.id), over, each.updated_at))
        return found

    async def said(self, ref: str) -> list[Heard]:
        """Return what the agents there have said to the customer, the oldest first.

        Raises:
            NotTaken: it cannot be known now.
        """
        return [
            Heard(str(each.id), each.plain_body or each.body)
            for each in await self._comments(ref)
            if each.public and each.marked is None
        ]

    async def _comments(self, ref: str | None) -> list[Comment]:
        path = f"/api/v2/tickets/{ref}/comments.json?sort=-created_at"
        found = (await self._ask("GET", path, Comments)).comments
        return sorted(found, key=lambda comment: comment.id)

    async def _ask(
        self,
        method: str,
        path: str,
        form: type[F],
        body: object = None,
        headers: dict[str, str] | None = None,
    ) -> F:
        every = self._headers | (headers or {})
        sent = None if body is None else packed(body)
        return _read(await self._calls.ask(method, self._url + path, every, sent), form)


class Data(msgspec.Struct):
    """A page of what Gorgias has."""

    data: list[Id]


class Gorgias:
    """Gorgias' API: https://developers.gorgias.com/reference."""

    def __init__(self, calls: Calls, config: AiConfig, ai: AiSettings) -> None:
        self._calls = calls
        self._url = (ai.gorgias.base_url or "").rstrip("/")
        self._address = ai.gorgias.address
        name = ai.gorgias.email or ""
        self._headers = _authorised(
            self._url, config.gorgias_host, name, config.gorgias_key
        )

    async def open(self, case: Case) -> str:
        """Return the ticket's number; its answer goes to the customer by e-mail."""
        if case.email is None:
            raise NotTaken("no e-mail address is known", 422)
        url = f"{self._url}/api/tickets?external_id={quote(case.chat)}"
        found = _read(await self._calls.ask("GET", url, self._headers), Data)
        if found.data:
            return str(found.data[0].id)
        subject = f"Chat with {case.name}"
        message = self._message(case, case.chat, _introduced(case))
        ticket = {
            "channel": "email",
            "via": "api",
            "from_agent": False,
            "external_id": case.chat,
            "status": "open",
            "subject": subject,
            "customer": {"email": case.email, "name": case.name},
            "messages": [message],
        }
        url = f"{self._url}/api/tickets"
        made = await self._calls.ask("POST", url, self._headers, packed(ticket))
        return str(_read(made, Id).id)

    async def add(self, case: Case, key: str) -> None:
        """Add a message that came while the ticket was made."""
        message = self._message(case, key, case.text)
        url = f"{self._url}/api/tickets/{case.ref}/messages"
        await self._calls.ask("POST", url, self._headers, packed(message))

    def _message(self, case: Case, key: str, text: str) -> dict[str, object]:
        return {
            "channel": "email",
            "via": "api",
            "from_agent": False,
            "external_id": key,
            "sender": {"email": case.email},
            "source": {
                "type": "email",
                "from": {"address": case.email, "name": case.name},
                "to": [{"address": self._address}],
            },
            "subject": f"Chat with {case.name}",
            "body_text": text,
        }


def _authorised(
    url: str, host: str | None, name: str, key: str | None
) -> dict[str, str]:
    if key is None or not reaches(url, host):
        raise NotTaken("no key is configured for it", 422)
    return {"Authorization": basic(name, key)}


def _introduced(case: Case) -> str:
    """Return a transcript, and what else there is to know."""
    facts = [f"Chat {case.chat}", f"Profile {case.profile}"]
    if case.reason is not None:
        facts.append(f"Handed over because: {case.reason}")
    return "\n".join([case.text, "", *facts])


def _read(answer: bytes, form: type[F]) -> F:
    try:
        return msgspec.json.decode(answer, type=form)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise NotTaken("the answer is not understood") from error
