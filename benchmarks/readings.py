"""What a run of the benchmarks measured: the values that are kept as JSON.

`Reading` and what is in it are the load generator's own words (loadgen/main.c).
"""

import msgspec


class Quantiles(msgspec.Struct, frozen=True):
    """Of a time, in milliseconds; -1 where nothing was measured."""

    p50: float
    p99: float
    p999: float


class Thread(msgspec.Struct, frozen=True):
    """What one thread of the server cost while it was measured."""

    id: int
    cpu_s: float


class Talk(msgspec.Struct, frozen=True):
    """What was said and heard: counts of the measured time, then of the whole run."""

    wall_s: float
    sent: int
    delivered: int
    acknowledged: int
    server_cpu_s: float
    client_cpu_s: float
    lateness_ms: float
    """How late the load generator was at worst with a message that was due."""
    delivery_ms: Quantiles
    ack_ms: Quantiles
    threads: tuple[Thread, ...]
    missing: int
    unacknowledged: int
    misrouted: int
    misordered: int
    errors: int


class Reading(msgspec.Struct, frozen=True, omit_defaults=True):
    """One run of the load generator against one server."""

    connections: int
    connect_s: float
    connect_cpu_s: float
    resident_before_kib: int
    resident_after_kib: int
    talk: Talk | None = None


class Run(msgspec.Struct, frozen=True, omit_defaults=True):
    """One peer under one load in one round; a run that failed says why."""

    round: int
    load: str
    peer: str
    load_average: float
    """Of the machine, over the minute before."""
    pid: int = 0
    reading: Reading | None = None
    failure: str | None = None

    @property
    def wrong(self) -> str | None:
        """Why its figures may not be published, or `None` if they may."""
        if self.reading is None:
            return self.failure or "nothing measured"
        talk = self.reading.talk
        if talk is None:
            return None
        counts = {
            "missing": talk.missing,
            "unacknowledged": talk.unacknowledged,
            "misrouted": talk.misrouted,
            "misordered": talk.misordered,
            "errors": talk.errors,
        }
        said = ", ".join(f"{count} {what}" for what, count in counts.items() if count)
        if not said and not talk.delivered:
            return "nothing was delivered"
        return said or None


class Start(msgspec.Struct, frozen=True):
    """How soon a broker was ready that found `chats` chats in its folder."""

    round: int
    after: str
    """What it started after: `stop` or `kill`."""
    chats: int
    ready_s: float
    """From the start of the process to its ready line."""
    cpu_s: float
    """CPU that it took for that."""
    resident_kib: int
    load_average: float


class Stage(msgspec.Struct, frozen=True):
    """What one stage of a message's road costs, alone and warm."""

    name: str
    subprotocol: str
    """Or nothing, where both are the same."""
    min_us: float
    median_us: float


class Machine(msgspec.Struct, frozen=True):
    """Where it was measured."""

    processor: str
    cores: int
    memory_gib: float
    system: str
    python: str


class Results(msgspec.Struct, frozen=True):
    """All of it."""

    date: str
    rounds: int
    quick: bool
    machine: Machine
    versions: dict[str, str]
    """Of each peer that was measured."""
    skipped: dict[str, str]
    """Why a peer or a part was not."""
    runs: tuple[Run, ...] = ()
    starts: tuple[Start, ...] = ()
    stages: tuple[Stage, ...] = ()


def save(results: Results) -> bytes:
    """Return the results as JSON, one value a line."""
    return msgspec.json.format(msgspec.json.encode(results), indent=1) + b"\n"


def load(text: bytes) -> Results:
    """Return what `save` was given.

    Raises:
        msgspec.MsgspecError: it is something else.
    """
    return msgspec.json.decode(text, type=Results)
