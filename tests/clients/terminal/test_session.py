"""A terminal and its network: what is typed is said once, in order."""

import pytest
import trio
import trio.testing

from actors.ids import ChatId, Person, Seq
from broker.wire.frames import Eph
from clients.terminal.session import Conversation
from tests.clients.served import OTHER, linked, serving
from tests.clients.terminal.typing import Terminal

C = ChatId("c")
SARA = Person("shopper:p")

pytestmark = pytest.mark.usefixtures("virtual_time")


async def settled() -> None:
    """Wait until every wait for a new connection is over."""
    await trio.sleep(120)
    await trio.testing.wait_all_tasks_blocked()


async def test_what_is_typed_without_a_connection_waits_in_order() -> None:
    terminal = Terminal()
    async with serving("agent:ann") as served:
        served.broker.write(C, "opened", {"profile": "p"}, SARA)
        async with terminal.talking(served, C):
            served.down = True
            served.cut()
            await trio.testing.wait_all_tasks_blocked()
            for line in ("one", "/note two", "three"):
                await terminal.types(line)
            waits = [line for line in terminal.written if "waits for the con" in line]
            assert len(waits) == 3
            served.down = False
            await settled()
            kept = served.broker.chats[C].events[1:]
            assert [each.body["text"] for each in kept] == ["one", "two", "three"]
            assert any("connected again" in line for line in terminal.written)
            assert terminal.said()[-3:] == [
                "you: one",
                "- note: two (you)",
                "you: three",
            ]


async def test_an_answer_that_was_lost_makes_no_second_message() -> None:
    terminal = Terminal()
    async with serving("agent:ann") as served:
        served.broker.write(C, "opened", {"profile": "p"}, SARA)
        async with terminal.talking(served, C):
            lost: list[bytes] = []

            def loses(frame: bytes) -> bool:
                if b'"seq":2' in frame and not lost:
                    lost.append(frame)
                    return True
                return False

            served.loses = loses
            await terminal.types("Only once")
            await settled()
            assert lost
            texts = [each.body.get("text") for each in served.broker.chats[C].events]
            assert texts == [None, "Only once"]
            assert terminal.said().count("you: Only once") == 1


async def test_who_leaves_without_a_network_hears_what_was_not_sent() -> None:
    terminal = Terminal()
    async with serving("agent:ann") as served:
        served.broker.write(C, "opened", {"profile": "p"}, SARA)
        async with terminal.talking(served, C):
            served.down = True
            served.cut()
            await terminal.types("lost")
            await terminal.types("/q")
            await terminal.left.wait()
            assert "1 lines may not have been sent" in terminal.written[-1]


async def test_leaving_waits_for_what_is_under_way() -> None:
    terminal = Terminal()
    async with serving("agent:ann") as served:
        served.broker.write(C, "opened", {"profile": "p"}, SARA)
        async with terminal.talking(served, C):
            for line in ("one", "two", "/quit"):
                await terminal.typed.send(line)
            await terminal.left.wait()
            assert len(served.broker.chats[C].events) == 3


async def test_a_chat_opened_again_is_shown_again_and_followed_once() -> None:
    terminal = Terminal()
    async with serving("agent:ann") as served:
        served.broker.write(C, "opened", {"profile": "p"}, SARA)
        async with terminal.talking(served, C):
            await terminal.types(f"/open {C}")
            await served.writes(C, "Hello", SARA)
            await trio.testing.wait_all_tasks_blocked()
            assert terminal.said().count("Sara: Hello") == 1


async def test_of_a_long_chat_the_end_is_shown_and_the_rest_on_demand() -> None:
    terminal = Terminal()
    async with serving("agent:ann") as served:
        served.broker.write(C, "opened", {"profile": "p"}, SARA)
        for number in range(60):
            served.broker.write(C, "msg", {"text": f"no {number}"}, SARA)
        async with terminal.talking(served, C):
            assert "Sara: no 20" in terminal.said()
            assert "Sara: no 19" not in terminal.said()
            await terminal.types("/earlier")
            assert "Sara: no 0" in terminal.said()
            assert terminal.said().count("Sara: no 19") == 1
            await terminal.types("/earlier")
            assert "that was the beginning" in terminal.written[-1]


async def test_a_server_that_was_set_back_shows_the_chat_anew() -> None:
    terminal = Terminal()
    async with serving("agent:ann") as served:
        served.broker.write(C, "opened", {"profile": "p"}, SARA)
        served.broker.write(C, "msg", {"text": "Hi"}, SARA)
        async with terminal.talking(served, C):
            served.broker.restore(1)
            served.cut()
            await settled()
            assert any("was set back" in line for line in terminal.written)
            assert terminal.said().count("- the chat begins (Sara)") == 2


async def test_who_looks_and_types_is_seen() -> None:
    terminal = Terminal()
    async with serving("agent:ann") as served:
        served.broker.write(C, "opened", {"profile": "p"}, SARA)
        async with terminal.talking(served, C):
            await served.says(Eph(C, "viewing", OTHER, on=True))
            await trio.testing.wait_all_tasks_blocked()
            await terminal.types("/who")
            assert "looking at this chat: other" in terminal.written[-1]
            await served.says(Eph(C, "viewing", OTHER, on=False))
            await trio.testing.wait_all_tasks_blocked()
            await terminal.types("/who")
            assert "nobody" in terminal.written[-1]
            heard = b"".join(served.heard).count(b'"op":"view"')
            await trio.sleep(25)
            assert b"".join(served.heard).count(b'"op":"view"') == heard + 2


async def test_what_is_on_the_screen_is_read_when_something_is_said() -> None:
    terminal = Terminal()
    async with serving("agent:ann") as served:
        served.broker.write(C, "opened", {"profile": "p"}, SARA)
        async with terminal.talking(served, C):
            seq = await served.writes(C, "Hello?", SARA)
            await trio.sleep(2)
            cursor = f'"chat":"c","seq":{seq}'.encode()
            assert not [f for f in served.heard if b'"read"' in f and cursor in f]
            await terminal.types("Hello!")
            await trio.sleep(2)
            assert seq == Seq(2)
            assert [f for f in served.heard if b'"read"' in f]


async def test_the_line_says_where_it_goes_and_that_it_is_typed() -> None:
    async with serving("agent:ann") as served, linked(served) as link:
        served.broker.write(C, "opened", {"profile": "p"}, SARA)
        conversation = Conversation(link, lambda _: None)
        assert conversation.prompt() == "no chat> "
        await conversation.begin(C)
        assert conversation.prompt() == "Sara> "
        assert conversation.names("sn") == ["snooze"]
        for text in ("/snooze 1h", "", "H", "He", "/note x"):
            conversation.typing(text)
        await trio.testing.wait_all_tasks_blocked()
        # One sign for seconds of typing, and none for commands.
        assert b"".join(served.heard).count(b'"op":"typing"') == 1
