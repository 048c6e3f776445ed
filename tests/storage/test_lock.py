"""One process a folder, whatever became of the one before."""

import os
from pathlib import Path

import pytest

from storage import lock
from storage.errors import DataHeld
from storage.lock import DataLock
from tests.faults.processes import another_process, next_line

HOLD = """
import sys
from pathlib import Path
from storage.lock import DataLock
lock = DataLock(Path(sys.argv[1]))
lock.acquire()
print("held", flush=True)
sys.stdin.read()
"""


@pytest.mark.slow
def test_a_second_process_is_told_who_holds_the_folder(tmp_path: Path) -> None:
    with another_process(HOLD, str(tmp_path)) as holder:
        assert next_line(holder) == "held"
        with pytest.raises(DataHeld, match=f"process {holder.pid}") as refused:
            DataLock(tmp_path).acquire()
        assert refused.value.pid == holder.pid
        holder.kill()
        holder.wait()
        # The lock went with it, though its pid still stands in the file.
        with DataLock(tmp_path):
            pass


def test_the_lock_is_free_again_after_the_block(tmp_path: Path) -> None:
    for _ in range(2):
        with DataLock(tmp_path):
            text = (tmp_path / "lock").read_text()
            assert text == f"{os.getpid()}\n"
            with pytest.raises(DataHeld):
                DataLock(tmp_path).acquire()
    assert (tmp_path / "lock").read_text() == ""


def test_a_holder_that_has_not_said_who_it_is_stays_unnamed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lock, "PATIENCE", 1)
    with DataLock(tmp_path):
        (tmp_path / "lock").write_text("")
        with pytest.raises(DataHeld, match="another process") as refused:
            DataLock(tmp_path).acquire()
    assert refused.value.pid is None


def test_a_dead_process_is_not_blamed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lock, "PATIENCE", 1)
    with DataLock(tmp_path):
        # Above the largest pid that Linux gives.
        (tmp_path / "lock").write_text("4194305\n")
        with pytest.raises(DataHeld, match="another process"):
            DataLock(tmp_path).acquire()


def test_letting_go_without_holding_is_nothing(tmp_path: Path) -> None:
    DataLock(tmp_path).release()


def test_the_file_is_private(tmp_path: Path) -> None:
    with DataLock(tmp_path):
        assert (tmp_path / "lock").stat().st_mode & 0o777 == 0o600
