from broker.edge.keepalive import PING_EVERY, SILENT, Keepalive
from broker.wire.errors import Close


class Kept:
    """A connection that counts."""

    def __init__(self, keepalive: Keepalive, *, well_after: int = 0) -> None:
        self.keepalive = keepalive
        self.heard = keepalive.now
        self.pings: list[int] = []
        self.checks: list[int] = []
        self.ended_at: int | None = None
        self.well_after = well_after
        self.group = keepalive.add(self)

    def ping(self) -> None:
        self.pings.append(self.keepalive.now)

    def end(self) -> None:
        self.ended_at = self.keepalive.now
        self.keepalive.leave(self, self.group)

    def close(self, code: Close) -> None:
        raise AssertionError(code)

    def check(self, now: int) -> bool:
        self.checks.append(now)
        return len(self.checks) < self.well_after


def after(seconds: int) -> Keepalive:
    keepalive = Keepalive(lambda: None)
    tick(keepalive, seconds)
    return keepalive


def tick(keepalive: Keepalive, seconds: int) -> None:
    for _ in range(seconds):
        keepalive.tick()


def test_every_connection_is_pinged_in_its_turn() -> None:
    for began in range(PING_EVERY + 3):
        keepalive = after(began)
        kept = Kept(keepalive)
        for _ in range(100):
            kept.heard = keepalive.now
            keepalive.tick()
        assert kept.pings == [began + n * PING_EVERY for n in range(1, 6)]
        assert kept.ended_at is None


def test_a_silent_one_is_ended_when_its_time_is_up() -> None:
    for began in range(PING_EVERY + 3):
        keepalive = after(began)
        kept = Kept(keepalive)
        tick(keepalive, SILENT - 1)
        assert kept.ended_at is None
        tick(keepalive, 1)
        assert kept.ended_at == began + SILENT
        assert len(keepalive) == 0


def test_who_falls_silent_later_is_ended_within_a_round_more() -> None:
    for last in range(100):
        keepalive = after(0)
        kept = Kept(keepalive)
        for now in range(last + SILENT + PING_EVERY):
            if now <= last:
                kept.heard = keepalive.now
            keepalive.tick()
        assert kept.ended_at is not None
        assert SILENT <= kept.ended_at - last < SILENT + PING_EVERY


def test_who_is_watched_is_checked_every_second_until_it_is_well() -> None:
    keepalive = after(3)
    kept = Kept(keepalive, well_after=4)
    tick(keepalive, 5)
    assert kept.checks == []
    keepalive.watch(kept)
    tick(keepalive, 10)
    assert kept.checks == [9, 10, 11, 12]


def test_who_has_left_is_not_looked_at() -> None:
    keepalive = after(0)
    kept = Kept(keepalive, well_after=100)
    keepalive.watch(kept)
    keepalive.leave(kept, kept.group)
    tick(keepalive, 100)
    assert (kept.pings, kept.checks, kept.ended_at) == ([], [], None)


def test_all_of_them_can_be_counted_and_listed() -> None:
    keepalive = after(0)
    everybody = [Kept(keepalive)]
    tick(keepalive, 7)
    everybody.append(Kept(keepalive))
    assert len(keepalive) == 2
    assert {*keepalive} == {*everybody}
