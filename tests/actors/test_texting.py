"""Tickets of SMS: what may be said there, and what comes after it (F15, F21)."""

import msgspec
import pytest

from actors import codec
from actors.cells.ports import Accepted
from actors.cells.texter import Text
from actors.chat.commands import Say
from actors.chat.events import Assigned, Event, Opened, Said, StatusChanged, Texted
from actors.chat.outcomes import Repeated, Unchanged
from actors.chat.state import ChatState
from actors.chat.texting import report_id
from actors.ids import SYSTEM, ChatId, Person, Seq
from actors.refusals import Reason, Refused
from actors.settings.document import Settings
from actors.settings.outward import SmsSettings
from actors.settings.rules import Rules
from actors.settings.storefront import ChatSettings, LegalSettings
from storage import numbers, outgoing
from storage.outgoing import Delivery
from tests.actors.client import Client
from tests.actors.scene import (
    ANN,
    CHAT,
    NOON,
    SHOPPER,
    SITE,
    STRANGER,
    Ask,
    Scene,
    ending,
    noting,
    reading,
    reporting,
    saying,
    snoozing,
    starting,
    texting,
)
from tests.actors.world import World
from tests.faults.tables import read_only_table

REOPENING = Rules(settings=Settings(sms=SmsSettings(reopen="reopen")))
HERS, HIS = "+48600100200", "+48600100300"


# The rules.


def texted(by: Rules | None = None) -> Scene:
    scene = Scene(by)
    scene.does(SHOPPER, texting())
    return scene


def test_a_text_opens_a_ticket_without_what_a_tab_would_show() -> None:
    settings = Settings(
        chat=ChatSettings(enabled=False),
        legal=LegalSettings(terms_url="https://shop/terms", ack_required=True),
    )
    scene = texted(Rules(settings=settings))
    assert [event.body for event in scene.events] == [
        Opened(CHAT, SITE, "sue", "sms"),
        Said("hello"),
    ]
    assert scene.state.channel == "sms"


def test_who_signs_in_to_the_shop_does_not_reach_its_texts() -> None:
    scene = texted()
    for asked in (saying(), ending(), reading(1), starting()):
        assert scene.refuses(SHOPPER, asked).reason is Reason.NOT_FOUND
    assert scene.refuses(STRANGER, texting()).reason is Reason.NOT_FOUND
    chat = Scene().open()
    assert chat.refuses(SHOPPER, texting()).reason is Reason.NOT_FOUND


def test_an_answer_has_as_many_characters_as_providers_take() -> None:
    scene = texted()
    refused = scene.refuses(ANN, saying("x" * 1601))
    assert (refused.reason, refused.limit) == (Reason.TOO_BIG, 1600)
    assert refused.path == "$.text"
    assert scene.kinds(ANN, saying("ż" * 1600)) == ["assigned", "msg"]
    # Notes do not leave.
    assert scene.kinds(ANN, noting("x" * 1601)) == ["note"]


@pytest.mark.parametrize("known", [None, frozenset({"b"})])
def test_pictures_are_refused_before_anybody_looks_for_them(
    known: frozenset[str] | None,
) -> None:
    def showing(id_: str, by: Person, site: str, at: int) -> Say:
        del site, at
        return Say(id_, by, SITE, NOON, "look", ("b",), known=known)

    assert texted().refuses(ANN, showing).reason is Reason.BAD_BLOB


def test_a_text_wakes_its_ticket() -> None:
    scene = texted()
    scene.does(ANN, snoozing())
    assert scene.kinds(SHOPPER, texting("again")) == ["status", "msg"]
    assert scene.state.status == "open"


def test_a_closed_ticket_stays_closed_unless_the_shop_wants_it_back() -> None:
    for rules, comes in ((None, None), (REOPENING, ["status", "msg"])):
        scene = texted(rules)
        scene.does(ANN, ending())
        if comes is None:
            refused = scene.refuses(SHOPPER, texting("again"))
            assert (refused.reason, refused.start_new) == (Reason.CHAT_CLOSED, True)
            continue
        assert scene.kinds(SHOPPER, texting("again")) == comes
        assert scene.events[-2].body == StatusChanged("closed", "open", None, "reply")
        assert (scene.state.status, scene.state.closed_at) == ("open", None)
        assert scene.deadline() is not None, "somebody waits again"


