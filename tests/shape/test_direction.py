import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.shape.source import ROOT, write_tree

pytestmark = pytest.mark.slow

DIRECTION = "Imports run one way"
ACTORS = "What chats, agents and desks are does no input or output"
WIRE = "The wire turns bytes into values"


def contracts(root: Path) -> subprocess.CompletedProcess[str]:
    """Check the import contracts of the packages under `root`, as `make check` does."""
    return subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=root,
        check=False,
        capture_output=True,
        text=True,
    )


def test_imports_keep_the_contracts() -> None:
    checked = contracts(ROOT)
    assert checked.returncode == 0, checked.stdout


@pytest.mark.parametrize(
    ("path", "line", "broken"),
    [
        ("storage/bad.py", "import actors", DIRECTION),
        ("storage/bad.py", "import broker.wire", DIRECTION),
        ("actors/bad.py", "import broker", DIRECTION),
        ("broker/bad.py", "import clients", DIRECTION),
        ("actors/chat/bad.py", "import time", ACTORS),
        ("actors/agent/bad.py", "import storage", ACTORS),
        ("actors/desk/bad.py", "from uuid import uuid4", ACTORS),
        ("broker/wire/bad.py", "import trio", WIRE),
        ("broker/wire/bad.py", "from socket import socket", WIRE),
    ],
)
def test_an_import_against_the_grain_breaks_a_contract(
    tmp_path: Path, path: str, line: str, broken: str
) -> None:
    checked = contracts(doctored(tmp_path, {path: line + "\n"}))
    assert checked.returncode == 1
    assert f"{broken}" in broken_part(checked.stdout)


def test_a_detour_breaks_the_contract_too(tmp_path: Path) -> None:
    checked = contracts(
        doctored(
            tmp_path,
            {
                "actors/chat/rules.py": "import actors.detour\n",
                "actors/detour.py": "import sqlite3\n",
            },
        )
    )
    assert checked.returncode == 1
    assert ACTORS in broken_part(checked.stdout)


def test_imports_along_the_grain_are_kept(tmp_path: Path) -> None:
    checked = contracts(
        doctored(
            tmp_path,
            {
                "clients/good.py": "import broker.wire\n",
                "broker/good.py": "import actors.chat\nimport storage\nimport trio\n",
                "actors/good.py": "import storage\nimport time\n",
            },
        )
    )
    assert checked.returncode == 0, checked.stdout


def doctored(root: Path, files: dict[str, str]) -> Path:
    shutil.copy(ROOT / "pyproject.toml", root)
    return write_tree(root, files)


def broken_part(output: str) -> str:
    """Return what import-linter says below its heading for broken contracts."""
    return output.partition("Broken contracts")[2]
