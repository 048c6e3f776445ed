from base64 import urlsafe_b64encode
from itertools import pairwise
from random import Random

import pytest
import trio
import trio.testing

from actors.ids import ChatId, Seq
from broker.wire.codec import JSON
from broker.wire.errors import Close, Code
from broker.wire.frames import Badge, Eph, Live, Push
from broker.wire.happened import Noticed, Resynced
from broker.wire.heard import Event, Greeting
from clients import link as link_module
from clients.line import Cut, LinkClosed, Surroundings
from clients.link import Link, Received, RequestRefused, open_link
from tests.clients.served import OTHER, URL, Served, linked, serving

C = ChatId("c")

pytestmark = pytest.mark.usefixtures("virtual_time")


def chat_in(served: Served, *texts: str) -> ChatId:
    """Put a chat into the journal."""
    served.broker.write(C, "opened", {"profile": "p"}, served.broker.who)
    for text in texts:
        served.broker.write(C, "msg", {"text": text}, OTHER)
    return C


async def next_of(link: Link, kind: type[Received]) -> Received:
    async for received in link:
        if isinstance(received, kind):
            return received
    raise AssertionError


async def texts(link: Link, count: int) -> list[str]:
    """Return what is said in the next `count` messages."""
    said: list[str] = []
    async for received in link:
        if isinstance(received, Event) and received.kind == "msg":
            said.append(received.body["text"])
            if len(said) == count:
                break
    return said


async def test_a_link_is_welcome_when_it_opens_and_says_goodbye() -> None:
    async with serving() as served:
        async with linked(served) as link:
            assert link.connected
            assert (link.who, link.role) == ("shopper:p", "shopper")
            assert link.greeting is not None
            assert link.greeting.server.name == "model"
        assert b'"op":"bye"' in served.heard[-1]
    assert trio.current_time() < 1


async def test_an_answer_is_awaited_where_the_question_was_asked() -> None:
    async with serving() as served, linked(served) as link:
        chat = chat_in(served)
        opened = await link.open_chat(chat)
        assert opened["ticket"]["status"] == "open"
        reply = await link.send(chat, "Hi")
        assert (reply.seq, reply.prev) == (2, 1)
        assert (await link.request("msg.send", chat=chat, text="Ho"))["seq"] == 3
        assert await texts(link, 2) == ["Hi", "Ho"]
        assert link.positions == {chat: 3}


async def test_a_refusal_is_raised_where_the_question_was_asked() -> None:
    async with serving() as served, linked(served) as link:
        with pytest.raises(RequestRefused, match="no such thing") as refused:
            await link.send(C, "Hi")
        assert refused.value.code == Code.NOT_FOUND
        assert refused.value.fields["retry"] is False


async def test_an_error_of_the_owner_comes_out_as_it_is() -> None:
    async with serving() as served:
        with pytest.raises(ZeroDivisionError):
            async with linked(served):
                raise ZeroDivisionError


async def test_a_chat_is_started_and_followed() -> None:
    async with serving() as served, linked(served) as link:
        chat = await link.start_chat("Where is my order?")
        assert await texts(link, 2) == ["Welcome!", "Where is my order?"]
        await served.writes(chat, "On its way")
        assert await texts(link, 1) == ["On its way"]


async def test_after_a_cut_it_comes_back_and_nothing_is_missing_or_twice() -> None:
    async with serving() as served, linked(served) as link:
        chat = chat_in(served, "1")
        await link.open_chat(chat)
        assert await texts(link, 1) == ["1"]
        served.cut()
        served.broker.write(chat, "msg", {"text": "2"}, OTHER)
        assert isinstance(await next_of(link, Cut), Cut)
        assert isinstance(await next_of(link, Greeting), Greeting)
        await served.writes(chat, "3")
        assert await texts(link, 2) == ["2", "3"]
        assert served.hellos == 2


async def test_a_message_whose_answer_is_lost_is_sent_once() -> None:
    async with serving() as served, linked(served) as link:
        chat = chat_in(served)
        await link.open_chat(chat)
        answers = iter([True, False])
        served.loses = lambda frame: b'"t":"ok"' in frame and next(answers, False)
        assert (await link.send(chat, "Hi")).dup
        assert await texts(link, 1) == ["Hi"]
        assert [kept.kind for kept in served.broker.chats[chat].events] == [
            "opened",
            "msg",
        ]


async def test_a_request_waits_for_the_next_connection() -> None:
    async with serving() as served, linked(served) as link:
        chat = chat_in(served)
        served.down = True
        served.cut()
        await next_of(link, Cut)
        assert not link.connected
        async with trio.open_nursery() as nursery:
            nursery.start_soon(link.send, chat, "Hi")
            await trio.sleep(60)
            served.down = False
        assert served.broker.chats[chat].head == 2


