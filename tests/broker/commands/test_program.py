"""The program as a whole: what it is called with, and how it says that it cannot."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from broker.__main__ import COMMANDS, main
from broker.commands.failures import told
from tests.broker.commands.typed import typed
from tests.faults.processes import ROOT


def run(*words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run the program in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "broker", *words],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
        timeout=20,
        env=os.environ | environ,
    )


def test_the_overview_names_every_command() -> None:
    result = typed("--help")
    assert result.exit_code == 0
    for name, listed in COMMANDS.items():
        assert f"  {name} " in result.output
        assert listed.does in " ".join(result.output.split())


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(name: str) -> None:
    result = typed(name, "--help")
    assert result.exit_code == 0
    assert result.output.startswith(f"Usage: shopwire {name}")


def test_an_unknown_command_is_a_usage_error() -> None:
    result = typed("dance")
    assert result.exit_code == 2
    assert "dance" in result.output


@pytest.mark.slow
def test_the_overview_imports_nothing_but_itself() -> None:
    program = (
        "import sys; sys.argv = ['shopwire', '--help']\n"
        "from broker.__main__ import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "own = 'broker', 'actors', 'clients', 'storage', 'trio', 'msgspec'\n"
        "print(sorted(m for m in sys.modules if m.split('.')[0] in own))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
        timeout=20,
    )
    assert done.stdout.splitlines()[-1] == "['broker', 'broker.__main__']"


def test_serving_imports_no_http_before_it_listens() -> None:
    program = (
        "import sys, broker.commands.serve\n"
        "heavy = ('litestar', 'hypercorn', 'prometheus_client', 'argon2', 'httpx')\n"
        "assert not [m for m in sys.modules if m.split('.')[0] in heavy]\n"
    )
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True, timeout=20)


@pytest.mark.slow
def test_a_bad_configuration_ends_with_2_and_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "shopwire.toml").write_text("[server]\nprot = 1\n")
    done = run("serve", "--data", str(tmp_path))
    assert (done.returncode, done.stdout) == (2, "")
    for part in ("shopwire.toml", "server.prot", "server.port"):
        assert part in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "journal.db").exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "code", "part"),
    [
        (["--host", "203.0.113.1"], 2, "server.host"),
        (["--host", "no such host"], 2, "server.host"),
        (["--port", "70000"], 2, "server.port"),
        (["--port", "x"], 2, "--port"),
    ],
)
def test_an_address_that_cannot_be_had_is_said(
    tmp_path: Path, words: list[str], code: int, part: str
) -> None:
    done = run("serve", "--data", str(tmp_path), *words)
    assert (done.returncode, done.stdout) == (code, "")
    assert part in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_a_journal_that_is_none_is_said(tmp_path: Path) -> None:
    (tmp_path / "journal.db").write_bytes(b"this is no journal" * 1000)
    for words in (["serve"], ["token", "--role", "shopper", "--sub", "x"]):
        done = run(*words, "--data", str(tmp_path))
        assert (done.returncode, done.stdout) == (1, "")
        assert "journal.db" in done.stderr
        assert "Traceback" not in done.stderr


def test_a_bug_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(**_: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr("broker.__main__.shopwire", broken)
    with pytest.raises(RuntimeError, match="a bug"):
        main()


def test_a_pipe_that_is_closed_is_no_bug() -> None:
    failure = told(ExceptionGroup("nursery", [BrokenPipeError(32, "Broken pipe")]))
    assert failure is not None
    assert failure.code == 1
