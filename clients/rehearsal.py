"""A scripted conversation over real sockets, told from both sides.

What `shopwire demo --script` plays: a shopper asks, an agent answers, looks something
up, leaves a note, and the shopper ends the chat. Each side's view is what the broker
gives its role to see.
"""

from collections.abc import Callable

from actors.ids import ChatId, Seq
from broker.wire.heard import Event
from clients.link import open_link

END = Seq(2**53 - 1)
"""Beyond the last event of any chat."""

Tell = Callable[[str], None]


async def play(url: str, shopper_token: str, agent_token: str, tell: Tell) -> ChatId:
    """Play the conversation and tell both views of it; return the chat's id.

    Raises:
        RequestRefused: the broker would not have it.
        LinkClosed: it is gone.
    """
    async with (
        open_link(url, token=shopper_token) as shopper,
        open_link(url, token=agent_token) as agent,
    ):
        chat = await shopper.start_chat("Hi! Where is my order #1042?")
        await agent.open_chat(chat)
        agent.typing(chat)
        await agent.send(chat, "Hello Sara, let me look that up for you.", hold=True)
        await agent.note(chat, "The carrier shows it as out for delivery.")
        await agent.send(chat, "It is out for delivery and should arrive today.")
        await shopper.send(chat, "Great, thank you! 🎉")
        await shopper.end(chat)
        for who, link in (("shopper", shopper), ("agent", agent)):
            events, _ = await link.history(chat, END, limit=200)
            tell(f"What the {who} sees:")
            for event in events:
                tell("  " + line(event))
    return chat


def line(event: Event) -> str:
    """Return an event in one line for people."""
    text = event.body.get("text") or event.body.get("reason") or ""
    said = f"{event.kind}: {text}" if text else event.kind
    return f"{event.seq:>3} (after {event.prev}) {event.by.partition(':')[0]:>7} {said}"
