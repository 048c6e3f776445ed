"""`shopwire doctor --preflight`: each thing that can be wrong, made wrong."""

import os
import resource
import shutil
import socket
import sqlite3
import time
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from typing import NamedTuple, Self

import pytest

from broker import mounts
from broker.commands import surroundings
from broker.commands.preflight import examine
from broker.commands.surroundings import Check
from broker.config import (
    ClusterConfig,
    Config,
    ConfigError,
    ServerConfig,
    ShipConfig,
    TlsConfig,
)
from storage.lock import DataLock
from tests.broker.commands.typed import typed
from tests.edge.certificates import certified


class Usage(NamedTuple):
    total: int
    used: int
    free: int


FREE = Config(server=ServerConfig(port=0))


@pytest.fixture(autouse=True)
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let all be on a disk, whatever this machine's temporary folder is on."""
    made = tmp_path / "mountinfo"
    made.write_text("22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n")
    monkeypatch.setattr(mounts, "TABLE", made)
    return made


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


def test_what_is_below_a_file_is_no_folder_either(folder: Path) -> None:
    (folder / "file").touch()
    assert "none can be made" in wrong(folder / "file" / "data")["folder"]


def test_a_file_that_root_left_is_named_with_who_has_to_own_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "journal.db-wal").touch(mode=0o600)
    allowed = os.access

    def not_ours(path: Path, mode: int) -> bool:
        return not path.name.endswith("-wal") and allowed(path, mode)

    monkeypatch.setattr(os, "access", not_ours)
    said = wrong(folder)["folder"]
    assert "journal.db-wal is user" in said
    assert "chown -R" in said


@pytest.mark.parametrize(
    ("kind", "advice"),
    [
        ("tmpfs", "Choose a disk"),
        ("nfs4", "choose a disk"),
        ("cifs", "choose a disk"),
        ("9p", "choose a disk"),
        ("fuse.sshfs", "choose a disk"),
    ],
)
def test_a_file_system_that_keeps_nothing_or_locks_nothing_is_said(
    folder: Path, table: Path, kind: str, advice: str
) -> None:
    blank = str(folder).replace(" ", r"\040")
    with table.open("a") as more:
        more.write(f"40 22 0:40 / {blank} rw shared:9 - {kind} server:/x rw\n")
    assert advice in wrong(folder)["mount"]
    # What is mounted over it later counts, and what is mounted beside it does not.
    with table.open("a") as more:
        more.write(f"41 40 8:2 / {blank} rw - xfs /dev/sdb1 rw\n")
        more.write(f"42 22 0:41 / {blank}-not rw - tmpfs tmpfs rw\n")
    assert "mount" not in wrong(folder)


@pytest.mark.parametrize("kind", ["ext4", "xfs", "btrfs", "zfs", "overlay", "fuseblk"])
def test_a_disk_is_a_disk(folder: Path, table: Path, kind: str) -> None:
    table.write_text(f"22 1 8:1 / / rw - {kind} source rw\n")
    assert wrong(folder) == {}


def test_where_nobody_says_what_is_mounted_nothing_is_wrong(
    folder: Path, table: Path
) -> None:
    table.unlink()
    assert wrong(folder) == {}


