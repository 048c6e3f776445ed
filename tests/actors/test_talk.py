import pytest

from actors.chat.commands import Note, Say, Start
from actors.chat.events import Closed, Legal, Opened, Said
from actors.chat.limits import CHAT_EVENTS, RESERVED, TEXT_BYTES, ChatLimits
from actors.chat.outcomes import Repeated, Unchanged
from actors.ids import Millis, Person, Seq, SiteId
from actors.refusals import Reason, Refused
from actors.settings.assignment import AssignmentSettings
from actors.settings.document import Settings
from actors.settings.rules import Rules
from actors.settings.storefront import ChatSettings, LegalSettings
from tests.actors.scene import (
    ANN,
    BEN,
    CHAT,
    NOON,
    SHOPPER,
    SITE,
    STRANGER,
    Ask,
    Scene,
    assigning,
    ending,
    getting,
    noting,
    reading,
    rules,
    saying,
    snoozing,
    starting,
    waking,
)

WRITES: dict[str, Ask] = {
    "say": saying(),
    "note": noting(),
    "snooze": snoozing(),
    "wake": waking(),
    "assign": assigning("ben"),
}
"""What an agent may ask of a chat that goes on, but for its end."""


def test_a_chat_opens_with_the_links_the_welcome_and_the_first_message() -> None:
    scene = Scene(Rules(7, Settings(legal=LegalSettings(terms_url="https://x/t"))))
    opened, legal, welcome, message = scene.does(SHOPPER, starting("help", ack=True))
    assert isinstance(opened.body, Opened)
    assert opened.body.profile == "sue"
    assert legal.body == Legal(7, ack=True, terms_url="https://x/t")
    assert welcome.body == Said("Hi! How can we help?", auto="welcome")
    assert message.body == Said("help")
    assert [event.id for event in scene.events] == ["", "", "", "id-1"]


def test_a_shop_without_a_welcome_says_none() -> None:
    scene = Scene(Rules(1, Settings(chat=ChatSettings(welcome=""))))
    assert scene.kinds(SHOPPER, starting()) == ["opened", "legal", "msg"]


def test_a_second_start_appends_to_the_chat_that_runs() -> None:
    scene = Scene().open()
    assert scene.kinds(SHOPPER, starting("one more thing")) == ["msg"]


def test_a_shop_switched_off_starts_no_chat_but_goes_on_with_one() -> None:
    scene = Scene(Rules(1, Settings(chat=ChatSettings(enabled=False))))
    assert scene.refuses(SHOPPER, starting()).reason is Reason.CHAT_DISABLED
    running = Scene().open()
    running.rules = scene.rules
    assert running.kinds(SHOPPER, starting()) == ["msg"]


def test_terms_to_be_acknowledged_stop_a_start_until_they_are() -> None:
    scene = Scene(Rules(1, Settings(legal=LegalSettings(ack_required=True))))
    assert scene.refuses(SHOPPER, starting()).reason is Reason.FORBIDDEN
    assert scene.kinds(SHOPPER, starting(ack=True))[-1] == "msg"


@pytest.mark.parametrize(
    "text", ["hi", " keeps its spaces ", "e\u0301", "👩‍👩‍👧‍👦🇵🇱", "a\r\nb"]
)
def test_a_text_is_kept_as_it_is(text: str) -> None:
    (message,) = Scene().open().does(SHOPPER, saying(text))
    assert message.body == Said(text)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", Reason.BAD_FRAME),
        (" \t\n", Reason.BAD_FRAME),
        ("a\0b", Reason.BAD_UTF8),
        ("half \ud83d pair", Reason.BAD_UTF8),
        ("x" * (TEXT_BYTES + 1), Reason.TOO_BIG),
        ("ą" * (TEXT_BYTES // 2 + 1), Reason.TOO_BIG),
        ("\ud800" * TEXT_BYTES, Reason.BAD_UTF8),
    ],
    ids=["empty", "blank", "nul", "surrogate", "ascii", "two bytes", "surrogates"],
)
def test_a_text_that_is_none_is_refused_wherever_it_is_said(
    text: str, reason: Reason
) -> None:
    assert Scene().refuses(SHOPPER, starting(text)).reason is reason
    assert Scene().open().refuses(SHOPPER, saying(text)).reason is reason
    assert Scene().open().refuses(ANN, saying(text)).reason is reason
    assert Scene().open().refuses(ANN, noting(text)).reason is reason


