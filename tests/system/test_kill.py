"""The process dies in the middle of everything, again and again."""

import random
import sqlite3
import sys
from pathlib import Path

import pytest
import trio

from tests.faults.processes import ROOT
from tests.long import times
from tests.system.crowd import (
    Live,
    Talker,
    Watcher,
    crowd,
    in_journal,
    until_it_breaks,
)
from tests.system.process import Process, furnish

KILLS = times(20, short=6)
TALKERS, WATCHERS = 20, 4


@pytest.mark.slow
async def test_kills_lose_and_repeat_nothing(tmp_path: Path) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}", file=sys.stderr)  # noqa: T201  # shown if the test fails
    chance = random.Random(seed)
    keys = await furnish(tmp_path, *(f"agent-{n}" for n in range(WATCHERS)))
    talkers, watchers = crowd(keys, TALKERS, WATCHERS)
    with Process(tmp_path) as process:
        await process.start()
        for _ in range(KILLS):
            async with trio.open_nursery() as nursery:
                for live in everybody(talkers, watchers):
                    nursery.start_soon(until_it_breaks, live, process)
                await trio.sleep(chance.uniform(0.2, 0.9))
                await process.kill()
            await process.start()
        await come_to_rest(process, watchers)
        await process.kill()
        nothing_is_lost_or_doubled(process, talkers)
        everybody_saw_it(process, watchers)
        await process.start()
        await process.kill()
    the_file_is_sound(process.journal)
    await replays_to_what_is_kept(tmp_path)
    acked = sum(len(talker.acked) for talker in talkers)
    dups = sum(talker.dups for talker in talkers)
    print(  # noqa: T201  # figures, for who runs it with -s
        f"kills {KILLS}, acknowledged {acked}, lost 0, doubled 0, "
        f"repeated and known {dups}"
    )
    assert acked > 5 * KILLS


def everybody(talkers: list[Talker], watchers: list[Watcher]) -> list[Live]:
    return [*(t.talk for t in talkers), *(w.watch for w in watchers)]


async def come_to_rest(process: Process, watchers: list[Watcher]) -> None:
    """Let the watchers catch up with what was acknowledged."""
    with trio.fail_after(30):
        async with trio.open_nursery() as nursery:
            for watcher in watchers:
                nursery.start_soon(until_it_breaks, watcher.watch, process)
            for watcher in watchers:
                await watcher.caught_up()
            nursery.cancel_scope.cancel()


def nothing_is_lost_or_doubled(process: Process, talkers: list[Talker]) -> None:
    for talker in talkers:
        said = in_journal(process.journal, talker.chat)
        seqs = {id_: seq for seq, id_, _ in said}
        assert len(seqs) == len(said), "an id stands twice"
        # In the order in which they were sent, without a gap.
        texts = [text for _, _, text in said]
        assert texts == ["start", *(str(n) for n in range(1, len(texts)))]
        for id_, seq in talker.acked.items():
            assert seqs[id_] == seq, "acknowledged and lost"


def everybody_saw_it(process: Process, watchers: list[Watcher]) -> None:
    for watcher in watchers:
        for talker in watcher.talkers:
            seen = watcher.followers[talker.chat].seen
            assert [*seen] == [*range(1, len(seen) + 1)]
            for seq, _, text in in_journal(process.journal, talker.chat):
                if seq in seen:
                    assert seen[seq]["body"]["text"] == text


async def replays_to_what_is_kept(folder: Path) -> None:
    """Fold every chat anew; snapshots and rows must say the same."""
    program = (sys.executable, "-m", "broker", "replay", "--data", str(folder))
    replayed = await trio.run_process(
        [*program, "--all", "--check"],
        capture_stdout=True,
        capture_stderr=True,
        check=False,
        cwd=ROOT,
    )
    assert replayed.returncode == 0, replayed.stderr.decode()
    assert f"{TALKERS} chats replayed, 0 differences" in replayed.stderr.decode()


def the_file_is_sound(journal: Path) -> None:
    db = sqlite3.connect(journal)
    try:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        behind = """
        SELECT count(*) FROM ticket
        WHERE seq <> (SELECT max(seq) FROM event WHERE event.stream = ticket.stream)"""
        assert db.execute(behind).fetchone() == (0,)
    finally:
        db.close()