def test_no_setting_brings_back_a_chat() -> None:
    scene = Scene(REOPENING).open()
    scene.does(SHOPPER, ending())
    assert scene.refuses(SHOPPER, starting()).reason is Reason.CHAT_CLOSED


def test_what_became_of_a_message_is_journaled_once_and_failure_is_the_last_word() -> (
    None
):
    scene = texted()
    scene.does(ANN, saying())
    sent, failed = report_id(Seq(4), "sent"), report_id(Seq(4), "failed")
    assert scene.ask(SYSTEM, reporting(4), sent) == (
        Event(SYSTEM, scene.now, Texted("sent", Seq(4)), sent),
    )
    assert isinstance(scene.ask(SYSTEM, reporting(4), sent), Repeated)
    scene.does(ANN, ending())
    outcome = scene.ask(SYSTEM, reporting(4, "error 30003"), failed)
    assert isinstance(outcome, tuple)
    assert scene.state.status == "closed"
    early = texted()
    early.does(ANN, saying())
    early.ask(SYSTEM, reporting(4, "error 30003"), failed)
    assert early.ask(SYSTEM, reporting(4), sent) == Unchanged()


# The actor of a number.


class Phone:
    """Somebody with a telephone; a caller for each message."""

    def __init__(self, world: World, number: str = HERS) -> None:
        self.world = world
        self.number = number
        self.caller = Client(world, Person("nobody"))

    def send(self, text: str, id_: str) -> None:
        self.world.texters.tell(f"{SITE}/{self.number}", Text(id_, text, self.caller))

    def texts(self, text: str = "hello", id_: str = "sms:1") -> Accepted:
        self.send(text, id_)
        self.world.turn()
        answer = self.caller.answers[id_][-1]
        assert isinstance(answer, Accepted), answer
        return answer


def waiting(world: World) -> list[Delivery]:
    return world.read(lambda db: outgoing.waiting(db, 100))


def test_a_number_nobody_knows_makes_a_person_and_a_ticket(world: World) -> None:
    answer = Phone(world).texts()
    assert world.kinds(answer.chat) == ["opened", "msg"]
    profile = world.read(lambda db: numbers.profile(db, SITE, HERS))
    assert profile is not None
    assert (profile.phone, profile.sub) == (HERS, None)
    assert world.cell(answer.chat).state.profile == profile.id
    assert world.texters.get(f"{SITE}/{HERS}") is None, "it rests"


def test_a_person_is_known_by_the_number_however_it_is_written(world: World) -> None:
    sue = world.client()
    sue.arrive("sue", name="Sue", phone="+48 (600) 100-200")
    sue.begin()
    world.turn()
    answer = Phone(world).texts()
    assert sue.profile is not None
    assert world.cell(answer.chat).state.profile == sue.profile.id
    # One person, two tickets; each by itself.
    rows = world.read(
        lambda db: db.execute(
            "SELECT channel FROM ticket WHERE status = 'open' ORDER BY channel"
        ).fetchall()
    )
    assert rows == [("chat",), ("sms",)]
    chat = world.ids.chat()
    assert answer.chat != chat
    assert world.client(ANN).gets(answer.chat, ending()).seq
    sue.arrive("sue")
    assert sue.chat is not None, "the chat goes on"


def test_messages_of_one_number_are_one_ticket_however_fast_they_come(
    world: World,
) -> None:
    phone = Phone(world)
    for number in range(20):
        phone.send(str(number), f"sms:{number}")
    world.turn()
    chats = {a.chat for all_ in phone.caller.answers.values() for a in granted(all_)}
    assert len(chats) == 1
    said = [e.body for e in world.events(chats.pop()) if isinstance(e.body, Said)]
    assert [body.text for body in said] == [str(n) for n in range(20)]


def granted(answers: list[Accepted | Refused]) -> list[Accepted]:
    assert all(isinstance(answer, Accepted) for answer in answers), answers
    return [answer for answer in answers if isinstance(answer, Accepted)]


