"""What each stage of a message's road costs, in one process: `-m benchmarks.stages`.

Each stage is fed what the one before it makes, alone, so that its caches are warm: a
server under load is slower. The turn is measured on a real broker
(benchmarks/house.py), the journal on a disk.
"""

import gc
import itertools
import socket
import sys
from collections.abc import Callable, Iterator
from functools import partial

import trio

from actors.chat.commands import Say
from actors.chat.events import Event, Said
from actors.chat.rules import decide
from actors.chat.state import evolve
from actors.codec import to_record
from actors.ids import ChatId, Millis, Person, Seq, SiteId, stream_of
from actors.rows import ticket_row
from benchmarks import machine
from benchmarks.broker import workplace
from benchmarks.house import Couple, House, full_house
from benchmarks.readings import Stage
from benchmarks.seed import UPGRADE, ShopKey, shopper_token
from benchmarks.tables import table
from benchmarks.timing import MESSAGES, REPEATS, spent, stage, timed
from broker.commands.serve import GC_THRESHOLDS
from broker.edge.outbox import Outbox
from broker.gate import Gate
from broker.wire.codec import JSON, MSGPACK, SUBPROTOCOLS, Codec
from broker.wire.frames import Ev, MsgSend, Ok
from broker.wire.framing import Framer
from broker.wire.upgrade import upgrade
from storage.accounts import Key, Secret
from storage.journal import Journal
from storage.records import Append, Lane, TicketRow

CHATS = 200
CHATS_ON_DISK = 5000
"""So that rows and index entries lie as far apart as a shop's do."""
STREAM, STREAMS_APART = 1 << 61, 1 << 40
TEXT = "x" * 100
BATCHES = (4, 32, 128)
EVENTS = 3840
"""Journaled in a repetition: a multiple of each batch."""
A_CHAT = ChatId("0" * 26)
AN_AGENT = Person("agent:" + "0" * 26)
NOW = Millis(1_800_000_000_000)
MASK = bytes((0x12, 0x34, 0x56, 0x78))