async def test_the_waits_grow_to_half_a_minute_and_differ() -> None:
    async with serving() as served, linked(served) as link:
        served.down = True
        served.cut()
        await trio.sleep(400)
        tries = served.opened_at[1:]
        waits = [b - a for a, b in pairwise(tries)]
        assert len(set(waits)) == len(waits)
        assert waits[0] < 1
        assert max(waits) > 10
        assert all(wait <= 30 for wait in waits)
        assert not link.connected


async def test_a_server_that_restarts_says_when_to_come_back() -> None:
    async with serving() as served, linked(served) as link:
        began = trio.current_time()
        await served.closing(Close.RESTARTING, after=7000)
        cut = await next_of(link, Cut)
        assert cut == Cut(1012, "restarting")
        await next_of(link, Greeting)
        assert trio.current_time() - began == pytest.approx(7, abs=0.1)


@pytest.mark.parametrize("code", [Close.AUTH, Close.FORBIDDEN, Close.TOO_MANY])
async def test_after_some_codes_it_stays_away(code: Close) -> None:
    async with serving() as served:
        async with linked(served) as link:
            chat = chat_in(served)
            await link.open_chat(chat)
            await served.closing(code)
            with pytest.raises(LinkClosed) as closed:
                await next_of(link, Greeting)
            assert closed.value.code == code
            with pytest.raises(LinkClosed):
                await link.send(chat, "Hi")
        assert served.hellos == 1


async def test_who_waits_for_an_answer_hears_that_it_will_not_come() -> None:
    async with serving() as served, linked(served) as link:
        chat = chat_in(served)
        served.deaf = True
        async with trio.open_nursery() as nursery:

            async def ask() -> None:
                with pytest.raises(LinkClosed):
                    await link.send(chat, "Hi")

            nursery.start_soon(ask)
            await trio.testing.wait_all_tasks_blocked()
            await served.closing(Close.TOO_MANY)


async def test_a_first_try_that_fails_is_told_at_once() -> None:
    async with serving() as served:
        served.down = True
        with pytest.raises(LinkClosed, match="nobody listens"):
            async with linked(served):
                raise AssertionError
        served.down = False
        served.closes = Close.AUTH
        with pytest.raises(LinkClosed) as closed:
            async with linked(served):
                raise AssertionError
        assert (closed.value.code, closed.value.reason) == (4001, "auth")


async def test_a_first_try_that_is_put_off_is_repeated_when_asked_to() -> None:
    async with serving() as served:
        served.closes, served.closes_for = Close.OVERLOADED, 9000
        began = trio.current_time()
        async with trio.open_nursery() as nursery:

            async def recover() -> None:
                await trio.sleep(20)
                served.closes = None

            nursery.start_soon(recover)
            async with linked(served) as link:
                assert link.connected
        assert served.opened_at == [began, began + 9, began + 18, began + 27]


async def test_a_link_comes_back_to_an_overloaded_server_when_asked_to() -> None:
    async with serving() as served, linked(served) as link:
        served.closes, served.closes_for = Close.OVERLOADED, 4000
        served.cut()
        await next_of(link, Cut)
        assert await next_of(link, Cut) == Cut(1013, "overloaded")
        put_off = served.opened_at[-1]
        served.closes = None
        await next_of(link, Greeting)
        assert served.opened_at[-1] == put_off + 4


@pytest.mark.parametrize(("status", "tries"), [(403, 1), (404, 1), (503, 3)])
async def test_an_upgrade_refused_for_good_is_not_asked_again(
    status: int, tries: int
) -> None:
    async with serving() as served, linked(served) as link:
        served.rejects = status
        served.cut()
        await next_of(link, Cut)
        if tries == 1:
            with pytest.raises(LinkClosed) as closed:
                await next_of(link, Greeting)
            assert (closed.value.code, closed.value.reason) == (status, "no")
        else:
            assert await next_of(link, Cut) == Cut(503, "no")
            served.rejects = None
            await next_of(link, Greeting)


async def test_only_websocket_addresses_will_do() -> None:
    with pytest.raises(ValueError, match="ws://"):
        async with open_link("http://shop.example/ws"):
            raise AssertionError


async def test_a_server_that_does_not_answer_pings_is_left() -> None:
    async with serving() as served, linked(served) as link:
        served.swallow()
        cut = await next_of(link, Cut)
        assert cut == Cut(1006, "no answer")
        assert 44 < trio.current_time() < 46
        await next_of(link, Greeting)


async def test_what_is_refused_for_a_moment_is_sent_again_in_order() -> None:
    async with serving() as served, linked(served) as link:
        chat = chat_in(served)
        await link.open_chat(chat)
        served.broker.unavailable = 2
        async with trio.open_nursery() as nursery:
            for text in "abc":
                nursery.start_soon(link.send, chat, text)
                await trio.testing.wait_all_tasks_blocked()
        assert [kept.body["text"] for kept in served.broker.chats[chat].events[1:]] == [
            "a",
            "b",
            "c",
        ]


