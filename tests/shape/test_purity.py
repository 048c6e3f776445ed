from pathlib import Path

import pytest

from tests.shape.purity import (
    changeable_values,
    global_statements,
    importing_inits,
    loaded_with,
)
from tests.shape.source import CORE, ROOT, write_tree

# What they read takes seconds, and is kept in the process.
pytestmark = pytest.mark.xdist_group("trees")

RUNTIME = {"pykka", "sqlite3", "trio"}


@pytest.mark.slow
@pytest.mark.parametrize("folder", CORE)
def test_the_core_loads_no_runtime_and_no_database(folder: str) -> None:
    package = folder.replace("/", ".")
    loaded = loaded_with(ROOT, package)
    assert package in loaded
    assert not loaded & RUNTIME


@pytest.mark.slow
def test_an_import_deep_in_the_core_is_noticed(tmp_path: Path) -> None:
    files = {
        "broker/wire/frames.py": "import broker.wire.deep.down\n",
        "broker/wire/deep/__init__.py": "",
        "broker/wire/deep/down.py": "import sqlite3\n",
    }
    assert "sqlite3" in loaded_with(write_tree(tmp_path, files), "broker.wire")


def test_packages_import_nothing_by_themselves() -> None:
    assert importing_inits(ROOT) == []


def test_a_package_that_imports_is_noticed(tmp_path: Path) -> None:
    files = {"broker/edge/__init__.py": '"""Edge."""\nfrom os import path\n'}
    assert importing_inits(write_tree(tmp_path, files)) == ["broker/edge/__init__.py:2"]


def test_commands_and_events_never_change() -> None:
    assert changeable_values(ROOT) == []


def test_a_command_that_can_change_is_noticed(tmp_path: Path) -> None:
    files = {
        "actors/chat/commands.py": (
            "class Reply(msgspec.Struct, frozen=True, gc=False): ...\n"
            "class Close(Struct, gc=False): ...\n"
        )
    }
    assert changeable_values(write_tree(tmp_path, files)) == [
        "actors/chat/commands.py:2 Close"
    ]


def test_the_core_keeps_no_global_state() -> None:
    assert global_statements(ROOT) == []


def test_a_global_in_the_core_is_noticed(tmp_path: Path) -> None:
    files = {"actors/desk/rules.py": "n = 0\ndef more():\n    global n\n    n += 1\n"}
    assert global_statements(write_tree(tmp_path, files)) == ["actors/desk/rules.py:3"]
