"""What was said before anybody came: chats that are over, and one that waits."""

from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from broker.local import LocalSocket

Who = Literal["shopper", "agent"]


class Chat(NamedTuple):
    """One conversation, line by line."""

    customer: str
    agent: str
    lines: tuple[tuple[Who, str], ...]
    over: bool = True
    """Whether it was ended."""


CHATS = (
    Chat(
        "sara",
        "ben",
        (
            ("shopper", "Does the lamp come with a bulb?"),
            ("agent", "It does: a warm one of 40 W."),
            ("shopper", "Lovely, thank you!"),
            ("agent", "Enjoy the evenings."),
        ),
    ),
    Chat(
        "tomek",
        "ann",
        (
            ("shopper", "Dzień dobry, czy kubek można myć w zmywarce?"),
            ("agent", "Dzień dobry! Tak, śmiało."),
            ("shopper", "Super, dziękuję 🙂"),
        ),
    ),
    Chat(
        "tomek",
        "ann",
        (
            ("shopper", "Kubek przyszedł z ryską na uchu."),
            ("agent", "Przykro mi. Wyślemy nowy jeszcze dziś."),
            ("shopper", "Czy ten mam odesłać?"),
        ),
        over=False,
    ),
    Chat(
        "sara",
        "",
        (
            ("shopper", "Hi! I ordered a lamp on Monday."),
            ("shopper", "Is it on its way already?"),
        ),
        over=False,
    ),
)
"""In the order in which they happen. Sara's last one waits to be answered."""


async def play(chat: Chat, shopper: "LocalSocket", agent: "LocalSocket | None") -> str:
    """Have `chat` take place; return its id."""
    (_, first), *more = chat.lines
    started, _ = await shopper.ask(
        {"op": "chat.start", "id": first[:64], "text": first}
    )
    id_: str = started["chat"]
    for number, (who, text) in enumerate(more):
        socket = agent if who == "agent" and agent is not None else shopper
        asked = {"op": "msg.send", "id": f"story-{number}", "chat": id_, "text": text}
        await socket.ask(asked)
    if chat.over:
        await shopper.ask({"op": "chat.end", "id": "story-end", "chat": id_})
    return id_
