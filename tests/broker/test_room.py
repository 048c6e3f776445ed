"""Somebody is told of little room, once, and of enough, once."""

import logging
from pathlib import Path

import pytest

from broker.room import LITTLE, LONG_WAL, Alarms, Room, look
from storage.backup import LAST
from storage.meta import JOURNAL

WELL = Room(journal=1, wal=0, free=LITTLE, copied_s=None)


def test_a_folder_says_what_it_takes(tmp_path: Path) -> None:
    (tmp_path / JOURNAL).write_bytes(bytes(4096))
    room = look(tmp_path)
    assert (room.journal, room.wal, room.copied_s) == (4096, 0, None)
    assert room.free > 0
    (tmp_path / LAST).touch()
    copied = look(tmp_path).copied_s
    assert copied is not None
    assert copied < 60


def test_little_room_and_a_long_log_are_said_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    alarms = Alarms(Path())
    low = Room(journal=1, wal=LONG_WAL + 1, free=LITTLE - 1, copied_s=None)
    for room in (WELL, low, low, WELL, WELL):
        alarms.tell(room)
    assert [record.levelname for record in caplog.records] == [
        "WARNING",
        "WARNING",
        "INFO",
        "INFO",
    ]
