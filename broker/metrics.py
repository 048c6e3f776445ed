"""What `/metrics` says, in Prometheus' words.

Kept as plain numbers where things happen, and read when somebody asks: counting costs
the message path an addition and no more.
"""

import hmac
from collections.abc import Iterator
from math import nan
from typing import NamedTuple

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from broker.addresses import Caller
from broker.config import Config
from broker.limits import LIMITS, TurnedAway
from broker.room import look
from broker.server import Broker
from broker.vitals import desks, waiting
from broker.wire.errors import Code
from broker.wire.statuses import PLAIN, STATUS
from storage.shipping import NOTHING
from storage.spans import Spans

MEDIA_TYPE = CONTENT_TYPE_LATEST.removesuffix("; charset=utf-8")
"""Without what the framework says itself."""


PREFIX = "shopwire_"


class Figure(NamedTuple):
    """One number, with its name and what it means."""

    name: str
    help: str
    value: float


def gauges(broker: Broker) -> list[Figure]:
    """Return what there is of everything now."""
    journal, stats = broker.journal, broker.journal.stats()
    overdue, oldest = waiting(broker)
    deepest, usual = broker.tally.mail.read()
    resumes = broker.house.resumes
    return [
        *_desks(broker),
        *_room(broker),
        Figure("connections", "Clients that have said hello.", len(broker.hub.peers)),
        Figure("http_connections", "HTTP connections.", broker.front.connections),
        Figure("chats_active", "Chats in memory.", len(broker.house.chats)),
        Figure("alarms", "Chats that are to be woken.", len(broker.alarms)),
        Figure(
            "mailbox_depth_max",
            "The most mail for actors at the begin of a turn, since last read.",
            deepest,
        ),
        Figure("mailbox_depth_p99", "The same of 99 turns in 100, at most.", usual),
        Figure(
            "outbox_bytes_max",
            "The most that a client has not taken at once, since last read.",
            broker.tally.deepest(),
        ),
        Figure(
            "search_behind",
            "1 while searches are told of new events.",
            broker.house.finder.behind,
        ),
        Figure("resumes_running", "Chats that catch up.", resumes.running),
        Figure("resumes_waiting", "Chats in line for that.", resumes.waiting),
        Figure("overloaded", "1 while nobody new is let in.", broker.overload.there),
        Figure("checkins_overdue", "Chats whose check-in was missed.", overdue),
        Figure("oldest_wait_seconds", "The longest unanswered wait.", oldest),
        Figure(
            "journal_unsettled",
            "Reads and writes that wait for the disk.",
            journal.unsettled,
        ),
        Figure("journal_writable", "1 while the disk takes writes.", journal.writable),
        Figure(
            "journal_wal_pages",
            "Pages in the write-ahead log at the last checkpoint.",
            stats.wal_pages,
        ),
        Figure(
            "commit_last_seconds",
            "Time of the last commit, its sync included.",
            stats.last_commit_s,
        ),
    ]


def counters(broker: Broker) -> list[Figure]:
    """Return how much of everything there has been since the start."""
    counts, stats = broker.hub.counts, broker.journal.stats()
    return [
        Figure("commits", "Commits of the journal.", stats.commits),
        Figure("commit_seconds", "Time spent in them.", stats.commit_s),
        Figure("journal_rows", "Rows written.", stats.rows),
        Figure("journal_items", "Writes tried.", stats.items),
        Figure("journal_refused", "Writes that failed.", stats.refused),
        Figure("checkpoints", "Checkpoints of the journal.", stats.checkpoints),
        Figure("events_published", "Events that became durable.", counts.published),
        Figure("events_delivered", "Events sent to listeners.", counts.delivered),
        Figure("resumes", "Chats taken up again with a hello.", counts.resumed),
        Figure("hellos_put_off", "Hellos told to come later.", broker.overload.refused),
        Figure("repeats", "Requests that had been granted before.", counts.repeated),
        Figure(
            "blocked_writes",
            "Writes of blocked shoppers that were refused.",
            broker.house.blocked.refused,
        ),
        Figure(
            "bot_answers_dropped",
            "Answers of a bot that came too late.",
            counts.dropped,
        ),
        Figure(
            "broken_promises",
            "Tickets that would have been missed; they were mended.",
            broker.sweeper.broken.total(),
        ),
        Figure("signals_sent", "Typing and the like, as sent.", counts.signals),
        Figure("actor_restarts", "Actors restarted.", broker.system.restarts),
        Figure(
            "slow_turns",
            "Turns that took longer than `log.slow_turn_ms`.",
            broker.slow.slow_turns,
        ),
        Figure(
            "slow_actors",
            "Actors that took longer than `log.slow_actor_ms` with one message.",
            broker.slow.slow_actors,
        ),
    ]


