import pytest

from actors.chat.events import Tagged
from actors.chat.outcomes import Unchanged
from actors.chat.tags import MOST_TAGS, TAG_CHARS
from actors.refusals import Reason
from tests.actors.scene import ANN, BEN, Scene, ending, tagging


def test_tags_are_put_on_in_order_and_taken_off() -> None:
    scene = Scene().open()
    (tagged,) = scene.does(ANN, tagging("vip", "returns", "vip"))
    assert tagged.body == Tagged(("vip", "returns"), ())
    (tagged,) = scene.does(BEN, tagging("late", "vip", remove=("returns", "never")))
    assert tagged.body == Tagged(("late",), ("returns",))
    assert scene.state.tags == ("vip", "late")


def test_what_is_so_already_makes_no_event() -> None:
    scene = Scene().open()
    scene.does(ANN, tagging("vip"))
    for what in (tagging("vip"), tagging(remove=("gone",)), tagging()):
        assert isinstance(scene.ask(ANN, what), Unchanged)


@pytest.mark.parametrize("word", ["", " ", " vip", "vip\n", "a\tb", "a\u2028b", "\x85"])
def test_a_tag_is_one_line_without_space_around_it(word: str) -> None:
    refused = Scene().open().refuses(ANN, tagging("good", word))
    assert (refused.reason, refused.path) == (Reason.BAD_FRAME, "$.add")


@pytest.mark.parametrize("word", ["a b", "Größe", "👩‍👩‍👧", "x" * TAG_CHARS])
def test_any_words_may_be_a_tag(word: str) -> None:
    scene = Scene().open()
    scene.does(ANN, tagging(word))
    assert scene.state.tags == (word,)


@pytest.mark.parametrize("word", ["a\0", "\ud83d"])
def test_what_is_no_text_is_no_tag(word: str) -> None:
    assert Scene().open().refuses(ANN, tagging(word)).reason is Reason.BAD_UTF8


def test_there_is_an_end_to_tags_and_to_their_length() -> None:
    scene = Scene().open()
    scene.does(ANN, tagging(*(f"tag {number}" for number in range(MOST_TAGS))))
    refused = scene.refuses(ANN, tagging("one more"))
    assert (refused.reason, refused.limit) == (Reason.TOO_BIG, MOST_TAGS)
    scene.does(ANN, tagging("one more", remove=("tag 0",)))
    refused = scene.refuses(ANN, tagging(remove=("x" * (TAG_CHARS + 1),)))
    assert (refused.reason, refused.path) == (Reason.TOO_BIG, "$.remove")


def test_a_tag_cannot_come_and_go_at_once() -> None:
    refused = Scene().open().refuses(ANN, tagging("vip", remove=("vip",)))
    assert (refused.reason, refused.path) == (Reason.BAD_FRAME, "$.remove")


def test_a_closed_ticket_keeps_its_tags() -> None:
    scene = Scene().open()
    scene.does(ANN, tagging("vip"))
    scene.does(ANN, ending())
    refused = scene.refuses(ANN, tagging(remove=("vip",)))
    assert refused.reason is Reason.CHAT_CLOSED
    assert scene.state.tags == ("vip",)
