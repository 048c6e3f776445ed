from clients.load.capacity import Climb, Step, climbed, said
from clients.load.plan import threshold

CLIMB = Climb(10, 0.25, 1.0, threshold("send.p99<150ms"), 1000, 1)


def step(chats: int, most: int, share: float = 0.9) -> Step:
    held = chats <= most
    return Step(chats, chats / 4, 9.0, share, 0.1, held, "" if held else "Broke: slow.")


def test_the_knee_is_found_by_doubling_and_halving() -> None:
    found = climbed(CLIMB, lambda _, chats: step(chats, 130))
    assert [each.chats for each in found.steps] == [10, 20, 40, 80, 160, 120, 140]
    assert found.chats == 120
    assert found.limit == "the broker's core"
    assert "holds 120 concurrent chats at send.p99<150ms" in said(found)


def test_what_holds_to_the_end_has_no_limit() -> None:
    found = climbed(CLIMB, lambda _, chats: step(chats, 10**6))
    assert found.chats == 640
    assert found.limit == "nothing"


def test_what_never_holds_is_said_too() -> None:
    found = climbed(CLIMB, lambda _, chats: step(chats, 0, share=0.2))
    assert found.chats == 0
    assert "disk" in found.limit
