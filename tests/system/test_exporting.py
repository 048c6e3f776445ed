"""Traces of a real process, as a collector gets them over OTLP."""

import signal
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
import trio

from tests.faults.processes import ROOT
from tests.long import environment
from tests.system.collector import Collector, Span, collecting
from tests.system.process import Process, furnish

CANARY = "canary7f3a9climestone"
SAID = {
    "shopwire.operation": {"chat.start", "msg.send", "note.add"},
    "shopwire.role": {"shopper", "agent", "visitor"},
    "shopwire.listeners": range(10),
    "shopwire.took_us": range(10**8),
}
"""Every attribute that there may be, with every value: nothing else is anybody's."""
OF_THE_SENDER = {
    "service.name",
    "service.version",
    # Drawn anew by the library for each process.
    "service.instance.id",
    "telemetry.sdk.language",
    "telemetry.sdk.name",
    "telemetry.sdk.version",
}
PARTS = ["receive", "commit", "fan_out"]


def is_harmless(span: Span) -> bool:
    """Return whether it says kinds and numbers alone."""
    known = all(span.attributes[name] in SAID[name] for name in span.attributes)
    names = span.name in {"message", *PARTS}
    return known and names and not span.more and CANARY not in span.failed_with


def way_of(spans: list[Span], message: Span) -> list[Span]:
    """Return the parts of a message, which are one after the other and fill it."""
    parts = [span for span in spans if span.parent == message.id]
    assert [part.name for part in parts] == PARTS
    assert {part.trace for part in parts} == {message.trace}
    assert (parts[0].begin, parts[-1].end) == (message.begin, message.end)
    assert all(before.end == after.begin for before, after in pairwise(parts))
    assert all(part.attributes == {} for part in parts)
    return parts


@pytest.mark.slow
async def test_a_message_is_one_trace_at_the_collector_and_says_nothing_of_anybody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = await furnish(tmp_path, "ann")
    with collecting() as collector, Process(tmp_path) as process:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url)
        monkeypatch.setenv("SHOPWIRE_OTEL_ENABLED", "true")
        await process.start()
        async with trio.open_nursery() as nursery:
            sara, ann = [await process.connect(nursery) for _ in range(2)]
            await sara.hello(
                token=keys.token("shopper", CANARY),
                client={"name": CANARY, "version": CANARY},
            )
            await ann.hello(token=keys.token("agent", "ann"))
            start = await sara.ask("chat.start", text=CANARY, id=CANARY, page=CANARY)
            chat = start["chat"]
            await ann.ask("chat.open", chat=chat)
            await ann.ask("msg.send", chat=chat, text=CANARY)
            await ann.ask("note.add", chat=chat, text=CANARY)
            await ann.ask("ticket.tag", chat=chat, add=[CANARY])
            refused = await sara.ask("msg.send", chat=CANARY, text=CANARY)
            assert refused["code"] == "not_found"
            who = sara.who.removeprefix("shopper:")
            process.send(signal.SIGTERM)
            # What was on its way is sent on the way out.
            assert await process.end() == 0
            await sara.cut()
            await ann.cut()
            nursery.cancel_scope.cancel()
    said = told_by(collector)
    assert said == [
        ("chat.start", "shopper", 0),
        ("msg.send", "agent", 1),
        ("note.add", "agent", 0),
        ("msg.send", "shopper", 0),
    ]
    everything = b"".join(collector.bodies)
    for secret in (CANARY, chat, who, "127.0.0.1"):
        assert secret.encode() not in everything
    assert set(collector.resource()) == OF_THE_SENDER


def told_by(collector: Collector) -> list[tuple[object, ...]]:
    """Return operation, role and listeners of each message; all else is checked."""
    spans = collector.spans()
    assert all(map(is_harmless, spans))
    messages = [span for span in spans if not span.parent]
    assert len({message.trace for message in messages}) == len(messages)
    *taken, refused = messages
    assert [message.failed_with for message in messages[:-1]] == [""] * len(taken)
    assert refused.failed_with == "not_found"
    ways = [part for message in taken for part in way_of(spans, message)]
    assert len(spans) == len(messages) + len(ways)
    names = ("operation", "role", "listeners")
    return [
        tuple(message.attributes[f"shopwire.{name}"] for name in names)
        for message in messages
    ]


def test_off_nothing_of_it_is_loaded() -> None:
    begun = """
import sys, trio
from broker.commands import serve
from broker.config import Config
from broker.exporting import exporting
from broker.server import Broker
async def live():
    async with Broker.open(None, virtual=True) as broker:
        print(type(broker.hub).__name__, type(broker.journal).__name__)
with exporting(Config().otel):
    trio.run(live)
unwanted = ("opentelemetry", "broker.tracing")
print([name for name in sys.modules if name.startswith(unwanted)])
"""
    ran = subprocess.run(
        [sys.executable, "-c", begun],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout.splitlines() == ["Hub Journal", "[]"]
