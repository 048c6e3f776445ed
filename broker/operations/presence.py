"""What becomes of coming and going, beside hello."""

from typing import TYPE_CHECKING

from actors.agent.commands import Choose
from broker.wire import frames
from broker.wire.errors import Close

if TYPE_CHECKING:
    from broker.peer import Peer


def presence_set(peer: "Peer", said: frames.PresenceSet) -> None:
    """Be seen as the agent says."""
    peer.house.agents.tell(f"{peer.site}/{peer.sub}", Choose(said.state))
    peer.say(frames.Ok(said.id))


def bye(peer: "Peer", said: frames.Bye) -> None:
    """Answer, then close."""
    peer.house.trails.forget(peer)
    peer.say(frames.Ok(said.id))
    peer.transport.close(Close.BYE)
