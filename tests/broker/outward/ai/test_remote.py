"""Asking a language model and a shop's own program, on real sockets."""

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest

from actors.ids import ChatId, SiteId
from actors.library import Knowledge as Articles
from actors.library import KnowledgeItem, Library
from actors.settings.ai import AiSettings, OpenAiSettings, WebhookResponderSettings
from broker.config import Config
from broker.outward.ai.knowledge import Knowledge
from broker.outward.ai.remote import Remote, signed
from broker.outward.ai.responders import (
    MOST_CHARS,
    MOST_TEXTS,
    Escalate,
    NoAnswer,
    Outcome,
    Reply,
    Silent,
    Unsure,
)
from broker.outward.ai.views import Line, View
from broker.services import AiConfig, OutwardConfig
from tests.broker.outward.ai.stub import Asked, Stub, stubbed

ARTICLE = KnowledgeItem("lamps", "Lamps and bulbs", "Our lamps take bulbs of type E27.")
KNOWLEDGE = Knowledge(Library(knowledge=Articles(1, (ARTICLE,))), 0.5)
VIEW = View(
    ChatId("0" * 26),
    SiteId("default"),
    4,
    "Which bulbs do your lamps take?",
    (),
    (Line("shop", "Hi!"), Line("shopper", "Which bulbs do your lamps take?")),
)
KEY, SECRET = "sk-secret-key", "a webhook secret"
PRIVATE = OutwardConfig(private=("127.0.0.0/8",))


@asynccontextmanager
async def asking(*, trusted: bool = True) -> AsyncGenerator[tuple[Stub, Remote]]:
    """Yield a stub, and what asks it; `trusted`: it may have the key."""
    async with stubbed() as stub:
        host = stub.host if trusted else "api.openai.com"
        ai = AiConfig(openai_key=KEY, openai_host=host, webhook_secret=SECRET)
        remote = Remote(Config(ai=ai, outward=PRIVATE))
        yield stub, remote
        await remote.close()


async def model(stub: Stub, remote: Remote) -> Outcome:
    settings = AiSettings(openai=OpenAiSettings(f"{stub.url}/v1", "small"))
    return await remote.openai(settings, KNOWLEDGE).answer(VIEW)


async def program(stub: Stub, remote: Remote) -> Outcome:
    settings = AiSettings(webhook=WebhookResponderSettings(f"{stub.url}/bot"))
    return await remote.webhook(settings).answer(VIEW)


def says(content: object) -> tuple[int, object]:
    text = content if isinstance(content, str) else json.dumps(content)
    return 200, {"choices": [{"message": {"role": "assistant", "content": text}}]}


async def test_the_model_is_shown_passages_and_this_chat_and_nothing_else() -> None:
    async with asking() as (stub, remote):
        stub.answer = lambda _: says({"answer": "E27.", "sources": ["knowledge:lamps"]})
        assert await model(stub, remote) == Reply(("E27.",), ("knowledge:lamps",))
    (asked,) = stub.asked
    assert (asked.method, asked.path) == ("POST", "/v1/chat/completions")
    assert asked.headers["authorization"] == f"Bearer {KEY}"
    assert asked.body["model"] == "small"
    system, *lines = asked.body["messages"]
    assert system["role"] == "system"
    assert ARTICLE.text in system["content"]
    assert lines == [
        {"role": "assistant", "content": "Hi!"},
        {"role": "user", "content": VIEW.question},
    ]
    assert set(asked.body) == {"model", "temperature", "max_tokens", "messages"}


async def test_a_key_goes_to_its_own_host_alone() -> None:
    async with asking(trusted=False) as (stub, remote):
        stub.answer = lambda _: says({"answer": None})
        assert await model(stub, remote) == Unsure("unknown")
    assert "authorization" not in stub.asked[0].headers


@pytest.mark.parametrize(
    ("content", "outcome"),
    [
        ({"answer": "Sure!", "sources": []}, Unsure("unsourced")),
        ({"answer": "Sure!", "sources": ["knowledge:other"]}, Unsure("unsourced")),
        ({"answer": " ", "sources": ["knowledge:lamps"]}, Unsure("unknown")),
        ('```json\n{"answer": "E27", "sources": ["knowledge:lamps"]}\n```', Reply),
        ({"answer": "x" * 9000, "sources": ["knowledge:lamps"]}, Reply),
    ],
)
async def test_what_the_model_makes_up_is_not_said(
    content: object, outcome: object
) -> None:
    async with asking() as (stub, remote):
        stub.answer = lambda _: says(content)
        came = await model(stub, remote)
    if outcome is Reply:
        assert isinstance(came, Reply)
        assert 0 < len(came.texts[0]) <= MOST_CHARS
    else:
        assert came == outcome


GARBAGE: list[tuple[int, object] | bytes] = [
    (500, {"error": "no"}),
    (302, {}),
    says("I am a teapot"),
    says('{"answer": {"deep": 1}}'),
    (200, {"choices": []}),
    (200, []),
    b"\0\1\2 no HTTP\r\n\r\n",
    b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 1_000_000,
]


@pytest.mark.parametrize("answer", GARBAGE, ids=range(len(GARBAGE)))
async def test_whatever_else_comes_is_no_answer(
    answer: tuple[int, object] | bytes,
) -> None:
    async with asking() as (stub, remote):
        stub.answer = lambda _: answer
        with pytest.raises(NoAnswer) as failed:
            await model(stub, remote)
        assert KEY not in str(failed.value)


async def test_nothing_private_is_asked_unless_the_operator_says_so() -> None:
    async with stubbed() as stub:
        remote = Remote(Config(ai=AiConfig(openai_key=KEY, openai_host=stub.host)))
        for ask in (model, program):
            with pytest.raises(NoAnswer, match="private"):
                await ask(stub, remote)
        await remote.close()
    assert stub.asked == []


async def test_a_program_hears_this_chat_alone_and_knows_who_asks() -> None:
    async with asking() as (stub, remote):
        stub.answer = lambda _: (200, {"reply": ["E27.", "Anything else?"]})
        assert await program(stub, remote) == Reply(("E27.", "Anything else?"))
    (asked,) = stub.asked
    assert set(asked.body) == {"type", "site", "chat", "turn", "question", "lines"}
    id_, at = asked.headers["webhook-id"], asked.headers["webhook-timestamp"]
    assert id_ == f"{VIEW.chat}-4"
    body = json.dumps(asked.body, separators=(",", ":")).encode()
    made = signed(SECRET, id_, at, body)
    assert asked.headers["webhook-signature"] == made["Webhook-Signature"]


@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        ({"reply": "one"}, Reply(("one",))),
        ({"reply": ["a"] * 9}, Reply(("a",) * MOST_TEXTS)),
        ({"reply": "a\0b\x1b[31m", "sources": ["x\n"]}, Reply(("ab[31m",), ("x",))),
        ({"escalate": "Too hard\nfor me"}, Escalate("Too hard for me")),
        ({"silent": True}, Silent()),
    ],
)
async def test_what_a_program_says_is_cut_to_size(
    said: object, outcome: Outcome
) -> None:
    async with asking() as (stub, remote):
        stub.answer = lambda _: (200, said)
        assert await program(stub, remote) == outcome


@pytest.mark.parametrize("said", [{}, {"reply": []}, {"reply": "\0"}, {"reply": 3}, 7])
async def test_a_program_that_says_nothing_has_no_answer(said: object) -> None:
    def answer(_: Asked) -> tuple[int, object]:
        return 200, said

    async with asking() as (stub, remote):
        stub.answer = answer
        with pytest.raises(NoAnswer):
            await program(stub, remote)