async def test_who_stops_waiting_is_forgotten() -> None:
    async with serving() as served, linked(served) as link:
        chat = chat_in(served)
        served.down = True
        served.cut()
        await next_of(link, Cut)
        with trio.move_on_after(5):
            await link.send(chat, "never mind")
        served.down = False
        await next_of(link, Greeting)
        assert (await link.send(chat, "Hi")).seq == 2


async def test_cursors_go_out_once_a_second_with_the_newest() -> None:
    async with serving() as served, linked(served) as link:
        chat = chat_in(served, *"abcdefgh")
        await link.open_chat(chat)
        for seq in range(1, 9):
            link.read(chat, Seq(seq))
            link.got(chat, Seq(seq))
            await trio.sleep(0.3)
        await trio.sleep(3)
        reads = [frame for frame in served.heard if b'"op":"read"' in frame]
        assert 3 <= len(reads) <= 4
        assert b'"seq":8' in reads[-1]


async def test_a_signal_is_sent_if_there_is_a_connection() -> None:
    async with serving("agent:ann") as served, linked(served) as link:
        chat = chat_in(served)
        link.typing(chat)
        link.view(chat)
        await trio.testing.wait_all_tasks_blocked()
        assert b'"op":"typing"' in served.heard[-2]
        assert b'"op":"view"' in served.heard[-1]
        served.down = True
        served.cut()
        await next_of(link, Cut)
        link.typing(chat, on=False)
        served.down = False
        await next_of(link, Greeting)
        assert b'"on":false' not in b"".join(served.heard)


async def test_what_is_no_event_is_passed_on() -> None:
    async with serving() as served, linked(served) as link:
        eph = Eph(C, "typing", OTHER, on=True)
        for frame in (eph, Badge(3), Push("checkin", C), Live(C, Seq(1))):
            await served.says(frame)
        assert [await anext(link) for _ in range(4)] == [
            eph,
            Badge(3),
            Noticed("checkin", {"t": "push", "kind": "checkin", "chat": C}),
            Live(C, Seq(1)),
        ]


async def test_what_is_not_read_stays_in_the_journal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(link_module, "UNREAD", 10)
    async with serving() as served, linked(served) as link:
        chat = chat_in(served)
        await link.open_chat(chat)
        for number in range(50):
            await served.writes(chat, str(number))
            await served.says(Badge(number))
        # Answers still come, so that nobody who both asks and reads gets stuck.
        assert (await link.send(chat, "mine")).seq == 52
        said = await texts(link, 51)
        assert said == [*(str(number) for number in range(50)), "mine"]


async def test_a_server_that_was_set_back_is_read_from_the_start() -> None:
    async with serving() as served, linked(served) as link:
        chat = chat_in(served, "1", "2")
        await link.open_chat(chat)
        assert await texts(link, 2) == ["1", "2"]
        served.broker.restore(2)
        served.cut()
        assert await next_of(link, Resynced) == Resynced(chat)
        assert await texts(link, 1) == ["1"]


async def test_more_requests_than_may_be_under_way_wait_their_turn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(link_module, "UNANSWERED", 2)
    async with serving() as served, linked(served) as link:
        chat = chat_in(served)
        async with trio.open_nursery() as nursery:
            for number in range(20):
                nursery.start_soon(link.send, chat, str(number))
        assert served.broker.chats[chat].head == 21


def jwt(expires: float) -> str:
    def part(fields: dict[str, object]) -> str:
        raw = JSON.unframed.encode(fields)
        return urlsafe_b64encode(raw).decode().rstrip("=")

    return f"{part({'alg': 'HS256'})}.{part({'exp': expires})}.signature"


@pytest.mark.parametrize("asynchronous", [True, False])
async def test_a_token_is_fetched_for_every_connection_and_renewed(
    *, asynchronous: bool
) -> None:
    fetched: list[float] = []

    def fetch() -> str:
        fetched.append(trio.current_time())
        return jwt(trio.current_time() + 100)

    async def fetch_later() -> str:
        await trio.lowlevel.checkpoint()
        return fetch()

    async with serving() as served:
        surroundings = Surroundings(rng=Random(7), open_stream=served.open_stream)
        token = fetch_later if asynchronous else fetch
        async with open_link(
            URL, token=token, subprotocol=JSON.name, surroundings=surroundings
        ) as link:
            await trio.sleep(81)
            assert fetched == [0, 80]
            assert b'"op":"identify"' in served.heard[-1]
            served.cut()
            await next_of(link, Greeting)
            assert len(fetched) == 3


async def test_a_token_that_cannot_be_fetched_is_asked_for_again() -> None:
    fails = iter([False, True, True])

    def fetch() -> str:
        if next(fails, False):
            raise OSError("down")
        return "t"

    async with serving() as served:
        surroundings = Surroundings(rng=Random(7), open_stream=served.open_stream)
        async with open_link(
            URL, token=fetch, subprotocol=JSON.name, surroundings=surroundings
        ) as link:
            served.cut()
            assert await next_of(link, Cut) == Cut(1006, "")
            assert await next_of(link, Cut) == Cut(1006, "down")
            await next_of(link, Greeting)