def test_the_providers_id_stands_for_one_message_for_life(world: World) -> None:
    phone = Phone(world)
    first = phone.texts()
    world.restart(kill=True)
    again = phone.texts()
    assert again == msgspec.structs.replace(first, dup=True)
    world.client(ANN).gets(first.chat, ending())
    assert phone.texts().chat == first.chat, "also when that is long over"
    differs = Phone(world, HIS).texts("other words")
    assert (differs.chat, differs.dup, differs.body_differs) == (first.chat, True, True)


def test_after_the_end_a_text_begins_anew_or_takes_up_the_old(world: World) -> None:
    phone, ann = Phone(world), world.client(ANN)
    first = phone.texts().chat
    ann.gets(first, ending())
    second = phone.texts("me again", "sms:2").chat
    assert second != first
    assert world.cell(second).state.previous == first
    ann.gets(second, ending())
    world.rules = REOPENING
    assert phone.texts("and again", "sms:3").chat == second
    assert world.cell(second).state.status == "open"


@pytest.mark.parametrize("table", ["profile", "texting", "event", "start"])
def test_what_cannot_be_kept_is_refused_and_the_same_message_may_come_again(
    world: World, table: str
) -> None:
    phone = Phone(world)
    with read_only_table(world.path, table):
        phone.send("hello", "sms:1")
        world.turn()
    assert phone.caller.answers["sms:1"] == [Refused(Reason.UNAVAILABLE)]
    assert phone.texts().dup is False
    count = "SELECT count(*) FROM ticket"
    assert world.read(lambda db: db.execute(count).fetchone()) == (1,)


def test_nobody_hears_an_agent_type(world: World) -> None:
    chat = Phone(world).texts().chat
    world.sign(chat, ANN)
    world.turn()
    assert world.room.signals == []


def test_other_agents_hear_an_agent_view(world: World) -> None:
    chat = Phone(world).texts().chat
    world.sign(chat, ANN, what="viewing")
    world.sign(chat, ANN)
    world.turn()
    assert world.room.signals == [(ANN, True, True)]


# What leaves.


def said_by(world: World, who: Person, chat: ChatId, what: Ask) -> Accepted:
    return world.client(who).gets(chat, what)


def test_what_is_said_leaves_in_the_commit_that_says_it(world: World) -> None:
    phone = Phone(world)
    chat = phone.texts().chat
    assert waiting(world) == []
    answer = said_by(world, ANN, chat, saying("we are"))
    said_by(world, ANN, chat, noting("psst"))
    said_by(world, ANN, chat, saying("on it"))
    first, second = waiting(world)
    stream = world.cell(chat)._stream
    assert first.key == f"{stream}-{answer.seq}"
    assert msgspec.json.decode(first.payload) == {"stream": stream, "seq": answer.seq}
    assert first.line == second.line
    assert world.room.left == 2
    assert "we are" not in str(first), "texts stand in the journal, and nowhere else"


def test_of_a_chat_nothing_leaves(world: World) -> None:
    chat = world.open(world.client())
    said_by(world, ANN, chat, saying())
    assert waiting(world) == []


def test_an_answer_that_could_not_leave_is_not_said(world: World) -> None:
    chat = Phone(world).texts().chat
    ann = world.client(ANN)
    with read_only_table(world.path, "outgoing"):
        assert ann.fails(chat, saying("no")).reason is Reason.UNAVAILABLE
    assert waiting(world) == []
    assert world.room.left == 0


def test_a_shop_that_speaks_by_itself_speaks_by_sms(world: World) -> None:
    check_in = msgspec.structs.replace(Settings().check_in, auto_s=200)
    world.rules = Rules(settings=Settings(check_in=check_in))
    Phone(world).texts()
    world.wait(250)
    assert len(waiting(world)) == 1


def test_replay_of_a_ticket_that_came_back_is_its_state(world: World) -> None:
    world.rules = REOPENING
    phone, ann = Phone(world), world.client(ANN)
    chat = phone.texts().chat
    ann.gets(chat, saying())
    ann.gets(chat, ending())
    phone.texts("again", "sms:2")
    state = codec.fold(ChatState(), world.records(chat))
    assert state == world.cell(chat).state
    assert [type(e.body) for e in world.events(chat)].count(Assigned) == 1