def test_a_disk_without_room_for_files_is_said(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = os.statvfs(folder)

    def few(_: Path) -> os.statvfs_result:
        # f_files, f_ffree and f_favail are the sixth to the eighth.
        return os.statvfs_result((*there[:5], 10**6, 5, 5, *there[8:]))

    monkeypatch.setattr(os, "statvfs", few)
    assert "only 5 more files" in wrong(folder)["disk"]


def test_a_read_only_disk_is_said(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = os.statvfs(folder)

    def fixed(_: Path) -> os.statvfs_result:
        return os.statvfs_result((*there[:8], there[8] | os.ST_RDONLY, there[9]))

    def refused(_: Path, mode: int) -> bool:
        return not mode & os.W_OK

    monkeypatch.setattr(os, "statvfs", fixed)
    monkeypatch.setattr(os, "access", refused)
    assert "remount it" in wrong(folder)["folder"]
    assert "remount it" in wrong(folder / "new")["folder"]


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


@pytest.mark.parametrize("name", ["journal.db", "journal.db-wal"])
def test_a_clock_behind_the_journal_is_said(folder: Path, name: str) -> None:
    journal = folder / name
    journal.touch(mode=0o600)
    later = time.time() + 3600
    os.utime(journal, (later, later))
    assert "behind the journal" in wrong(folder)["clock"]


def test_a_port_that_is_taken_is_said(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        config = Config(server=ServerConfig(port=taken.getsockname()[1]))
        said = wrong(folder, config)["port"]
    assert "cannot listen" in said
    assert "ss -ltnp" in said


def test_a_folder_that_a_node_follows_in_is_served(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, DataLock(folder):
        config = Config(server=ServerConfig(port=taken.getsockname()[1]))
        assert wrong(folder, config) == {}


def test_an_address_of_another_machine_is_said(folder: Path) -> None:
    # Kept for examples: no machine has it.
    config = Config(server=ServerConfig(host="192.0.2.1", port=0))
    assert "an address of this machine" in wrong(folder, config)["port"]


def test_a_certificate_that_has_ended_is_said(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = certified(tmp_path)
    tls = TlsConfig(cert=str(made.cert), key=str(made.key))
    config = Config(server=ServerConfig(port=0, tls=tls))
    assert wrong(folder, config) == {}
    (soon,) = [each for each in examine(folder, config) if each.name == "tls"]
    assert "see that it is renewed" in soon.said
    monkeypatch.setattr(surroundings, "datetime", Later)
    assert "renew it" in wrong(folder, config)["tls"]
    monkeypatch.setattr(surroundings, "datetime", Earlier)
    assert "set the clock" in wrong(folder, config)["tls"]


def test_files_of_tls_that_do_not_fit_are_named_with_their_key(
    folder: Path, tmp_path: Path
) -> None:
    made = certified(tmp_path)
    file = folder / "shopwire.toml"
    file.write_text(f"[server.tls]\ncert = '{made.key}'\nkey = '{made.key}'\n")
    done = typed("doctor", "--preflight", "--data", folder)
    assert isinstance(done.exception, ConfigError)
    assert "server.tls.cert" in str(done.exception)
    assert "no certificate" in str(done.exception)


def test_where_nothing_can_be_shipped_to_is_said(folder: Path, tmp_path: Path) -> None:
    there = tmp_path / "other"
    config = Config(server=FREE.server, ship=ShipConfig(to=str(there)))
    assert "Mount its disk" in wrong(folder, config)["ship"]
    there.mkdir()
    assert wrong(folder, config) == {}


def test_servers_that_do_not_answer_are_named(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as up, closed() as down:
        one, other = (each.getsockname()[1] for each in (up, down))
        few = f"nats://127.0.0.1:{one},127.0.0.1:{other},127.0.0.1:{other}"
        config = Config(server=FREE.server, cluster=ClusterConfig(nats=few))
        assert f"127.0.0.1:{other}" in wrong(folder, config)["nats"]
        most = f"nats://127.0.0.1:{one},127.0.0.1:{one},127.0.0.1:{other}"
        config = Config(server=FREE.server, cluster=ClusterConfig(nats=most))
        assert wrong(folder, config) == {}


def closed() -> socket.socket:
    """Return a socket that keeps its port and lets nobody in."""
    kept = socket.socket()
    kept.bind(("127.0.0.1", 0))
    return kept


class Later(datetime):
    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Self:
        return super().now(tz) + timedelta(days=1)


class Earlier(datetime):
    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Self:
        return super().now(tz) - timedelta(days=1)


def test_the_command_prints_a_line_for_each_and_fails_with_any(folder: Path) -> None:
    good = typed("doctor", "--preflight", "--data", folder, "--config", _free(folder))
    assert good.exit_code == 0, good.output
    assert [line[:2] for line in good.output.splitlines()] == ["ok"] * 8
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
