"""Killed at any moment, the journal has whatever was acknowledged.

SIGKILL leaves the page cache, so this cannot tell a synced write from another (for
that, see the power cuts); it is the real program on a real file system that is tried.
"""

import random
from contextlib import closing
from pathlib import Path

import pytest

from storage import doctor, queries
from storage.schema import open_writer
from tests.faults.processes import another_process, next_line

KILLS = 8
STREAMS = 16

TALK = """
import sys
from pathlib import Path
from storage.records import Append, Lane
from tests.storage.books import Books, record, ticket

class Talker:
    def __init__(self, stream, head):
        self.stream, self.lane, self.seq = stream, Lane(), head

    def say(self):
        self.seq += 1
        books.journal.append(Append(self.stream, (record(self.seq),), self.lane, self,
            ticket=ticket(self.stream, self.seq)))

    def settled(self, append):
        assert not append.failed
        said.append(f"{self.stream}:{append.records[-1].seq}")
        self.say()

books = Books(Path(sys.argv[1]))
heads = dict(books.rows("SELECT stream, max(seq) FROM event GROUP BY stream"))
said = []
for stream in range(1, int(sys.argv[2]) + 1):
    Talker(stream, heads.get(stream, 0)).say()
while True:
    books.woken.wait()
    books.woken.clear()
    books.journal.settle()
    print(*said, flush=True)
    said.clear()
"""


def talk_until_killed(path: Path, lines: int) -> dict[int, int]:
    """Return the last seq of each stream that was acknowledged."""
    acknowledged: dict[int, int] = {}
    with another_process(TALK, str(path), str(STREAMS)) as talker:
        for _ in range(lines):
            for one in next_line(talker).split():
                stream, seq = map(int, one.split(":"))
                acknowledged[stream] = seq
        talker.kill()
        assert talker.stdout is not None
        # What was said before it died counts, but for a line that was torn.
        whole, _, _torn = talker.stdout.read().rpartition("\n")
        for one in whole.split():
            stream, seq = map(int, one.split(":"))
            acknowledged[stream] = seq
    return acknowledged


@pytest.mark.slow
def test_a_killed_process_loses_nothing_acknowledged(path: Path) -> None:
    moments = random.Random(7)
    for _ in range(KILLS):
        acknowledged = talk_until_killed(path, moments.randrange(5, 120))
        assert len(acknowledged) == STREAMS
        with closing(open_writer(path)) as connection:
            for stream, seq in acknowledged.items():
                row = queries.ticket(connection, stream)
                assert row is not None
                assert row.seq >= seq
        assert doctor.examine(path, {"msg"}) == []
