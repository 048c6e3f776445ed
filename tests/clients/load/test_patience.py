"""What is refused for now waits, and is sent again in its order."""

from collections.abc import Callable

from clients.load.loop import Loop
from clients.load.patience import Patience
from clients.load.talk import Asked, Op, Talk, Write
from clients.load.texts import SHOPPER, Mark


class Calls(Loop):
    """A loop that calls when it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.close()
        self.later: list[Callable[[], None]] = []

    def after(self, seconds: float, call: Callable[[], None]) -> None:
        assert seconds > 0
        self.later.append(call)

    def go_on(self) -> None:
        self.later.pop(0)()


class Line:
    """Three messages of two chats that were sent, and who waits for them."""

    def __init__(self) -> None:
        self.loop, self.sent = Calls(), list[str]()
        self.asked: dict[str, Asked] = {}
        self.patience = Patience(self.loop, self.asked, self.send)
        self.talks = Talk(0), Talk(1)

    def say(self, number: int, chat: int = 0) -> Write:
        mark = Mark(chat, SHOPPER, number)
        write = Write(Op.SAY, f"{chat}-{number}", self.talks[chat], mark)
        self.asked[write.id] = write
        if not self.patience.needed(write):
            self.send(write)
        return write

    def send(self, asked: Asked) -> None:
        asked.refused = False
        self.sent.append(asked.id)

    def answer(self, write: Write) -> None:
        del self.asked[write.id]


def test_what_comes_after_a_refusal_waits_for_it_and_other_chats_do_not() -> None:
    line = Line()
    first = line.say(1)
    line.patience.refused(first, 1)
    line.say(2)
    line.say(1, chat=1)
    assert line.sent == ["0-1", "1-1"]
    line.loop.go_on()
    assert line.sent == ["0-1", "1-1", "0-1", "0-2"]
    line.say(3)
    assert line.sent[-1] == "0-3"


def test_nothing_is_sent_again_before_all_that_was_sent_is_answered() -> None:
    line = Line()
    first, second = line.say(1), line.say(2)
    line.patience.refused(first, 1)
    line.loop.go_on()
    assert line.sent == ["0-1", "0-2"]
    line.patience.refused(second, 1)
    line.loop.go_on()
    assert line.sent == ["0-1", "0-2", "0-1", "0-2"]
    assert not line.loop.later


def test_another_connection_begins_without_what_was_refused_on_the_last() -> None:
    line = Line()
    first = line.say(1)
    line.patience.refused(first, 1)
    line.patience.over()
    line.loop.go_on()
    assert line.sent == ["0-1"]
    line.answer(first)
    line.say(2)
    assert line.sent == ["0-1", "0-2"]
