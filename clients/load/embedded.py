"""A broker started for the run: in a folder of its own, killed and frozen if wanted."""

import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from random import Random
from signal import SIGCONT, SIGSTOP

import msgspec
import trio

from actors.ids import SYSTEM
from actors.library import Faq, FaqItem
from actors.settings.attention import CheckInSettings
from actors.settings.document import Settings
from broker.office.clerk import carry_out
from broker.office.library import put_collection
from broker.office.requests import Minted, MintToken, shown
from broker.office.settings import put_settings
from broker.server import Broker
from broker.sites import DEFAULT_SITE
from clients.load.crowd import NotSetUp, People
from clients.load.faulty import FAULTS
from clients.load.people import TOKEN_S, ShopKey, shopper
from clients.load.plan import COUNTED, Plan
from clients.load.scene import Who
from clients.load.usage import Usage, used_by
from clients.load.workers import ROOT
from storage import accounts

CONFIG = '[limits]\ntrusted_networks = ["127.0.0.0/8"]\n'
"""Whoever measures a broker does not want to measure its limits."""
FAQ = Faq(
    items=tuple(
        FaqItem(id=f"faq-{n}", question=f"Question {n}?", answer=f"Answer {n}.")
        for n in range(3)
    )
)
"""For those who look at the questions first."""
FREEZE_S = 1.0
"""For how long it stands still."""
HARMED, CALM_S = 0.85, 5.0
"""The part of the run in which it is harmed, and how long it is left alone at least:
after the last time all have to come back."""


class Ready(msgspec.Struct, frozen=True):
    """The line that a broker prints once it serves."""

    url: str
    pid: int


class Embedded:
    """A broker's process, and the next one on the same folder."""

    def __init__(self, folder: Path, plan: Plan) -> None:
        self.harmed: Counter[str] = Counter()
        """How often what was done to it."""
        self._folder = folder
        self._plan = plan
        self._port = 0
        self._before = 0.0
        """Seconds of CPU that those took who were killed."""
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"ws://127.0.0.1:{self._port}/ws"

    def start(self) -> None:
        """Start it, where it was before if it was.

        Raises:
            NotSetUp: it does not come up.
        """
        config = self._folder.with_suffix(".toml")
        config.write_text(CONFIG)
        with self._folder.with_suffix(".log").open("ab") as log:
            self._process = process = subprocess.Popen(  # noqa: S603  # our own
                (sys.executable, "-m", *self._command(config)),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=os.environ | {"PYTHONPATH": str(ROOT)},
                # Ctrl-C is for the run; the broker is ended after it.
                start_new_session=True,
            )
        if process.stdout is None:
            raise AssertionError("it was asked for")
        line = process.stdout.readline()
        if not line:
            said = self._folder.with_suffix(".log").read_text()[-300:]
            raise NotSetUp(f"the broker did not come up: {said}")
        self._port = int(msgspec.json.decode(line, type=Ready).url.rpartition(":")[2])

    def _command(self, config: Path) -> tuple[str, ...]:
        """Return what serves: the broker itself, unless it is to have faults."""
        folder, port = str(self._folder), str(self._port)
        if any(getattr(self._plan.chaos, name) for name in FAULTS):
            return ("clients.load.faulty", folder, str(config), port)
        options = ("--data", folder, "--config", str(config), "--port", port)
        return ("broker", "serve", *options)

    def stop(self) -> None:
        """End it."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()

    def used(self) -> Usage | None:
        """Return what it has used up until now."""
        if self._process is None:
            return None
        usage = used_by(self._process.pid)
        return usage and Usage(usage.cpu_s + self._before, usage.memory_mib)

    async def harm(self, zero: float) -> None:
        """Kill and freeze it at moments that the seed decides."""
        del zero
        began, plan = trio.current_time(), self._plan
        for part, what in moments(plan):
            await trio.sleep_until(began + part * plan.duration)
            await trio.to_thread.run_sync(HARMS.get(what, Embedded.fail), self, what)
            self.harmed[what] += 1

    def kill(self, _what: str = "kill") -> None:
        """Kill it without a word, and start it again."""
        usage = self.used()
        self.stop()
        self._before = usage.cpu_s if usage else self._before
        self.start()

    def freeze(self, _what: str = "freeze") -> None:
        """Let it stand still for a moment."""
        if self._process is not None:
            self._process.send_signal(SIGSTOP)
            time.sleep(FREEZE_S)
            self._process.send_signal(SIGCONT)

    def fail(self, what: str) -> None:
        """Let its disk or its clock fail."""
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.write(f"{what}\n".encode())
            self._process.stdin.flush()


HARMS = {"kill": Embedded.kill, "freeze": Embedded.freeze}
"""What is done from outside, by the word for it; all else it does itself."""


def moments(plan: Plan) -> list[tuple[float, str]]:
    """Return when it is harmed, as parts of the run, and how."""
    chance = Random(f"{plan.seed} harm")  # noqa: S311  # to be repeated
    kinds = [name for name in COUNTED for _ in range(getattr(plan.chaos, name))]
    chance.shuffle(kinds)
    part = max(min(HARMED, 1 - CALM_S / plan.duration), 1 - HARMED)
    width = part / max(len(kinds), 1)
    return [
        (width * (number + 0.2 + 0.6 * chance.random()), kind)
        for number, kind in enumerate(kinds)
    ]


@contextmanager
def embedded(plan: Plan) -> Generator[tuple[Embedded, People]]:
    """Run a broker until the end of the block; yield it, and who may come.

    Raises:
        NotSetUp: it does not come up.
    """
    with tempfile.TemporaryDirectory(prefix="shopwire-load-") as place:
        folder = Path(place) / "data"
        people = trio.run(partial(_found, folder, plan))
        broker = Embedded(folder, plan)
        broker.start()
        try:
            yield broker, people
        finally:
            broker.stop()


async def _found(folder: Path, plan: Plan) -> People:
    """Make the folder, and return people with tokens for it."""
    async with Broker.open(folder) as broker:
        await put_collection(broker, DEFAULT_SITE, FAQ, by=SYSTEM)
        if plan.mix.remind_s:
            await put_settings(broker, DEFAULT_SITE, 0, _settings(plan), by=SYSTEM)
        keys = await broker.query(lambda db: accounts.keys_of(db, DEFAULT_SITE))
        known = shown(keys[-1])
        key = ShopKey(known.kid, known.secret)
        shoppers = (shopper(DEFAULT_SITE, key, plan, n) for n in range(plan.chats))
        agents = [await _agent(broker, plan, n) for n in range(plan.agents)]
        return People(tuple(shoppers), tuple(agents))


def _settings(plan: Plan) -> Settings:
    """Return the settings of a shop that reminds its agents as the plan has it."""
    remind, breach = plan.mix.remind_s, plan.mix.breach_s
    return Settings(check_in=CheckInSettings(remind_s=remind, breach_s=breach))


async def _agent(broker: Broker, plan: Plan, number: int) -> Who:
    sub, ttl = f"agent-{number}", int(plan.duration) + TOKEN_S
    minted = await carry_out(broker, MintToken(role="agent", sub=sub, ttl=ttl))
    if not isinstance(minted, Minted):
        raise NotSetUp(f"no token for {sub}: {minted}")
    return Who("agent", sub, minted.token)
