"""What a second connection of a person is told, judged."""

import socket
from collections.abc import Iterator

import pytest

from broker.wire.codec import JSON
from clients.load.plug import Address
from clients.load.scene import Scene, Who
from clients.load.seat import Seat
from clients.load.second import Second
from clients.load.talk import Follower, Talk
from clients.load.texts import NOTE, SHOPPER, Mark, Texts

ADDRESS = Address(socket.AF_INET, ("127.0.0.1", 1), "127.0.0.1", "/ws")


@pytest.fixture
def scene() -> Iterator[Scene]:
    made = Scene(ADDRESS, Texts(1), "run")
    yield made
    made.loop.close()


@pytest.fixture
def second(scene: Scene) -> Iterator[Second]:
    """A second connection of a shopper who has seen four events of a chat."""
    seat = Seat(scene, Who("shopper", "s", "t"), SHOPPER)
    first = Follower(Talk(0), SHOPPER, "chat-1", 4)
    first.begin()
    seat.followers["chat-1"] = first
    made = Second(scene, seat)
    made.opened(JSON.unframed)
    yield made
    made.leave()


def told(second: Second, seq: int, chat: str = "chat-1", text: str = "") -> None:
    place = {"t": "ev", "chat": chat, "seq": seq, "prev": seq - 1}
    event = place | {"kind": "msg", "by": "x", "body": {"text": text}}
    second.took(JSON.unframed.encode(event))


def test_what_comes_once_and_in_order_is_right(scene: Scene, second: Second) -> None:
    for seq in (5, 6, 7):
        told(second, seq)
    second.leave()
    assert not scene.figures.wrongs
    assert not scene.guests


def test_what_is_wrong_on_it_is_called_by_its_name(
    scene: Scene, second: Second
) -> None:
    told(second, 5)
    told(second, 5)
    told(second, 9)
    told(second, 7)
    told(second, 1, "chat-2")
    told(second, 10, text=scene.texts.text(Mark(0, NOTE, 1)))
    told(second, 10, text=scene.texts.text(Mark(3, SHOPPER, 1)))
    second.leave()
    # Nothing came for 6 and 8.
    expected = {"duplicated": 1, "misordered": 1, "misrouted": 3, "lost": 2}
    assert scene.figures.wrongs == expected
