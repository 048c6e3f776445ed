"""The broker under the benchmarks: durable, with everything on, limits lifted for us.

A folder with chats is made once, through the front door. Each measurement takes a copy
of it and a fresh process, so that none inherits another's journal or memory.
"""

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import msgspec

from actors.ids import ChatId
from benchmarks import machine, workbench
from benchmarks.loads import Load
from benchmarks.peers import Missed, Served, ending
from benchmarks.seed import (
    SeedRefused,
    ShopKey,
    Started,
    answer_chats,
    shopper_token,
    start_chats,
)
from broker.wire.frames import ChatOpen, FromClient, Hello, MsgSend

AGENTS = 10
"""Among whom the chats are shared."""
CONFIG = '[limits]\ntrusted_networks = ["127.0.0.0/8"]\n'
READY_S = 120
ROOT = Path(__file__).parents[1]
SHOPWIRE = (sys.executable, "-m", "broker")
SUBPROTOCOLS = ("msgpack", "json")
OURS = tuple(f"Shopwire {name}" for name in SUBPROTOCOLS)
"""What the broker is called among its peers, once for each subprotocol."""

_SEQUENCE, _PAYLOAD = "0" * 8, "x" * 100
"""What the load generator puts in: as long as here (loadgen/profile.h)."""


class Ready(msgspec.Struct, frozen=True):
    """The line that a broker prints once it serves."""

    ready: bool
    url: str
    pid: int

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.url.rpartition(":")[2])


class Seeded(NamedTuple):
    """A folder with chats, and the keys to them."""

    folder: Path
    chats: tuple[Started, ...]
    key: ShopKey
    agents: tuple[str, ...]
    """Tokens."""


class Process(NamedTuple):
    """A broker that runs."""

    ready: Ready
    ready_s: float
    """How long it took until then."""
    process: subprocess.Popen[bytes]


@contextmanager
def workplace() -> Generator[Path]:
    """Lend a folder for journals; a disk's, not memory's, or durability were free.

    In the cache, because a machine's temporary folder may be in memory.
    """
    with tempfile.TemporaryDirectory(dir=workbench.cache(), prefix="run-") as folder:
        yield Path(folder)


@contextmanager
def running(folder: Path) -> Generator[Process]:
    """Run a broker on `folder`, on the servers' core.

    Raises:
        Missed: it did not come up.
    """
    config = folder.with_suffix(".toml")
    config.write_text(CONFIG)
    options = ("--data", str(folder), "--port", "0", "--config", str(config))
    with (
        folder.with_suffix(".log").open("ab") as log,
        machine.on_core(machine.server_core()),
    ):
        began = time.monotonic()
        process = subprocess.Popen(
            (*SHOPWIRE, "serve", *options), cwd=ROOT, stdout=subprocess.PIPE, stderr=log
        )
    with ending(process):
        ready = _ready(process)
        yield Process(ready, time.monotonic() - began, process)


def seed(folder: Path, count: int, *, answered: bool) -> Seeded:
    """Make a folder with `count` open chats, and stop its broker again.

    An answered chat wants nothing; the others' check-ins fall due.

    Raises:
        Missed: the broker did not come up, or refused to make them.
    """
    # While nobody holds the folder: the first of these makes it.
    agents = tuple(_agent_token(folder, f"agent-{n}") for n in range(AGENTS))
    key = _shop_key(folder)
    with running(folder) as broker:
        subs = [f"shopper-{n:06}" for n in range(count)]
        chats = start(broker.ready.port, key, subs)
        if answered:
            _answer(broker.ready.port, agents, chats)
    return Seeded(folder, chats, key, agents)


def start(port: int, key: ShopKey, subs: Sequence[str]) -> tuple[Started, ...]:
    """Start a chat for each shopper, from the load generator's core.

    Raises:
        Missed: the broker refused one, or hung up.
    """
    with machine.on_core(machine.client_core()):
        try:
            return tuple(start_chats(port, key, subs))
        except (SeedRefused, OSError) as error:
            raise Missed(f"no chat was started: {error}") from error


