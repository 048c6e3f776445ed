"""What a node says at `/metrics` of its cluster, in Prometheus' words.

Whoever owns adds it to the figures of its broker. One that follows has nothing else to
say but how its process is: what the shop does, only the owner knows.
"""

from collections.abc import Callable, Iterator
from functools import partial
from importlib.metadata import version

import msgspec
from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from broker.cluster.counts import Counts, Refusal, Why
from broker.cluster.relay import RelayStats
from broker.metrics import PREFIX, Figure, histogram, program, written

CLUSTER = "cluster_"
OURS = PREFIX + CLUSTER


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """How a node is."""

    owns: bool = False
    owner: str = ""
    """Name of who owns, as far as is known; empty if nobody is."""
    epoch: int = 0
    applied: int = 0
    lag_entries: int = 0
    lag_s: float = 0.0
    silence_s: float = 0.0
    nodes: int = 0
    relay: RelayStats = RelayStats(0, 0, 0)
    counts: Counts = msgspec.field(default_factory=Counts)


class NodeFigures(Collector):
    """Reads them all."""

    def __init__(self, standing: Callable[[], Standing]) -> None:
        self._standing = standing

    def collect(self) -> Iterator[Metric]:
        """Yield every figure."""
        now = self._standing()
        for name, meaning, value in _gauges(now):
            yield GaugeMetricFamily(OURS + name, meaning, value)
        for name, meaning, value in _counters(now):
            yield CounterMetricFamily(OURS + name, meaning, value)
        yield _owner(now)
        stepped_down = CounterMetricFamily(
            OURS + "stepped_down", "Times that it stopped to own.", labels=["why"]
        )
        for why in Why:
            stepped_down.add_metric([why], now.counts.stepped_down[why])
        yield stepped_down
        fenced = CounterMetricFamily(
            OURS + "fenced",
            "Writes that the log refused, since somebody else had written.",
            labels=["what"],
        )
        for what in Refusal:
            fenced.add_metric([what], now.counts.fenced[what])
        yield fenced
        yield histogram(
            CLUSTER + "append_seconds",
            "Until the log had an entry, on disks enough.",
            now.counts.appended,
        )


def follower_figures(standing: Callable[[], Standing]) -> Callable[[], bytes]:
    """Return what tells all that a node which does not own says of itself."""
    made = CollectorRegistry()
    made.register(NodeFigures(standing))
    made.register(_Program(version("shopwire")))
    ProcessCollector(registry=made)
    return partial(written, made)


class _Program(Collector):
    def __init__(self, running: str) -> None:
        self._running = running

    def collect(self) -> Iterator[Metric]:
        """Yield which program it is."""
        yield program(self._running)


def _gauges(now: Standing) -> list[Figure]:
    return [
        Figure("owns", "1 while this node owns.", now.owns),
        Figure("epoch", "How often it has changed hands who owns.", now.epoch),
        Figure("applied", "Position in the log that its copy has.", now.applied),
        Figure("lag_entries", "Positions that its copy is behind.", now.lag_entries),
        Figure(
            "lag_seconds",
            "Since when there has been something that is not in its copy.",
            now.lag_s,
        ),
        Figure(
            "silence_seconds",
            "Since NATS last said who is there: till then, all of this is of then.",
            now.silence_s,
        ),
        Figure("nodes", "Nodes that are there, this one too.", now.nodes),
        Figure(
            "relayed_connections",
            "Connections that it carries to the owner, or that wait for one.",
            now.relay.open,
        ),
    ]


def _counters(now: Standing) -> list[Figure]:
    return [
        Figure("takeovers", "Times that it began to own.", now.counts.takeovers),
        Figure("append_bytes", "Bytes the log took of it.", now.counts.append_bytes),
        Figure("relayed", "Connections carried to the owner.", now.relay.relayed),
        Figure(
            "relays_refused",
            "Connections for which there was no owner in time, or no room.",
            now.relay.refused,
        ),
    ]


def _owner(now: Standing) -> Metric:
    owner = GaugeMetricFamily(
        OURS + "owner",
        "1, with who owns and is relayed to; of no name while nobody is known.",
        labels=["owner"],
    )
    owner.add_metric([now.owner], 1)
    return owner
