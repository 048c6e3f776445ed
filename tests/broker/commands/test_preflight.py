"""`shopwire doctor --preflight`: each thing that can be wrong, made wrong."""

import os
import resource
import shutil
import socket
import sqlite3
import time
from pathlib import Path
from typing import NamedTuple

import pytest

from broker.commands.preflight import Check, examine
from broker.config import Config, ServerConfig
from tests.broker.commands.typed import typed


class Usage(NamedTuple):
    total: int
    used: int
    free: int


FREE = Config(server=ServerConfig(port=0))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    kept = tmp_path / "data"
    kept.mkdir(mode=0o700)
    return kept


def wrong(folder: Path, config: Config = FREE) -> dict[str, str]:
    return {each.name: each.said for each in examine(folder, config) if not each.well}


def test_a_fresh_folder_on_this_machine_is_fit(folder: Path) -> None:
    assert wrong(folder) == {}
    assert wrong(folder / "not" / "there") == {}
    assert list(folder.iterdir()) == []


def test_others_must_not_look_into_it(folder: Path) -> None:
    folder.chmod(0o750)
    assert "chmod" in wrong(folder)["folder"]


def test_a_file_is_no_folder(folder: Path) -> None:
    (folder / "file").touch()
    assert "no folder" in wrong(folder / "file")["folder"]


def test_a_full_disk_is_said(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: Path) -> Usage:
        return Usage(1, 1, 1024**2)

    monkeypatch.setattr(shutil, "disk_usage", full)
    assert wrong(folder)["disk"].startswith("1 MiB")


def test_an_old_sqlite_is_said(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 34, 1))
    assert "too old" in wrong(folder)["sqlite"]


def test_too_few_files_are_said(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def few(_: int) -> tuple[int, int]:
        return 256, 1024

    monkeypatch.setattr(resource, "getrlimit", few)
    assert "LimitNOFILE" in wrong(folder)["files"]


def test_a_clock_behind_the_journal_is_said(folder: Path) -> None:
    journal = folder / "journal.db"
    journal.touch(mode=0o600)
    later = time.time() + 3600
    os.utime(journal, (later, later))
    assert "behind the journal" in wrong(folder)["clock"]


def test_a_port_that_is_taken_is_said(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        config = Config(server=ServerConfig(port=taken.getsockname()[1]))
        assert "cannot listen" in wrong(folder, config)["port"]


def test_the_command_prints_a_line_for_each_and_fails_with_any(folder: Path) -> None:
    good = typed("doctor", "--preflight", "--data", folder, "--config", _free(folder))
    assert good.exit_code == 0, good.output
    assert [line[:2] for line in good.output.splitlines()] == ["ok"] * 7
    folder.chmod(0o755)
    bad = typed("doctor", "--preflight", "--data", folder)
    assert bad.exit_code == 1
    assert "NO  folder" in bad.output


def test_every_check_has_a_name_of_its_own(folder: Path) -> None:
    checks: list[Check] = list(examine(folder, FREE))
    assert len({check.name for check in checks}) == len(checks)


def _free(folder: Path) -> Path:
    file = folder / "shopwire.toml"
    file.write_text("[server]\nport = 0\n")
    return file
