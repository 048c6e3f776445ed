"""How much is read of one connection."""

from broker.edge.intake import ABUSE_S, BURST_S, Intake, IntakeRate

RATE = IntakeRate(frames=50, bytes=1000)
NOW = 100


def test_four_seconds_worth_may_come_at_once() -> None:
    intake = Intake(RATE)
    assert not intake.spend(50 * BURST_S, 0, NOW)
    assert intake.spend(1, 0, NOW)
    assert intake.over(NOW)
    assert not intake.over(NOW + 1)


def test_bytes_count_as_frames_do() -> None:
    intake = Intake(RATE)
    assert not intake.spend(1, 1000 * BURST_S, NOW)
    assert intake.spend(0, 1, NOW)


def test_who_keeps_to_the_rate_is_never_over() -> None:
    intake = Intake(RATE)
    assert not any(intake.spend(50, 1000, NOW + second) for second in range(1000))


def test_who_has_more_whenever_read_again_is_flooding() -> None:
    intake = Intake(RATE)
    now = NOW
    intake.spend(201, 0, now)
    while not intake.floods(now):
        now += 1
        if intake.ease(now):
            assert intake.spend(100, 0, now)
    assert now == NOW + ABUSE_S + 1


def test_it_is_named_by_what_there_is_more_of() -> None:
    intake = Intake(RATE)
    intake.spend(201, 100, NOW)
    assert intake.limit == "conn_frames"
    intake.spend(1, 9000, NOW)
    assert intake.limit == "conn_bytes"


def test_one_burst_after_another_is_no_flood_when_there_is_a_pause() -> None:
    intake = Intake(RATE)
    now = NOW
    for _ in range(10):
        assert intake.spend(201, 0, now)
        assert not intake.floods(now)
        assert intake.ease(now + 1)
        now += 10


def test_it_is_forgotten_once_it_makes_no_difference() -> None:
    intake = Intake(RATE)
    intake.spend(50, 0, NOW)
    assert not intake.forgotten(NOW + 1)
    assert intake.forgotten(NOW + 2)
