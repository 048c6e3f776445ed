"""Zendesk and Gorgias, as their documentation has them, on real sockets."""

import base64
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Literal
from urllib.parse import urlsplit

import pytest
from msgspec.structs import replace

from actors.ids import ChatId, SiteId
from actors.settings.ai import AiSettings, GorgiasSettings, ZendeskSettings
from broker.config import Config
from broker.outward.ai.cases import Case
from broker.outward.ai.desks import AtDesks
from broker.outward.ai.elsewhere import Heard, NotTaken, Standing
from broker.services import AiConfig, OutwardConfig
from tests.broker.outward.ai.stub import Asked, Reply, Stub, stubbed

CHAT = ChatId("06H0A72E9M002HD7CJXRWAVJVJ")
CASE = Case(
    chat=CHAT,
    site=SiteId("default"),
    profile="06H0A72E9M000G17G64EPZQ60F",
    name="Sara Nowak",
    email="sara@shop.example",
    target="zendesk",
    ref=None,
    reason="order",
    text="[2026-11-22 20:00:00 UTC] Customer: where is my order",
    opens=True,
    settled=False,
)
TOKEN = "an api token"  # nobody's


class FakeDesk:
    """Tickets and comments, as both systems have them: enough to be asked."""

    def __init__(self, kind: Literal["zendesk", "gorgias"]) -> None:
        self.kind = kind
        self.tickets: list[dict[str, object]] = []
        self.comments: list[dict[str, object]] = []
        self.status = "open"

    def answer(self, asked: Asked) -> Reply:
        user = f"bot@shop.example{'/token' if self.kind == 'zendesk' else ''}"
        given = asked.headers["authorization"].removeprefix("Basic ")
        if base64.b64decode(given).decode() != f"{user}:{TOKEN}":
            return 401, {"error": "Couldn't authenticate you"}
        path = urlsplit(asked.path).path
        if self.kind == "zendesk":
            return self._zendesk(asked, path)
        return self._gorgias(asked, path)

    def _zendesk(self, asked: Asked, path: str) -> Reply:
        found = [{"id": 77, "status": self.status, "updated_at": "t"}]
        match asked.method, path:
            case "GET", "/api/v2/tickets.json":
                return 200, {"tickets": found[: len(self.tickets)]}
            case "POST", "/api/v2/tickets.json":
                ticket = asked.body["ticket"]
                assert ticket["comment"]["body"]
                self.tickets.append(ticket)
                return 201, {"ticket": found[0]}
            case "PUT", "/api/v2/tickets/77.json":
                ticket = asked.body["ticket"]
                comment = ticket["comment"] | {"metadata": ticket["metadata"]}
                self.comments.append(comment | {"id": len(self.comments) + 1})
                return 200, {"ticket": found[0], "audit": {}}
            case "GET", "/api/v2/tickets/show_many.json":
                return 200, {"tickets": found}
            case "GET", "/api/v2/tickets/77/comments.json":
                return 200, {"comments": self.comments[::-1]}
            case _:
                return 404, {"error": "InvalidEndpoint"}

    def _gorgias(self, asked: Asked, path: str) -> Reply:
        match asked.method, path:
            case "GET", "/api/tickets":
                return 200, {"data": [{"id": 55}] * len(self.tickets), "meta": {}}
            case "POST", "/api/tickets":
                self.tickets.append(asked.body)
                return 201, {"id": 55}
            case "POST", "/api/tickets/55/messages":
                self.comments.append(asked.body)
                return 201, {"id": 1}
            case _:
                return 404, {}


@asynccontextmanager
async def at(
    kind: Literal["zendesk", "gorgias"], *, host: str | None = None
) -> AsyncGenerator[tuple[FakeDesk, Stub, AtDesks, AiSettings]]:
    async with stubbed() as stub:
        fake = FakeDesk(kind)
        stub.answer = fake.answer
        place, mail = host or stub.host, "bot@shop.example"
        config = AiConfig(
            zendesk_token=TOKEN,
            zendesk_host=place,
            gorgias_key=TOKEN,
            gorgias_host=place,
        )
        private = OutwardConfig(private=("127.0.0.0/8",))
        desks = AtDesks(Config(ai=config, outward=private))
        yield (
            fake,
            stub,
            desks,
            AiSettings(
                zendesk=ZendeskSettings(stub.url, mail),
                gorgias=GorgiasSettings(stub.url, mail, "help@shop.example"),
            ),
        )
        await desks.close()