def _answer(port: int, agents: Sequence[str], chats: Sequence[Started]) -> None:
    with machine.on_core(machine.client_core()):
        try:
            for number, token in enumerate(agents):
                answer_chats(port, token, chats[number::AGENTS])
        except (SeedRefused, OSError) as error:
            raise Missed(f"a chat was not answered: {error}") from error


@contextmanager
def serving(subprotocol: str, seeded: Seeded, load: Load) -> Generator[Served]:
    """Run a broker on a copy of the chats, ready for `load`.

    Raises:
        Missed: it did not come up.
    """
    with workplace() as place, running(copied(seeded.folder, place)) as broker:
        fields = place / "fields"
        fields.write_text("".join(_fields(subprotocol, seeded, load)))
        profile = workbench.PROFILES / f"shopwire-{subprotocol}.prof"
        machine.wait_until_calm(broker.process.pid)
        yield Served(broker.ready.port, broker.process.pid, profile, fields)


def copied(folder: Path, place: Path) -> Path:
    """Return a copy of a data folder, without the sockets of its last broker."""
    copy = place / "data"
    shutil.copytree(folder, copy, ignore=_sockets)
    return copy


def solo_fields(seeded: Seeded, chats: Sequence[Started]) -> str:
    """Return the fields with which each chat's shopper opens it, without a message."""
    lines = (
        fields_line(
            "json", shopper_token(seeded.key, started.sub), started.chat, number
        )
        for number, started in enumerate(chats)
    )
    return "".join(lines)


def _fields(subprotocol: str, seeded: Seeded, load: Load) -> Iterator[str]:
    for number in range(load.connections):
        if load.mode == "fan":
            chat, speaks = seeded.chats[0], number == 0
        else:
            chat, speaks = seeded.chats[number // 2], number % 2 == 0
        token = (
            shopper_token(seeded.key, chat.sub)
            if speaks
            else seeded.agents[number // 2 % AGENTS]
        )
        yield fields_line(subprotocol, token, chat.chat, number)


def fields_line(subprotocol: str, token: str, chat: ChatId, number: int) -> str:
    """Return the fields of one connection (profiles/shopwire-json.prof)."""
    encode = msgspec.json.encode if subprotocol == "json" else msgspec.msgpack.encode
    opening: tuple[FromClient, ...] = (
        Hello("hello", token=token),
        ChatOpen("open", chat),
    )
    said = MsgSend(f"m{number:05}-{_SEQUENCE}", chat, _PAYLOAD)
    before, _, rest = encode(said).partition(_SEQUENCE.encode())
    between, _, after = rest.partition(_PAYLOAD.encode())
    parts = (*map(encode, opening), before, between, after)
    return "\t".join(map(_escaped, parts)) + "\n"


def _escaped(part: bytes) -> str:
    plain = set(range(0x20, 0x7F)) - {ord("\\")}
    return "".join(chr(b) if b in plain else f"\\x{b:02x}" for b in part)


def _ready(process: subprocess.Popen[bytes]) -> Ready:
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise Missed("it ended before it was ready; see its log")
    try:
        return msgspec.json.decode(line, type=Ready)
    except msgspec.MsgspecError as error:
        raise Missed(f"instead of its ready line it said {line!r}") from error


class _SiteShown(msgspec.Struct, frozen=True):
    keys: tuple["_KeyShown", ...]


class _KeyShown(msgspec.Struct, frozen=True):
    kid: str
    secret: str


def _shop_key(folder: Path) -> ShopKey:
    shown = msgspec.json.decode(
        _told("site", "show", "default", folder), type=_SiteShown
    )
    return ShopKey(shown.keys[0].kid, shown.keys[0].secret.encode())


def _agent_token(folder: Path, sub: str) -> str:
    options = ("--role", "agent", "--sub", sub, "--ttl", "86400")
    return _told("token", *options, folder).decode().strip()


def _told(*words: str | Path) -> bytes:
    *command, folder = words
    run = subprocess.run(
        (*SHOPWIRE, *map(str, command), "--data", str(folder)),
        check=False,
        capture_output=True,
        cwd=ROOT,
    )
    if run.returncode:
        raise Missed(f"{command} failed: {run.stderr.decode()[-300:]}")
    return run.stdout


def _sockets(folder: str, names: list[str]) -> list[str]:
    return [name for name in names if (Path(folder) / name).is_socket()]
