"""The files for machines say what the program understands."""

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from broker.commands.serve import LAST_WORD_S
from broker.keys import KEYS
from tests.broker.commands.typed import typed
from tests.edge.certificates import certified
from tests.faults.processes import ROOT

DEPLOY = ROOT / "deploy"
UNIT = (DEPLOY / "systemd/shopwire.service").read_text()
VARIABLES = {key.variable for key in KEYS.values()}
OWN = {"SHOPWIRE_DATA", "SHOPWIRE_CONFIG", "SHOPWIRE_HOST", "SHOPWIRE_UPSTREAM"}
"""Those that are no keys: the commands' own, and the proxy's file's."""
OLDEST_CADDY = [2, 7]
"""The first that lets sockets live on when it is reloaded, as its file says."""


def directives(name: str) -> list[str]:
    return re.findall(rf"^{name}=(.*)$", UNIT, re.MULTILINE)


def test_every_variable_is_one_that_is_read() -> None:
    texts = [
        path.read_text()
        for path in DEPLOY.rglob("*")
        if path.suffix != ".json" and path.is_file()
    ]
    named = {
        name for text in texts for name in re.findall(r"\bSHOPWIRE_[A-Z_]+\b", text)
    }
    assert named - {"SHOPWIRE_SECTION_KEY"} - OWN - VARIABLES == set()


@pytest.mark.parametrize("directive", ["ExecStartPre", "ExecStart"])
def test_the_unit_calls_commands_that_there_are(directive: str) -> None:
    (line,) = directives(directive)
    program, *words = shlex.split(line)
    assert program.endswith("/shopwire")
    assert typed(*words, "--help").exit_code == 0


def test_the_unit_waits_longer_than_a_drain_takes() -> None:
    (seconds,) = directives("TimeoutStopSec")
    assert int(seconds) > LAST_WORD_S
    assert directives("Type") == ["notify"]
    assert directives("WatchdogSec") == ["30"]


def test_the_unit_is_understood() -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("there is no systemd-analyze here")
    done = subprocess.run(
        ["systemd-analyze", "verify", DEPLOY / "systemd/shopwire.service"],
        check=False,
        capture_output=True,
        text=True,
    )
    # Installed it is not.
    told = [
        line for line in done.stderr.splitlines() if "is not executable" not in line
    ]
    assert [line for line in told if "shopwire.service" in line] == []


def test_the_unit_leaves_little_within_reach() -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("there is no systemd-analyze here")
    unit = str(DEPLOY / "systemd/shopwire.service")
    # Of a hundred: 15 when this was written, 96 for a unit that says nothing.
    asked = ["systemd-analyze", "security", "--offline=true", "--threshold=20", unit]
    done = subprocess.run(asked, check=False, capture_output=True, text=True)
    if "unrecognized option" in done.stderr:
        pytest.skip("this systemd-analyze is older than 250")
    assert done.returncode == 0, done.stdout


def test_nobody_keeps_a_core_or_a_path() -> None:
    """What people wrote is in a core, what they are called in a proxy's log."""
    assert directives("LimitCORE") == ["0"]
    assert "access_log off;" in (DEPLOY / "proxy/nginx.conf").read_text()
    assert not re.search(
        r"^\s*log\b", (DEPLOY / "proxy/Caddyfile").read_text(), re.MULTILINE
    )


def test_nginx_takes_its_file(tmp_path: Path) -> None:
    nginx = shutil.which("nginx") or shutil.which("/usr/sbin/nginx")
    if nginx is None:
        pytest.skip("there is no nginx here")
    made = certified(tmp_path)
    text = (DEPLOY / "proxy/nginx.conf").read_text()
    text = re.sub(r"/etc/ssl/\S+/fullchain\.pem", str(made.cert), text)
    text = re.sub(r"/etc/ssl/\S+/privkey\.pem", str(made.key), text)
    whole = tmp_path / "nginx.conf"
    whole.write_text(
        f"pid {tmp_path}/pid; error_log {tmp_path}/error; events {{}} http {{ {text} }}"
    )
    done = subprocess.run(
        [nginx, "-t", "-p", tmp_path, "-c", whole],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "warn" not in done.stderr


def caddy_of(program: str) -> list[int]:
    done = subprocess.run([program, "version"], check=True, capture_output=True)
    return [int(part) for part in re.findall(rb"\d+", done.stdout)[:2]]


def test_caddy_takes_its_file() -> None:
    caddy = shutil.which("caddy")
    if caddy is None or (caddy_of(caddy) < OLDEST_CADDY):
        pytest.skip("there is no caddy here, or too old a one")
    done = subprocess.run(
        [caddy, "validate", "--config", DEPLOY / "proxy/Caddyfile"],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "not formatted" not in done.stderr
