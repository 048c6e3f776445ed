"""Checksums of what is kept for good: a disk that lies is found out, not believed.

SQLite checks the form of its pages and not what is in them: a bit that flips in a word
would be shown as if it had been written. Every event has a CRC-32 of all its columns;
what was written before they had is taken as it is. Snapshots have a digest inside.
"""

from collections.abc import Sequence
from typing import Any
from zlib import crc32

import msgspec

from storage.records import DAMAGED, Record

Row = tuple[int, int, int, int, str, str, str, int, bytes]
"""Stream, seq, prev, moment, kind, author, id, version and body."""
COLUMNS = "seq, prev, at, kind, by, id, body, NULL, ver, sum"
"""Of an event, as `intact` wants them."""
OF_EVENT = ", ".join(
    f"e.{name}" if name != "NULL" else name for name in COLUMNS.split(", ")
)
"""The same where the table goes by the name of `e`."""


def of_event(row: Row) -> int:
    """Return what an event's `sum` has to be: 1 us for a message."""
    stream, seq, prev, at, kind, by, id_, ver, body = row
    rest = f"{stream} {seq} {prev} {at} {kind} {by} {id_} {ver}"
    return crc32(rest.encode(), crc32(body))


def of_record(stream: int, record: Record) -> int:
    """Return the sum of an event that is about to be written."""
    r = record
    return of_event((stream, r.seq, r.prev, r.at, r.kind, r.by, r.id, r.ver, r.body))


def intact(stream: int, row: Sequence[Any]) -> Record:
    """Return the event that `COLUMNS` of a row are.

    One that is not as it was written is of the version `DAMAGED`, which nobody reads.
    """
    record = Record(*row[:-1])
    if row[-1] is None or row[-1] == of_record(stream, record):
        return record
    return msgspec.structs.replace(record, ver=DAMAGED)
