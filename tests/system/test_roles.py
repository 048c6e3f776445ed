"""Who may ask for what: every role and every operation, from the broker's own table."""

from typing import get_args

import msgspec
import pytest

from broker.requests import REQUESTS
from broker.wire import frames
from tests.system.client import UNANSWERED, Client, Frame
from tests.system.shop import Shop

ROLES = ("visitor", "shopper", "agent", "admin")
NOBODYS = "06H079PCDM000RKW4VK9G9JKRR"
EXAMPLES: dict[str, Frame] = {
    "chat.history": {"before": 2},
    "chat.start": {"text": "hello"},
    "faq.done": {"helped": True},
    "faq.pick": {"faq": "f1"},
    "got": {"seq": 0},
    "handoff.answer": {"yes": True},
    "inbox.open": {"view": "all"},
    "macro.render": {"macro": "hi"},
    "msg.send": {"text": "hello"},
    "note.add": {"text": "hm"},
    "presence.set": {"state": "online"},
    "rate": {"score": 5},
    "read": {"seq": 0},
    "search": {"q": "hello"},
    "ticket.assign": {"to": None},
    "ticket.snooze": {"preset": "one_week"},
    "ticket.transfer": {"to": None},
    "transfer.answer": {"yes": True},
    "typing": {"on": True},
    "view": {"on": True},
}
"""What an operation needs beside the chat."""


def named(frame: type) -> str:
    """Return the operation of a client's frame."""
    assert issubclass(frame, msgspec.Struct)
    return str(frame.__struct_config__.tag)


OPERATIONS = {named(frame): request for frame, request in REQUESTS.items()}
ELSEWHERE = {"hello", "identify"}
"""Operations of those who are not known yet."""


async def person(shop: Shop, role: str) -> Client:
    match role:
        case "visitor":
            return await shop.visitor()
        case "shopper":
            return await shop.shopper()
        case _:
            return await shop.agent("ann", role)


def test_every_frame_has_its_line_in_the_table() -> None:
    said = {named(frame) for frame in get_args(frames.ClientFrame)}
    assert set(OPERATIONS) | ELSEWHERE | UNANSWERED >= said


def test_every_role_in_the_table_is_one() -> None:
    for request in REQUESTS.values():
        assert request.roles <= set(ROLES)


@pytest.mark.parametrize("op", sorted(OPERATIONS))
@pytest.mark.parametrize("role", ROLES)
async def test_a_role_may_do_what_the_table_says(
    quick_shop: Shop, role: str, op: str
) -> None:
    client = await person(quick_shop, role)
    fields = EXAMPLES.get(op, {})
    if op not in {"chat.start", "presence.set", "bye"}:
        fields = fields | {"chat": NOBODYS}
    if op in UNANSWERED:
        await client.say(op, **fields)
        assert (await client.ask("bye"))["t"] == "ok"
        return
    answer = await client.ask(op, **fields)
    if role in OPERATIONS[op].roles:
        assert answer["t"] == "ok" or answer["code"] == "not_found"
    elif (role, op) == ("visitor", "chat.start"):
        assert answer["code"] == "login_required"
    else:
        assert answer["code"] == "forbidden"
        assert answer["message"] == "This is not allowed."
        assert await quick_shop.size() == 0


@pytest.mark.parametrize("role", ROLES)
async def test_what_is_denied_reads_the_same_for_what_is_there_and_what_is_not(
    quick_shop: Shop, role: str
) -> None:
    sara = await quick_shop.shopper()
    there = (await sara.ask("chat.start", text="hello"))["chat"]
    client = await person(quick_shop, role)
    for op, request in OPERATIONS.items():
        if role in request.roles or op in UNANSWERED or op == "chat.start":
            continue
        fields = EXAMPLES.get(op, {})
        answers = [
            await client.ask(op, id="same", chat=chat, **fields)
            for chat in (there, NOBODYS)
        ]
        assert answers[0] == answers[1]
