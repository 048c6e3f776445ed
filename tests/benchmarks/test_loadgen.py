"""The load generator against the floor: compiled, run, and its counts added up."""

import shutil
import subprocess
from pathlib import Path

import msgspec
import pytest

from actors.ids import ChatId
from benchmarks import machine, peers, workbench
from benchmarks.broker import fields_line
from benchmarks.loads import Load
from benchmarks.measure import generate
from benchmarks.readings import Reading

FLOOR = peers.PEERS[0]
FINDS_PAYLOADS = """
#include <stdio.h>
#include "profile.h"
int main(int count, char **words)
{
    static uint8_t data[1000];
    FILE *file = fopen(words[count - 1], "rb");
    struct bytes in = {data, fread(data, 1, sizeof data, file)};
    struct payload payload;
    while (next_payload(&in, &payload))
        printf("%d %u\\n", payload.chat, payload.sequence);
    return fclose(file);
}
"""


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOPWIRE_BENCH_CACHE", str(tmp_path))


def measured(load: Load) -> Reading:
    if shutil.which("cc") is None and shutil.which("gcc") is None:
        pytest.skip("no C compiler here")
    with peers.serving(FLOOR) as served:
        return msgspec.json.decode(generate(served, load), type=Reading)


def nowhere(_program: str) -> None:
    """Find no program."""


@pytest.mark.slow
@pytest.mark.parametrize(
    "load",
    [
        Load("talk", "pairs", 5, warm_s=0.1, time_s=0.2, settle_s=0),
        Load("rate", "pairs", 5, rate=100, warm_s=0.1, time_s=0.2, settle_s=0),
        Load("fan", "fan", 10, warm_s=0.1, time_s=0.2, settle_s=0),
    ],
    ids=lambda load: load.name,
)
def test_every_message_is_accounted_for(load: Load) -> None:
    reading = measured(load)
    talk = reading.talk
    assert talk is not None
    assert reading.connections == load.connections
    assert talk.delivered > 0
    assert talk.server_cpu_s > 0
    assert (talk.missing, talk.unacknowledged, talk.errors) == (0, 0, 0)
    assert (talk.misrouted, talk.misordered) == (0, 0)


@pytest.mark.slow
def test_a_time_that_looks_like_a_payload_is_none(tmp_path: Path) -> None:
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("no C compiler here")
    at = (1_795_377_496_148 & ~0xFFFF | 0x4054).to_bytes(8)
    said = b"@T" + b"7" * 19 + b"C000042S00000009" + b"x" * 63
    # As msgpack has an event: the time stands before the text.
    frame = b"\xa2at\xcf" + at + b"\xa4text\xd9\x64" + said
    assert frame.index(b"@T") < frame.index(said)
    (tmp_path / "frame").write_bytes(frame)
    (tmp_path / "main.c").write_text(FINDS_PAYLOADS)
    program, source = tmp_path / "finds", workbench.HERE / "loadgen"
    files = [tmp_path / "main.c", source / "profile.c", source / "bytes.c"]
    subprocess.run(
        [compiler, "-I", str(source), "-o", str(program), *map(str, files)], check=True
    )
    found = subprocess.run(
        [str(program), str(tmp_path / "frame")],
        check=True,
        capture_output=True,
        text=True,
    )
    assert found.stdout == "42 9\n"


@pytest.mark.slow
def test_a_server_that_is_not_there_is_missed() -> None:
    if shutil.which("cc") is None and shutil.which("gcc") is None:
        pytest.skip("no C compiler here")
    profile = workbench.PROFILES / "relay.prof"
    nobody = peers.Served(peers.free_port(), 1, profile)
    with pytest.raises(peers.Missed, match="no more connections"):
        generate(nobody, Load("talk", "pairs", 1))


def test_without_a_compiler_it_is_said_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(shutil, "which", nowhere)
    with pytest.raises(workbench.Missing, match="apt-get install gcc"):
        workbench.load_generator()
    with pytest.raises(workbench.Missing, match="apt-get install nodejs npm"):
        workbench.node_modules()
    with pytest.raises(workbench.Missing, match="apt-get install golang-go"):
        workbench.centrifuge()


def test_fields_are_text_whatever_the_subprotocol() -> None:
    for subprotocol in ("json", "msgpack"):
        line = fields_line(subprotocol, "token", ChatId("0" * 26), 7)
        assert line.isascii()
        assert line.isprintable() is False  # the tabs, and the newline at its end
        hello, opening, before, between, after = line.rstrip("\n").split("\t")
        assert "hello" in hello
        assert "chat.open" in opening
        assert "m00007-" in before
        assert "text" in between
        assert "x" not in after.replace("\\x", "")


def test_the_cores_are_two_if_there_are_two() -> None:
    if machine.describe().cores > 1:
        assert machine.server_core() != machine.client_core()