class Figures(Collector):
    """Reads them all."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker

    def collect(self) -> Iterator[Metric]:
        """Yield every figure."""
        for name, meaning, value in gauges(self._broker):
            yield GaugeMetricFamily(PREFIX + name, meaning, value)
        for name, meaning, value in counters(self._broker):
            yield CounterMetricFamily(PREFIX + name, meaning, value)
        yield from _shipping(self._broker)
        limited = CounterMetricFamily(
            PREFIX + "limited", "How often a limit was met.", labels=["limit"]
        )
        for name in LIMITS:
            limited.add_metric([name], self._broker.tally.limited[name])
        yield limited
        refused = CounterMetricFamily(
            PREFIX + "refusals",
            "Refusals on sockets, by what the client was told.",
            labels=["code"],
        )
        for code in Code:
            refused.add_metric([code.value], self._broker.tally.refused[code])
        yield refused
        yield _turned_away(self._broker)
        dropped = CounterMetricFamily(
            PREFIX + "signals_dropped",
            "Typing and the like that was not sent to one who lags behind.",
            labels=["what"],
        )
        for what, number in self._broker.tally.dropped.items():
            dropped.add_metric([what], number)
        yield dropped
        yield histogram(
            "commit_duration_seconds",
            "A commit, its sync included.",
            self._broker.journal.commits_took,
        )
        yield histogram(
            "fan_out_seconds",
            "From a commit to the end of sending it to everybody.",
            self._broker.tally.fanned_out,
        )
        yield histogram(
            "turn_seconds",
            "A turn of the loop: sockets read, actors run, frames sent.",
            self._broker.slow.turns,
        )
        yield program(self._broker.house.version)
        # By Prometheus' own names: CPU, memory and descriptors, where there is a /proc.
        yield from ProcessCollector(registry=None).collect()
        yield from _asked(self._broker)
        yield from _leaving(self._broker)


def _turned_away(broker: Broker) -> Metric:
    """Return what was refused over HTTP; each that is usual is there from the start."""
    tally = broker.tally.turned_away
    usual = {TurnedAway(STATUS.get(code, 400), code) for code in Code}
    usual |= {TurnedAway(status, code) for status, code in PLAIN.items()}
    turned_away = CounterMetricFamily(
        PREFIX + "http_refusals",
        "Requests and upgrades refused over HTTP, by status and by what was told.",
        labels=["status", "code"],
    )
    for status, code in sorted(usual | tally.keys()):
        number = tally[TurnedAway(status, code)]
        turned_away.add_metric([str(status), code.value], number)
    return turned_away


def program(version: str) -> Metric:
    """Return which program this is."""
    made = GaugeMetricFamily(
        PREFIX + "program", "1, with the version that runs.", labels=["version"]
    )
    made.add_metric([version], 1)
    return made


def may_read(config: Config, caller: Caller, shown: str) -> bool:
    """Return whether `caller` may see the figures, with a header of authorization."""
    secret = config.metrics.token
    known = secret is not None and hmac.compare_digest(
        shown.encode(), f"Bearer {secret}".encode()
    )
    return known or caller.is_this_machine or caller.trusted


def registry(broker: Broker) -> CollectorRegistry:
    """Return what `written` writes."""
    made = CollectorRegistry()
    made.register(Figures(broker))
    if broker.beside is not None:
        made.register(broker.beside)
    return made


def written(collected: CollectorRegistry) -> bytes:
    """Return all figures as they are now."""
    return generate_latest(collected)


def histogram(name: str, meaning: str, spans: Spans) -> Metric:
    """Return how long something takes."""
    upto = spans.upto()
    buckets = [(f"{bound:g}", below) for bound, below in upto[:-1]]
    buckets.append(("+Inf", upto[-1][1]))
    return HistogramMetricFamily(PREFIX + name, meaning, buckets, spans.seconds)


def _asked(broker: Broker) -> Iterator[Metric]:
    """Yield what became of each question of each site."""
    labels = ["site", "faq"]
    shown = CounterMetricFamily(
        PREFIX + "faq_shown", "Widgets that were welcomed with it.", labels=labels
    )
    picked = CounterMetricFamily(
        PREFIX + "faq_picked", "Times that it was asked.", labels=labels
    )
    helped = CounterMetricFamily(
        PREFIX + "faq_helped", "Times that its answer was enough.", labels=labels
    )
    for site in broker.sites:
        usage = broker.house.questions.usage(site.id, site.library)
        for id_, used in usage.items():
            shown.add_metric([site.id, id_], used.shown)
            picked.add_metric([site.id, id_], used.picked)
            helped.add_metric([site.id, id_], used.helped)
    yield from (shown, picked, helped)


def _leaving(broker: Broker) -> Iterator[Metric]:
    """Yield what waits to leave the process, and what became of the rest, by kind."""
    pending = GaugeMetricFamily(
        PREFIX + "outgoing_pending",
        "What waited to leave when it was last looked at.",
        labels=["kind"],
    )
    done = CounterMetricFamily(
        PREFIX + "outgoing",
        "Attempts to let something leave.",
        labels=["kind", "came"],
    )
    for kind, all_counts in broker.outward.counts().items():
        pending.add_metric([kind], sum(counts.pending for counts in all_counts))
        for came in ("sent", "retried", "dead"):
            number = sum(getattr(counts, came) for counts in all_counts)
            done.add_metric([kind, came], number)
    yield pending
    yield done
    yield from _told(broker)


def _told(broker: Broker) -> Iterator[Metric]:
    """Yield the same of each webhook: one may fail while all others are well."""
    labels = ["site", "webhook"]
    pending = GaugeMetricFamily(
        PREFIX + "webhook_pending",
        "Events on their way to it when it was last looked at.",
        labels=labels,
    )
    done = CounterMetricFamily(
        PREFIX + "webhook",
        "Attempts to tell it something, since it was begun with.",
        labels=[*labels, "came"],
    )
    for lane in broker.outward.webhooks.lanes.values():
        whose, counts = [lane.hook.site, lane.hook.id], lane.carrier.counts
        pending.add_metric(whose, counts.pending)
        for came in ("sent", "retried", "dead"):
            done.add_metric([*whose, came], getattr(counts, came))
    yield from (pending, done)


def _room(broker: Broker) -> list[Figure]:
    """Return how much the folder holds, and can."""
    room = look(broker.folder)
    age = "Since the last copy of the folder was complete; NaN before the first."
    never = "Since the journal began, while nothing copies or ships it; else NaN."
    elsewhere = room.copied_s is not None or broker.ship is not None
    # The nodes of a cluster have a copy each.
    bare = broker.alone and not elsewhere
    return [
        Figure("journal_bytes", "Size of the journal's file.", room.journal),
        Figure("journal_wal_bytes", "Size of its write-ahead log.", room.wal),
        Figure("disk_free_bytes", "Left on the disk of the folder.", room.free),
        Figure(
            "backup_age_seconds", age, nan if room.copied_s is None else room.copied_s
        ),
        Figure(
            "uncopied_seconds",
            never,
            max(0, broker.clock() - broker.began) / 1000 if bare else nan,
        ),
    ]


def _shipping(broker: Broker) -> Iterator[Metric]:
    """Yield how far behind the folder is that the journal is shipped to."""
    stats = NOTHING if broker.ship is None else broker.ship.stats()
    lag = (
        "Since the first commit that is not yet where it is shipped to; NaN if none is."
    )
    for name, meaning, value in (
        ("ship_lag_seconds", lag, nan if broker.ship is None else stats.lag_s),
        ("ship_waiting", "Commits that are not yet there.", stats.waiting),
    ):
        yield GaugeMetricFamily(PREFIX + name, meaning, value)
    for name, meaning, value in (
        ("ship_transactions", "Commits shipped.", stats.transactions),
        ("ship_bytes", "Bytes they took.", stats.bytes),
        ("ship_copies", "Whole copies begun.", stats.generations),
        ("ship_failures", "Times that its disk refused.", stats.failures),
    ):
        yield CounterMetricFamily(PREFIX + name, meaning, value)


def _desks(broker: Broker) -> list[Figure]:
    """Return what the desks of all sites count, together."""
    counted = desks(broker)
    return [
        Figure(
            "tickets_unassigned",
            "Open tickets that are nobody's.",
            counted.unassigned,
        ),
        Figure(
            "queue_oldest_wait_seconds",
            "The longest wait for an answer in a ticket that is nobody's.",
            counted.oldest_wait_s,
        ),
        Figure("agents_online", "Agents who are there.", counted.online),
        Figure(
            "agents_full", "Of them, those with no room for a ticket.", counted.full
        ),
    ]
