"""The way of a message, as spans: all of it, and nothing of what was said."""

import sys
from collections.abc import AsyncGenerator
from itertools import pairwise
from pathlib import Path

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import NoOpTracer

from actors.ids import Person
from broker import tracing
from broker.config import Config, ConfigError, OtelConfig
from broker.hub import Hub
from broker.makings import makings
from broker.tracing import MOST, Tracing
from tests.system.moments import VIRTUAL
from tests.system.shop import Shop, in_memory, serving

TRACED = Config(otel=OtelConfig(enabled=True))
CANARY = "canary-7f3a9c"


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> InMemorySpanExporter:
    exported = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exported))
    monkeypatch.setattr(tracing, "get_tracer", provider.get_tracer)
    return exported


@pytest.fixture
async def shop(spans: InMemorySpanExporter) -> AsyncGenerator[Shop]:
    assert spans.get_finished_spans() == ()
    async with in_memory(None, TRACED) as running:
        yield running


def messages(spans: InMemorySpanExporter) -> list[ReadableSpan]:
    return [span for span in spans.get_finished_spans() if span.name == "message"]


def parts(spans: InMemorySpanExporter, of: ReadableSpan) -> list[ReadableSpan]:
    assert of.context is not None
    within = [
        span
        for span in spans.get_finished_spans()
        if span.parent is not None and span.parent.span_id == of.context.span_id
    ]
    return sorted(within, key=lambda span: span.start_time or 0)


def told(span: ReadableSpan, name: str) -> object:
    return (span.attributes or {})[f"shopwire.{name}"]


@VIRTUAL
async def test_a_message_is_one_trace_from_socket_to_socket(
    shop: Shop, spans: InMemorySpanExporter
) -> None:
    sara, ann = await shop.shopper(), await shop.agent()
    chat = (await sara.ask("chat.start", text="hello"))["chat"]
    await ann.ask("chat.open", chat=chat)
    await ann.ask("msg.send", chat=chat, text="hi")
    started, answered = messages(spans)
    assert (told(started, "operation"), told(started, "role")) == (
        "chat.start",
        "shopper",
    )
    assert (told(answered, "operation"), told(answered, "role")) == (
        "msg.send",
        "agent",
    )
    # Sara alone: to Ann's connection the `ok` stands for it.
    assert told(answered, "listeners") == 1
    for message in (started, answered):
        way = parts(spans, message)
        assert [span.name for span in way] == ["receive", "commit", "fan_out"]
        assert way[0].start_time == message.start_time
        assert way[-1].end_time == message.end_time
        for before, after in pairwise(way):
            assert before.end_time == after.start_time
        assert all((span.end_time or 0) >= (span.start_time or 1) for span in way)


@VIRTUAL
async def test_a_refused_message_says_by_which_code(
    shop: Shop, spans: InMemorySpanExporter
) -> None:
    sara = await shop.shopper()
    await sara.ask("msg.send", chat="nowhere", text="hello")
    (refused,) = messages(spans)
    assert not refused.status.is_ok
    assert refused.status.description == "not_found"
    assert parts(spans, refused) == []


@VIRTUAL
async def test_what_is_no_message_is_no_trace(
    shop: Shop, spans: InMemorySpanExporter
) -> None:
    sara = await shop.shopper()
    chat = (await sara.ask("chat.start", text="hello", id="once"))["chat"]
    await sara.ask("read", chat=chat, seq=1)
    await sara.say("typing", chat=chat, on=True)
    await sara.ask("chat.start", text="hello", id="once")
    await sara.ask("chat.end", chat=chat)
    assert len(messages(spans)) == 1


@pytest.mark.slow
async def test_no_span_holds_anything_of_anybody(
    tmp_path: Path, spans: InMemorySpanExporter
) -> None:
    # Over sockets, too: addresses and tokens come that way.
    async with serving(tmp_path, config=TRACED) as shop:
        sara = await shop.connect()
        mail = f"{CANARY}@shop.example"
        await sara.hello(token=shop.token("shopper", CANARY, name=CANARY, email=mail))
        ann = await shop.agent()
        chat = (await sara.ask("chat.start", text=CANARY, id=CANARY))["chat"]
        await ann.ask("note.add", chat=chat, text=CANARY)
        await sara.ask("msg.send", chat=chat, text=CANARY * 1000)
        who = shop.broker.hub.peers
        persons = [peer.who for peer in who] + [peer.sub for peer in who if peer.sub]
    assert len(messages(spans)) == 3
    text = "".join(span.to_json() for span in spans.get_finished_spans())
    for each in (CANARY, chat, "127.0.0.1", *persons):
        assert f'"{each}"' not in text
        assert CANARY not in text


def test_off_it_is_not_there_at_all() -> None:
    assert makings(OtelConfig()).hub is Hub


def test_what_is_not_installed_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "broker.tracing", None)
    with pytest.raises(ConfigError, match=r"shopwire\[otel\]"):
        makings(OtelConfig(enabled=True))


def test_what_is_never_through_is_forgotten() -> None:
    noted = Tracing(NoOpTracer())
    for number in range(MOST + 5):
        noted.received((Person("shopper:x"), str(number)), "msg.send", "shopper", 0)
    assert len(noted) == MOST
