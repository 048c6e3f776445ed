"""Mail to the team and to shoppers, hours of it in virtual time (F38, F39)."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import msgspec
import pytest
import trio

from actors.person import Facts
from actors.settings.document import Settings
from actors.settings.outward import EmailSettings
from broker.office.agents import change_agent
from broker.office.people import put_facts
from broker.office.requests import ChangeAgent, Denied, Wish
from broker.outward.delivery import Failed, Sent
from broker.outward.mail.letters import Letter
from storage import outgoing
from storage.outgoing import Delivery
from tests.system.client import Client
from tests.system.shop import Shop, in_memory

pytestmark = pytest.mark.usefixtures("virtual_time")

TEAM, BOSS = "team@shop.example", "boss@shop.example"
HERS = "sara@mail.example"


class Postbox:
    """A mail server that does as it is told."""

    def __init__(self) -> None:
        self.tried: list[Letter] = []
        self.sent: list[tuple[float, Letter]] = []
        self.answer: Callable[[Letter], Sent | Failed] = lambda _letter: Sent()
        self.takes = 0.0

    async def send(self, letter: Letter) -> Sent | Failed:
        self.tried.append(letter)
        await trio.sleep(self.takes)
        outcome = self.answer(letter)
        if isinstance(outcome, Sent):
            self.sent.append((trio.current_time(), letter))
        return outcome

    async def close(self) -> None:
        pass

    @property
    def subjects(self) -> list[str]:
        return [str(letter.message["Subject"]) for _, letter in self.sent]


def down(_letter: Letter) -> Sent | Failed:
    return Failed("the mail server cannot be reached")


async def furnish(shop: Shop, **email: object) -> Postbox:
    """Have mail be sent by these settings; return where to."""
    postbox = shop.broker.outward.mail.sender.made = Postbox()
    settings = msgspec.convert({"notify": (TEAM,)} | email, EmailSettings)
    await shop.settle(Settings(email=settings))
    return postbox


async def started(shop: Shop, sub: str, text: str = "Where is my order?") -> str:
    sara = await shop.shopper(sub)
    chat: str = (await sara.ask("chat.start", text=text))["chat"]
    await sara.cut()
    return chat


async def wish(shop: Shop, agent: str, *notify: Wish) -> None:
    await shop.hire(agent)
    ask = ChangeAgent(id=agent, notify=notify)
    assert not isinstance(await change_agent(shop.broker, ask), Denied)


async def left(shop: Shop) -> list[Delivery]:
    return await shop.broker.query(partial(outgoing.waiting, limit=100))


def text_of(letter: Letter) -> str:
    part = letter.message.get_body(("plain",))
    assert part is not None
    text: str = part.get_content()
    return text


# To the team.


async def test_a_new_ticket_is_mailed_once_with_name_words_and_link(
    quick_shop: Shop,
) -> None:
    postbox = await furnish(quick_shop, notify=(TEAM, BOSS))
    await put_facts(quick_shop.broker, "default", "sara", Facts(name="Sara Nowak"))
    sara = await quick_shop.shopper()
    chat = (await sara.ask("chat.start", text="Where is my order?"))["chat"]
    for number in range(5):
        await sara.ask("msg.send", chat=chat, text=f"more {number}")
    await trio.sleep(3600)
    assert sorted(letter.to for _, letter in postbox.sent) == [BOSS, TEAM]
    assert postbox.sent[0][0] < 2
    letter = postbox.sent[0][1]
    assert letter.message["Subject"] == "Sara Nowak is waiting for an answer"
    assert "> Where is my order?" in text_of(letter)
    assert f"/desk/#/all/open/{chat}" in text_of(letter)
    assert "more 1" not in text_of(letter)
    assert await left(quick_shop) == []


async def test_many_new_tickets_in_a_minute_come_as_one_digest(
    quick_shop: Shop,
) -> None:
    postbox = await furnish(quick_shop, digest_after=2)
    for number in range(7):
        await started(quick_shop, f"s{number}", f"question {number}")
    await trio.sleep(30)
    assert len(postbox.sent) == 2
    await trio.sleep(60)
    assert len(postbox.sent) == 3
    letter = postbox.sent[2][1]
    assert letter.message["Subject"] == "5 conversations are waiting for an answer"
    for number in range(2, 7):
        assert f"> question {number}" in text_of(letter)
    await trio.sleep(600)
    assert len(postbox.sent) == 3
    assert await left(quick_shop) == []
    await started(quick_shop, "later")
    await trio.sleep(10)
    assert len(postbox.sent) == 4


async def test_mail_that_is_down_for_an_hour_arrives_later_and_delays_no_chat(
    quick_shop: Shop,
) -> None:
    postbox = await furnish(quick_shop)
    postbox.answer, postbox.takes = down, 30.0
    sara = await quick_shop.shopper()
    chat = (await sara.ask("chat.start", text="hello"))["chat"]
    for number in range(60):
        began = trio.current_time()
        assert (await sara.ask("msg.send", chat=chat, text=str(number)))["t"] == "ok"
        assert trio.current_time() == began
        await trio.sleep(60)
    assert postbox.sent == []
    tries = len(postbox.tried)
    assert 3 <= tries <= 8
    (waits,) = await left(quick_shop)
    assert (waits.state, waits.kind) == ("pending", "mail")
    postbox.answer = lambda _letter: Sent()
    await trio.sleep(3700)
    assert len(postbox.sent) == 1
    names = {str(letter.message["Message-ID"]) for letter in postbox.tried}
    assert len(names) == 1, "a repeat is known by it"


async def test_a_mail_that_nobody_takes_is_kept_for_people_to_see(
    quick_shop: Shop,
) -> None:
    postbox = await furnish(quick_shop)
    postbox.answer = lambda _letter: Failed("the mail server answered 550", final=True)
    await started(quick_shop, "sara")
    await trio.sleep(60)
    (dead,) = await left(quick_shop)
    assert (dead.state, dead.error) == ("dead", "the mail server answered 550")
    (mail,) = [c for c in quick_shop.broker.outward.carriers if c.kind == "mail"]
    assert mail.counts.dead == 1
    assert "order" not in dead.payload


async def test_nothing_of_what_was_said_is_mailed_if_the_shop_wants_that(
    quick_shop: Shop,
) -> None:
    postbox = await furnish(quick_shop, without_text=True)
    await started(quick_shop, "sara", "a secret")
    await trio.sleep(10)
    ((_, letter),) = postbox.sent
    assert "secret" not in str(letter.message)


async def test_a_shop_that_names_nobody_mails_nobody(quick_shop: Shop) -> None:
    postbox = await furnish(quick_shop, notify=())
    await started(quick_shop, "sara")
    await trio.sleep(100)
    assert postbox.tried == []


# To one agent.


async def test_agents_are_mailed_of_what_they_want_and_no_more(
    quick_shop: Shop,
) -> None:
    postbox = await furnish(quick_shop, notify=())
    await wish(quick_shop, "ann", "new", "new")
    await wish(quick_shop, "ben", "assigned", "mine")
    await quick_shop.hire("eve")
    boss = await quick_shop.agent("boss", "admin")
    sara = await quick_shop.shopper()
    chat = (await sara.ask("chat.start", text="Hello?"))["chat"]
    await trio.sleep(10)
    await boss.ask("ticket.assign", chat=chat, to="ben", force=True)
    await trio.sleep(10)
    for text in ("one", "two", "three"):
        await sara.ask("msg.send", chat=chat, text=text)
    await trio.sleep(100)
    to = [letter.to.partition(".")[0] for _, letter in postbox.sent]
    assert to == ["ann", "ben", "ben"]
    assert text_of(postbox.sent[2][1]).count("> ") == 4, "all four in one mail"
    await sara.ask("msg.send", chat=chat, text="four")
    ben = await quick_shop.agent("ben")
    await trio.sleep(100)
    assert len(postbox.sent) == 3, "who is there needs no mail"
    await ben.ask("read", chat=chat, seq=8)
    await trio.sleep(5)
    assert await left(quick_shop) == []


# To the shopper.


async def answered(shop: Shop) -> tuple[Client, str]:
    """Return an agent who has answered one who had gone, and the chat."""
    facts = Facts(name="Sara", email=HERS, consents={"email": True})
    await put_facts(shop.broker, "default", "sara", facts)
    chat = await started(shop, "sara")
    ann = await shop.agent()
    await ann.ask("msg.send", chat=chat, text="It is on its way.")
    return ann, chat


async def test_an_answer_that_was_not_seen_is_mailed_once_and_then_newer_ones(
    quick_shop: Shop,
) -> None:
    postbox = await furnish(quick_shop, notify=())
    ann, chat = await answered(quick_shop)
    await trio.sleep(300)
    await ann.ask("msg.send", chat=chat, text="Here is the number.")
    await ann.ask("note.add", chat=chat, text="between us")
    await trio.sleep(290)
    assert postbox.tried == []
    await trio.sleep(20)
    ((at, letter),) = postbox.sent
    assert letter.to == HERS
    assert round(at) == 600
    body = text_of(letter)
    assert "> It is on its way." in body
    assert "> Here is the number." in body
    assert "Ann:" in body
    assert "between us" not in str(letter.message)
    await trio.sleep(3600)
    assert len(postbox.sent) == 1
    await ann.ask("msg.send", chat=chat, text="Has it come?")
    await trio.sleep(700)
    assert len(postbox.sent) == 2
    assert "Has it come?" in text_of(postbox.sent[1][1])
    assert "on its way" not in text_of(postbox.sent[1][1])
    assert await left(quick_shop) == []
    ticket = (await ann.ask("chat.open", chat=chat))["ticket"]
    assert ticket["status"] == "open"


async def test_what_was_read_is_not_mailed(quick_shop: Shop) -> None:
    postbox = await furnish(quick_shop, notify=())
    _, chat = await answered(quick_shop)
    await trio.sleep(60)
    sara = await quick_shop.shopper()
    head = (await sara.ask("chat.open", chat=chat))["head"]
    await sara.ask("read", chat=chat, seq=head)
    await trio.sleep(5)
    await sara.cut()
    await trio.sleep(3600)
    assert postbox.tried == []
    assert await left(quick_shop) == []


async def test_one_who_is_there_is_mailed_only_once_they_have_gone(
    quick_shop: Shop,
) -> None:
    postbox = await furnish(quick_shop, notify=())
    await answered(quick_shop)
    sara = await quick_shop.shopper()
    await trio.sleep(3600)
    assert postbox.tried == []
    await sara.cut()
    await trio.sleep(120)
    assert len(postbox.sent) == 1


@pytest.mark.parametrize(
    "facts",
    [
        Facts(email=HERS),
        Facts(email=HERS, consents={"email": False}),
        Facts(consents={"email": True}),
    ],
)
async def test_who_has_not_agreed_or_has_no_address_is_not_mailed(
    quick_shop: Shop, facts: Facts
) -> None:
    postbox = await furnish(quick_shop, notify=())
    ann, chat = await answered(quick_shop)
    await put_facts(quick_shop.broker, "default", "sara", facts)
    await ann.ask("msg.send", chat=chat, text="more")
    await trio.sleep(3600)
    assert postbox.tried == []
    assert await left(quick_shop) == []


async def test_a_mail_is_owed_across_a_restart(tmp_path: Path) -> None:
    async with in_memory(tmp_path) as shop:
        await furnish(shop)
        await answered(shop)
    async with in_memory(tmp_path) as shop:
        postbox = shop.broker.outward.mail.sender.made = Postbox()
        await trio.sleep(300)
        assert len(postbox.sent) <= 1, "of the ticket, unless that has left"
        await trio.sleep(400)
        assert [letter.to for _, letter in postbox.sent][-1] == HERS
        assert await left(shop) == []