@pytest.mark.parametrize("text", ["x" * TEXT_BYTES, "ą" * (TEXT_BYTES // 2)])
def test_a_text_of_just_the_right_size_is_taken(text: str) -> None:
    assert Scene().open().kinds(SHOPPER, saying(text)) == ["msg"]


@pytest.mark.parametrize("id_", ["a\0b", "\ud800"])
def test_an_id_that_cannot_be_kept_is_refused(id_: str) -> None:
    for what in (starting(), *WRITES.values()):
        opens = what("", SHOPPER, SITE, NOON).__class__ is Start
        scene, who = (Scene(), SHOPPER) if opens else (Scene().open(), ANN)
        refused = scene.ask(who, what, id_)
        assert isinstance(refused, Refused)
        assert (refused.reason, refused.path) == (Reason.BAD_UTF8, "$.id")


def test_an_image_that_was_not_uploaded_cannot_be_named() -> None:
    scene = Scene().open()
    refused = scene.refuses(
        SHOPPER, lambda id_, by, site, at: Say(id_, by, site, at, "", ("blob",))
    )
    assert refused.reason is Reason.NO_BLOB


def showing(*blobs: str, known: frozenset[str], text: str = "") -> Ask:
    return lambda id_, by, site, at: Say(id_, by, site, at, text, blobs, known=known)


def test_a_message_shows_images_that_its_sender_may_name() -> None:
    scene = Scene().open()
    said = scene.does(SHOPPER, showing("a", "b", known=frozenset("abc")))
    assert said[-1].body == Said("", ("a", "b"))


def test_one_image_too_many_or_unknown_refuses_the_whole_message() -> None:
    scene = Scene().open()
    refused = scene.refuses(SHOPPER, showing("a", "x", known=frozenset("a")))
    assert (refused.reason, refused.path) == (Reason.NO_BLOB, "$.blobs")
    names = tuple("abcdefghijk")
    refused = scene.refuses(SHOPPER, showing(*names, known=frozenset(names)))
    assert (refused.reason, refused.limit) == (Reason.TOO_BIG, 10)


def test_what_goes_with_an_image_is_judged_like_any_text() -> None:
    scene = Scene().open()
    refused = scene.refuses(SHOPPER, showing("a", known=frozenset("a"), text="a\0b"))
    assert refused.reason is Reason.BAD_UTF8


# Who may take part.


@pytest.mark.parametrize("who", [STRANGER, "anon:sue", "shopper:", "sue", "bot"])
@pytest.mark.parametrize(
    "what", [*WRITES.values(), ending(), reading(1), getting(1), starting()]
)
def test_a_stranger_finds_no_chat(who: str, what: Ask) -> None:
    scene = Scene().open()
    if (who, what) == ("bot", WRITES["say"]):
        return  # it may speak, where it has control
    outcome = scene.ask(Person(who), what)
    assert outcome == Refused(Reason.NOT_FOUND)


@pytest.mark.parametrize("what", [saying(), noting(), ending(), reading(1), starting()])
def test_people_of_another_site_find_no_chat(what: Ask) -> None:
    scene = Scene().open()
    elsewhere = SiteId("elsewhere")
    for who in (ANN, SHOPPER):
        outcome = scene.ask(
            who, lambda id_, by, _site, at: what(id_, by, elsewhere, at)
        )
        assert outcome == Refused(Reason.NOT_FOUND)


@pytest.mark.parametrize("what", [*WRITES.values(), ending(), reading(0), getting(0)])
def test_in_a_chat_that_is_not_there_nobody_does_anything(what: Ask) -> None:
    assert Scene().refuses(ANN, what).reason is Reason.NOT_FOUND


# Who answers has the ticket (F23).


def test_a_reply_takes_the_ticket_before_it_is_said() -> None:
    scene = Scene().open()
    assigned, message = scene.does(ANN, saying())
    assert assigned.body.kind == "assigned"
    assert message.body.kind == "msg"
    assert scene.state.assignee == "ann"
    assert scene.kinds(ANN, saying()) == ["msg"]
    assert scene.kinds(BEN, saying()) == ["assigned", "msg"]
    assert scene.state.assignee == "ben"


def test_notes_and_the_shopper_take_nothing() -> None:
    scene = Scene().open()
    assert scene.kinds(ANN, noting()) == ["note"]
    assert scene.kinds(SHOPPER, saying()) == ["msg"]
    assert scene.state.assignee is None


def test_a_site_may_leave_the_ticket_with_its_owner() -> None:
    scene = Scene(rules(assignment=AssignmentSettings("if_unassigned"))).open()
    assert scene.kinds(ANN, saying()) == ["assigned", "msg"]
    assert scene.kinds(BEN, saying()) == ["msg"]
    assert scene.state.assignee == "ann"


def test_a_site_may_let_the_owner_alone_reply() -> None:
    scene = Scene(rules(assignment=AssignmentSettings("forbid_others"))).open()
    scene.does(ANN, saying())
    refused = scene.refuses(BEN, saying())
    assert (refused.reason, refused.holder) == (Reason.CONFLICT, "ann")
    assert scene.kinds(BEN, noting()) == ["note"]


# Repeats (F8).


def test_the_same_id_makes_no_second_event() -> None:
    scene = Scene()
    scene.ask(SHOPPER, starting(), "a")
    seq = scene.state.seq
    for what in (starting(), saying("other"), ending(), saying("")):
        assert scene.ask(SHOPPER, what, "a") == Repeated(seq)
    assert scene.state.seq == seq


def test_ids_are_each_persons_own() -> None:
    scene = Scene().open()
    assert isinstance(scene.ask(SHOPPER, saying(), "a"), tuple)
    assert isinstance(scene.ask(ANN, saying(), "a"), tuple)
    assert isinstance(scene.ask(BEN, saying(), "a"), tuple)


def test_a_repeat_is_known_after_the_end() -> None:
    scene = Scene().open()
    scene.ask(SHOPPER, saying(), "a")
    scene.ask(SHOPPER, ending(), "b")
    assert scene.ask(SHOPPER, saying(), "a") == Repeated(Seq(5))
    assert scene.ask(SHOPPER, ending(), "b") == Repeated(Seq(6))


def test_what_was_refused_or_changed_nothing_is_judged_anew() -> None:
    scene = Scene().open()
    assert isinstance(scene.ask(ANN, saying(""), "a"), Refused)
    assert scene.ask(ANN, waking(), "a") == Unchanged()
    assert isinstance(scene.ask(ANN, saying(), "a"), tuple)


# The end (F14, F15).


@pytest.mark.parametrize(("who", "reason"), [(SHOPPER, "shopper"), (ANN, "agent")])
def test_anyone_who_takes_part_may_end_it(who: str, reason: str) -> None:
    scene = Scene().open()
    (closed,) = scene.does(Person(who), ending())
    assert isinstance(closed.body, Closed)
    assert closed.body.reason == reason
    assert scene.state.status == "closed"
    assert scene.state.closed_at == scene.now


def test_a_second_end_has_nothing_left_to_do() -> None:
    scene = Scene().open()
    scene.does(SHOPPER, ending())
    assert scene.ask(ANN, ending()) == Unchanged(already=True)


@pytest.mark.parametrize("what", [*WRITES.values(), starting()])
def test_a_closed_chat_refuses_everything(what: Ask) -> None:
    scene = Scene().open()
    scene.does(SHOPPER, ending())
    opens = what("", SHOPPER, SITE, NOON).__class__ is Start
    who = SHOPPER if opens else ANN
    assert scene.refuses(who, what).reason is Reason.CHAT_CLOSED


def test_who_talks_to_a_closed_chat_hears_that_a_new_one_is_the_way() -> None:
    scene = Scene().open()
    scene.does(ANN, ending())
    assert scene.refuses(SHOPPER, saying()).start_new


# How much fits (F57).


def full_scene() -> Scene:
    scene = Scene().open()
    scene.state.seq = Seq(CHAT_EVENTS - RESERVED)
    return scene


@pytest.mark.parametrize("what", WRITES)
def test_a_full_chat_takes_no_more_writes(what: str) -> None:
    scene = full_scene()
    if what == "wake":
        scene.state.status = "snoozed"
    refused = scene.refuses(ANN, WRITES[what])
    assert (refused.reason, refused.limit) == (Reason.TOO_BIG, CHAT_EVENTS)


def test_one_place_before_it_is_full_a_chat_still_takes_a_message() -> None:
    scene = full_scene()
    scene.state.seq = Seq(scene.state.seq - 1)
    assert scene.kinds(SHOPPER, saying()) == ["msg"]
    assert scene.refuses(SHOPPER, saying()).reason is Reason.TOO_BIG


def test_a_full_chat_can_end_and_moves_its_cursors_without_events() -> None:
    scene = full_scene()
    scene.ask(ANN, reading(4))
    assert scene.write_cursors() == []
    assert scene.moving["agent:ann"].read == 4
    assert scene.wait(3600) == []
    assert scene.kinds(SHOPPER, ending()) == ["closed"]


def test_a_full_chat_that_sleeps_is_woken_by_its_alarm_alone() -> None:
    scene = Scene().open()
    scene.does(ANN, snoozing(Millis(scene.now + 60_000)))
    scene.state.seq = Seq(CHAT_EVENTS - RESERVED)
    assert scene.wait(3600) == ["status"]


def test_commands_carry_what_a_start_and_a_note_need() -> None:
    # Both are made positionally on the hot path: their order is part of the contract.
    start = Start("i", SHOPPER, SITE, Scene().now, CHAT, "sue", "hi")
    assert (start.chat, start.profile, start.text) == (CHAT, "sue", "hi")
    assert Note("i", ANN, SITE, Scene().now, "psst").text == "psst"


def test_how_much_fits_is_for_the_broker_to_say() -> None:
    scene = Scene(Rules(limits=ChatLimits(text_bytes=10, chat_events=30))).open()
    assert scene.refuses(SHOPPER, saying("ąąąąąą")).limit == 10
    while scene.state.seq < 30 - RESERVED:
        assert scene.kinds(SHOPPER, saying("ąąąąą")) == ["msg"]
    assert scene.refuses(SHOPPER, saying("no")).limit == 30
