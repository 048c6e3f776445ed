"""What the runbook of ShopwireNobodyOwns has an operator type, where it is needed.

All of them were rehearsed by hand; this is the one without which the others are none.
"""

import json
import subprocess
import sys
from collections.abc import Callable, Generator
from pathlib import Path
from urllib.request import urlopen

import pytest
import trio

from broker.cluster.nats.link import Disconnected
from broker.commands.failures import told
from tests.cluster.processes import NodeProcess
from tests.cluster.servers import Server
from tests.faults.processes import ROOT

PATIENCE_S = 60


@pytest.fixture
def server(tmp_path: Path) -> Generator[Server]:
    made = Server(tmp_path / "nats").start()
    yield made
    made.kill()


@pytest.fixture
def node(tmp_path: Path, server: Server) -> Generator[NodeProcess]:
    made = NodeProcess(tmp_path / "node", "one", server.url, 1)
    made.folder.chmod(0o700)
    text = f'[cluster]\nnats = "{server.url}"\n[server]\nport = {made.port}\n'
    (made.folder / "shopwire.toml").write_text(text)
    made.start()
    yield made
    made.kill()


def owns(node: NodeProcess) -> float | None:
    """Return what a node says of itself; `None` if it does not answer."""
    try:
        with urlopen(f"http://127.0.0.1:{node.port}/metrics", timeout=5) as answer:
            lines: list[str] = answer.read().decode().splitlines()
    except OSError:
        return None
    (line,) = [each for each in lines if each.startswith("shopwire_cluster_owns ")]
    return float(line.rpartition(" ")[2])


async def until(holds: Callable[[], bool]) -> None:
    """Return when it does."""
    with trio.fail_after(PATIENCE_S):
        while True:
            if await trio.to_thread.run_sync(holds):
                return
            await trio.sleep(0.2)


async def ran(*words: str) -> "subprocess.CompletedProcess[bytes]":
    """Return what a command has said."""
    return await trio.run_process(
        [sys.executable, "-m", "broker", *words],
        check=False,
        capture_stdout=True,
        capture_stderr=True,
        cwd=ROOT,
    )


@pytest.mark.slow
async def test_without_nats_the_commands_say_so_and_with_it_all_goes_on(
    node: NodeProcess, server: Server
) -> None:
    folder = str(node.folder)
    await until(lambda: owns(node) == 1)
    server.kill()
    await until(lambda: owns(node) == 0)
    status = await ran("cluster", "status", "--data", folder)
    assert status.returncode == 1
    assert b"Traceback" not in status.stderr
    assert b"doctor --preflight" in status.stderr
    looked = await ran("doctor", "--preflight", "--data", folder)
    wrong = [line for line in looked.stdout.splitlines() if line.startswith(b"NO")]
    # Nothing else is: that the port is taken is this very node.
    assert [line.split()[1] for line in wrong] == [b"nats"]
    server.start()
    await until(lambda: owns(node) == 1)
    status = await ran("cluster", "status", "--data", folder)
    assert status.returncode == 0
    assert json.loads(status.stdout)["owner"] == "one"


def test_a_node_that_finds_no_server_ends_in_a_sentence() -> None:
    group = ExceptionGroup("nursery", [Disconnected("none of nats-1:4222 answers")])
    failure = told(group)
    assert failure is not None
    assert failure.code == 1
    assert "none of nats-1:4222 answers" in failure.text
