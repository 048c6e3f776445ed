"""The measurement: rounds of every peer under every load, one after another."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import NamedTuple

import msgspec

from benchmarks import broker, machine, peers, workbench
from benchmarks.broker import OURS, Seeded
from benchmarks.loads import FIGURES, Load
from benchmarks.peers import Missed, Peer, Served
from benchmarks.readings import Reading, Run, Start
from benchmarks.targets import TARGETS

RUN_LIMIT_S = 240
"""Longer than the load generator's own limits (loadgen/main.c) together."""
KILLED_CHATS = 10_000
COMPARED = frozenset({*OURS, *(target.peer for target in TARGETS)})
"""Who takes part in every round."""


class Contender(NamedTuple):
    """Who takes part: the broker in one subprotocol, or a peer."""

    name: str
    serve: Callable[[Load], AbstractContextManager[Served]]


def contenders(seeded: Seeded | None, able: Sequence[Peer]) -> list[Contender]:
    """Return the broker, if there are chats for it, and the peers that can run."""
    ours = [] if seeded is None else list(_ours(seeded))
    return [*ours, *(Contender(peer.name, _always(peer)) for peer in able)]


def _ours(seeded: Seeded) -> Iterator[Contender]:
    for name, subprotocol in zip(OURS, broker.SUBPROTOCOLS, strict=True):

        def serve(
            load: Load, subprotocol: str = subprotocol
        ) -> AbstractContextManager[Served]:
            return broker.serving(subprotocol, seeded, load)

        yield Contender(name, serve)


def _always(peer: Peer) -> Callable[[Load], AbstractContextManager[Served]]:
    return lambda load: peers.serving(peer)  # noqa: ARG005  # a relay serves all alike


def measure(
    field: Sequence[Contender], loads: Sequence[Load], rounds: int
) -> Iterator[Run]:
    """Run everybody under everything, `rounds` times.

    Peers of one load run one right after another, so that they meet the same weather;
    who goes first changes from round to round. Whom no target names is there for
    comparison, and rests every second round.
    """
    for number in range(rounds):
        there = [each for each in field if number % 2 == 0 or each.name in COMPARED]
        first = number % max(len(there), 1)
        for load in loads:
            for contender in (*there[first:], *there[:first]):
                run = run_once(contender, load, number)
                _tell(run)
                yield run


def run_once(contender: Contender, load: Load, number: int) -> Run:
    """Run one load against one server, from its start to its end."""
    average = round(os.getloadavg()[0], 2)
    try:
        with contender.serve(load) as served:
            reading = msgspec.json.decode(generate(served, load), type=Reading)
    except (Missed, workbench.Missing, msgspec.MsgspecError) as error:
        return Run(number, load.name, contender.name, average, failure=str(error))
    return Run(number, load.name, contender.name, average, served.pid, reading)


def generate(served: Served, load: Load) -> bytes:
    """Return what the load generator says.

    Raises:
        Missed: it gave up, or the server did.
    """
    command = [*_generator(served), *load.options()]
    with machine.on_core(machine.client_core()):
        try:
            run = subprocess.run(
                command, check=False, capture_output=True, timeout=RUN_LIMIT_S
            )
        except subprocess.TimeoutExpired as error:
            raise Missed(f"not over after {RUN_LIMIT_S} s") from error
    if run.returncode:
        raise Missed(run.stderr.decode(errors="replace").strip()[-300:])
    return run.stdout


def _generator(served: Served) -> Iterator[str]:
    yield str(workbench.load_generator())
    yield from ("--profile", str(served.profile), "--port", str(served.port))
    yield from ("--pids", str(served.pid))
    if served.fields is not None:
        yield from ("--fields", str(served.fields))


# --- Starting anew ------------------------------------------------------------------


def start_after_stop(seeded: Seeded, rounds: int) -> Iterator[Start]:
    """Start a broker, `rounds` times, on a folder that was left in order."""
    for number in range(rounds):
        yield _started(seeded.folder, number, "stop", len(seeded.chats))


def start_after_kill(seeded: Seeded, rounds: int) -> Iterator[Start]:
    """Kill a broker that has 10,000 chats open, half of them new, and restart it.

    The new half stands in the write-ahead log alone, which the start has to replay.
    """
    for number in range(rounds):
        with broker.workplace() as place:
            folder = broker.copied(seeded.folder, place)
            with broker.running(folder) as process:
                missing = KILLED_CHATS - len(seeded.chats)
                subs = [f"late-{n:06}" for n in range(missing)]
                late = broker.start(process.ready.port, seeded.key, subs)
                fields = place / "fields"
                fields.write_text(broker.solo_fields(seeded, [*seeded.chats, *late]))
                with _all_open(process, fields):
                    process.process.send_signal(signal.SIGKILL)
                    process.process.wait()
            yield _started(folder, number, "kill", KILLED_CHATS)


@contextmanager
def _all_open(process: broker.Process, fields: Path) -> Generator[None]:
    """Have each chat open on a connection of its shopper."""
    profile = workbench.PROFILES / "shopwire-json.prof"
    served = Served(process.ready.port, process.process.pid, profile, fields)
    load = Load("open-10000", "solo", KILLED_CHATS)
    command = (*_generator(served), *load.options(), "--hold")
    with (
        machine.on_core(machine.client_core()),
        subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as generator,
    ):
        assert generator.stdout is not None
        if not generator.stdout.readline():
            raise Missed("not all chats could be opened")
        # Leaving closes its standard input, which ends it.
        yield


def _started(folder: Path, number: int, after: str, chats: int) -> Start:
    average = round(os.getloadavg()[0], 2)
    with broker.running(folder) as process:
        pid = process.process.pid
        start = Start(
            number,
            after,
            chats,
            round(process.ready_s, 3),
            machine.cpu_s(pid),
            machine.resident_kib(pid),
            average,
        )
    _say(f"round {number + 1}: ready {start.ready_s} s after {after}, {chats} chats")
    return start


# --- Telling ------------------------------------------------------------------------


def _tell(run: Run) -> None:
    said = run.wrong or ", ".join(
        f"{figure.name} {figure.of(run.reading):.{figure.digits}f} {figure.unit}"
        for figure in FIGURES
        if run.reading is not None and figure.load.name == run.load
    )
    mark = "WRONG: " if run.wrong else ""
    who = f"round {run.round + 1}, {run.load}, {run.peer}"
    _say(f"{who} (load average {run.load_average}): {mark}{said}")


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