async def test_a_ticket_at_zendesk_has_the_transcript_and_who_asks() -> None:
    async with at("zendesk") as (fake, stub, desks, ai):
        assert await desks.open(CASE, ai) == "77"
    (ticket,) = fake.tickets
    assert ticket["external_id"] == CHAT
    assert ticket["requester"] == {"name": "Sara Nowak", "email": "sara@shop.example"}
    assert CASE.text in str(ticket["comment"])
    assert "order" in str(ticket["comment"])
    assert stub.asked[-1].headers["idempotency-key"] == CHAT
    assert stub.asked[-1].headers["content-type"] == "application/json"


@pytest.mark.parametrize("kind", ["zendesk", "gorgias"])
async def test_a_ticket_is_looked_for_before_it_is_made(
    kind: Literal["zendesk", "gorgias"],
) -> None:
    case = replace(CASE, target=kind)
    async with at(kind) as (fake, _, desks, ai):
        first = await desks.open(case, ai)
        assert await desks.open(case, ai) == first
    assert len(fake.tickets) == 1


async def test_a_message_is_added_once_though_its_answer_got_lost() -> None:
    later = replace(CASE, ref="77", opens=False, text="and one more thing")
    async with at("zendesk") as (fake, _, desks, ai):
        for again in (False, True):
            await desks.add(later, ai, "9-12", again=again)
    (comment,) = fake.comments
    assert (comment["body"], comment["public"]) == ("and one more thing", True)


async def test_what_agents_say_at_zendesk_is_heard_but_their_notes_are_not() -> None:
    async with at("zendesk") as (fake, _, desks, ai):
        fake.comments = [
            {"id": 1, "body": "ours", "public": True, "metadata": {"custom": {}}},
            {"id": 2, "body": "**hi**", "plain_body": "hi", "public": True},
            {"id": 3, "body": "psst", "public": False},
        ]
        fake.comments[0]["metadata"] = {"custom": {"shopwire": "k"}}
        assert await desks.said(ai, "77") == [Heard("2", "hi")]
        assert await desks.standing(ai, ["77"]) == [
            Standing("77", over=False, changed="t")
        ]
        fake.status = "solved"
        assert (await desks.standing(ai, ["77"]))[0].over


async def test_a_ticket_at_gorgias_comes_from_the_customer_by_mail() -> None:
    async with at("gorgias") as (fake, _, desks, ai):
        case = replace(CASE, target="gorgias")
        assert await desks.open(case, ai) == "55"
        later = replace(case, ref="55", opens=False, text="more")
        await desks.add(later, ai, "9-12", again=False)
    (ticket,) = fake.tickets
    assert ticket["external_id"] == CHAT
    assert ticket["customer"] == {"email": "sara@shop.example", "name": "Sara Nowak"}
    messages = ticket["messages"]
    assert isinstance(messages, list)
    assert messages[0]["source"] == {
        "type": "email",
        "from": {"address": "sara@shop.example", "name": "Sara Nowak"},
        "to": [{"address": "help@shop.example"}],
    }
    assert messages[0]["from_agent"] is False
    assert (fake.comments[0]["body_text"], fake.comments[0]["external_id"]) == (
        *("more", "9-12"),
    )


async def test_without_an_address_nothing_is_handed_over_by_mail() -> None:
    async with at("gorgias") as (_, stub, desks, ai):
        case = replace(CASE, target="gorgias", email=None)
        with pytest.raises(NotTaken, match="no e-mail address") as refused:
            await desks.open(case, ai)
    assert refused.value.status == 422
    assert stub.asked == []


@pytest.mark.parametrize("kind", ["zendesk", "gorgias"])
async def test_no_key_goes_to_a_host_that_it_is_not_for(
    kind: Literal["zendesk", "gorgias"],
) -> None:
    async with at(kind, host=f".{kind}.com") as (_, stub, desks, ai):
        with pytest.raises(NotTaken, match="no key"):
            await desks.open(replace(CASE, target=kind), ai)
    assert stub.asked == []


@pytest.mark.parametrize("reply", [(500, {}), (200, {"x": 1}), b"\0 no HTTP\r\n\r\n"])
async def test_what_is_not_understood_is_not_taken(reply: Reply) -> None:
    async with at("zendesk") as (_, stub, desks, ai):
        stub.answer = lambda _: reply
        with pytest.raises(NotTaken) as refused:
            await desks.open(CASE, ai)
        assert TOKEN not in str(refused.value)
        assert "Sara" not in str(refused.value)