def all_stages() -> list[Stage]:
    """Measure them all, on the servers' core; takes some ten seconds."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)
    with machine.on_core(machine.server_core()):
        return [
            *(stage for codec in (MSGPACK, JSON) for stage in _wire(codec)),
            *(stage for codec in (MSGPACK, JSON) for stage in trio.run(_turn, codec)),
            *_journal(),
            *_socket(),
            *_door(),
        ]


# --- Bytes to frames, and back --------------------------------------------------------


def _wire(codec: Codec) -> Iterator[Stage]:
    name = _short(codec)
    payload = codec.unframed.encode(MsgSend("m00000-00000001", A_CHAT, TEXT))
    masked = _masked(payload, codec.opcode)
    framer = Framer(codec.opcode)
    feed = partial(framer.feed, masked, _nobody)
    yield timed("framer: feed", name, lambda: list(feed()))
    yield timed("codec: decode", name, lambda: codec.decode(payload))
    said = Said(TEXT)
    yield timed(
        "codec: encode an event",
        name,
        lambda: codec.encode(Ev(A_CHAT, Seq(9), Seq(8), NOW, AN_AGENT, "msg", said)),
    )
    yield timed(
        "codec: encode an answer",
        name,
        lambda: codec.encode(Ok("m00000-00000001", A_CHAT, Seq(9), Seq(8), NOW)),
    )


def _short(codec: Codec) -> str:
    return codec.name.rpartition(".")[2]


def _masked(payload: bytes, opcode: int) -> bytes:
    size = len(payload)
    length = bytes((0x80 | size,)) if size < 126 else b"\xfe" + size.to_bytes(2)
    masked = bytes(byte ^ MASK[at & 3] for at, byte in enumerate(payload))
    return bytes((opcode,)) + length + MASK + masked


def _nobody(_: object) -> None:
    pass


# --- The turn -------------------------------------------------------------------------


async def _turn(codec: Codec) -> list[Stage]:
    async with full_house(codec, CHATS) as house:
        rules = _rules(house.couples[0], house) if codec is MSGPACK else ()
        return [*_mail(house, codec), *rules]


def _mail(house: House, codec: Codec) -> Iterator[Stage]:
    """Time the three parts of a turn, each for all messages at once."""
    found: tuple[list[float], list[float], list[float]] = ([], [], [])
    numbers = itertools.count(1)
    for _ in range(REPEATS):
        spoken = list(_spoken(house, codec, numbers))
        with house.appends_caught() as caught:
            taken = spent(partial(_take_all, spoken))
            ran = spent(house.broker.system.run)
            settled = spent(partial(_settle_all, caught))
        for times, took in zip(found, (taken, ran, settled), strict=True):
            times.append(took / MESSAGES)
        house.forget()
    names = (
        "peer: take (decode, gate, command, mail)",
        "actor: find, decide, evolve, append",
        "settled: answer, publish (both encoded, hub, listeners)",
    )
    for name, times in zip(names, found, strict=True):
        yield stage(name, _short(codec), times)


def _take_all(spoken: list["Spoken"]) -> None:
    for take, said in spoken:
        take(said)


def _settle_all(appends: list[Append]) -> None:
    for append in appends:
        append.owner.settled(append)


Spoken = tuple[Callable[[bytes], None], bytes]
"""Who is to take what."""


def _spoken(house: House, codec: Codec, numbers: Iterator[int]) -> Iterator[Spoken]:
    """Let everybody say something by turns."""
    sides = itertools.cycle((0, 1))
    couples = itertools.cycle(house.couples)
    for side, couple, number in itertools.islice(
        zip(sides, couples, numbers, strict=False), MESSAGES
    ):
        guest = couple.agent if side else couple.shopper
        said = MsgSend(f"m{number:014}", couple.chat, TEXT)
        yield guest.peer.take, codec.unframed.encode(said)


def _rules(couple: Couple, house: House) -> Iterator[Stage]:
    """Time what the actor does, function by function."""
    state = house.broker.house.chats.find(couple.chat).state
    rules = house.broker.sites.rules_of("default")
    who, site = couple.agent.peer.who, SiteId("default")
    command = Say("m0", who, site, NOW, TEXT)
    outcome = decide(state, command, rules, {})
    assert isinstance(outcome, tuple)
    event = outcome[-1]
    stream = stream_of(couple.chat)
    assert stream is not None
    yield timed("rules: decide", "", lambda: decide(state, command, rules, {}))
    yield timed("state: evolve", "", lambda: evolve(state, event))
    yield timed("codec: to a record", "", lambda: to_record(event, Seq(9), Seq(8)))
    yield timed("rows: the ticket's", "", lambda: ticket_row(stream, state, rules))


# --- The journal ----------------------------------------------------------------------


class _Nobody:
    """An owner for whom everything has to be written."""

    def settled(self, append: Append) -> None:
        assert not append.failed


def _journal() -> Iterator[Stage]:
    for batch in BATCHES:
        with workplace() as place:
            journal = Journal(place / "journal.db", lambda: None, inline=True)
            seqs = [0] * CHATS_ON_DISK
            _journaled(journal, seqs, batch=BATCHES[-1], events=CHATS_ON_DISK)
            work = partial(
                _journaled, journal, seqs[:CHATS], batch=batch, events=EVENTS
            )
            found = [spent(work) / EVENTS for _ in range(REPEATS)]
            journal.stop()
            yield stage(f"journal: an event and its rows, {batch} a commit", "", found)


def _journaled(journal: Journal, seqs: list[int], *, batch: int, events: int) -> None:
    """Journal so many events, by turns in each of the chats that `seqs` counts."""
    nobody, lane = _Nobody(), Lane()
    chats = itertools.cycle(range(len(seqs)))
    for number, chat in zip(range(1, events + 1), chats, strict=False):
        seqs[chat] += 1
        seq, stream = seqs[chat], STREAM + chat * STREAMS_APART
        event = Event(AN_AGENT, NOW, Said(TEXT), f"m{seq:014}")
        record = to_record(event, Seq(seq), Seq(seq - 1))
        ticket = _ticket(stream, seq)
        journal.append(Append(stream, (record,), lane, nobody, None, ticket))
        if number % batch == 0 or number == events:
            journal.settle()


def _ticket(stream: int, seq: int) -> TicketRow:
    return TicketRow(
        stream=stream,
        chat=f"{stream:026}",
        site="default",
        profile=f"{stream:026}",
        channel="chat",
        status="open",
        until=None,
        assignee="agent-0",
        control="humans",
        preview=TEXT,
        waiting_since=None,
        opened_at=NOW,
        last_at=NOW,
        closed_at=None,
        seq=seq,
        due=None,
        previous=None,
    )


# --- Sockets, and the way in ----------------------------------------------------------


def _socket() -> Iterator[Stage]:
    frame = b"x" * 250
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        socket.create_connection(listener.getsockname()) as near,
    ):
        far, _ = listener.accept()
        outbox = Outbox()

        def relay() -> None:
            outbox.offer(frame)
            outbox.flush(near.fileno())
            far.recv(16384)

        with far:
            yield timed("outbox: offer, flush, send; recv over there", "", relay)


def _door() -> Iterator[Stage]:
    yield timed("upgrade", "", lambda: upgrade(UPGRADE, SUBPROTOCOLS))
    secret = b"s" * 32
    gate = Gate(lambda: NOW / 1000)
    gate.add(Key("kid", "default", "shop", "HS256", Secret(secret), NOW))
    token = shopper_token(ShopKey("kid", secret), "shopper-0", NOW // 1000)
    assert gate.verify(token) is not None
    yield timed("gate: verify a token", "", lambda: gate.verify(token))


if __name__ == "__main__":
    head = ("stage", "subprotocol", "µs, best", "median")
    rows = [
        (each.name, each.subprotocol, f"{each.min_us:.2f}", f"{each.median_us:.2f}")
        for each in all_stages()
    ]
    sys.stdout.write(table(head, rows))
