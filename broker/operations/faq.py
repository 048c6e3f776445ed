"""What becomes of questions that are asked often: no chat, no agent, no bot (F3)."""

from typing import TYPE_CHECKING

import msgspec
from msgspec import UNSET

from broker import welcoming
from broker.storefront import FaqFinished, FaqPicked, FaqUnknown, questions
from broker.trails import Trail
from broker.wire import frames
from broker.wire.errors import Code, refuse

if TYPE_CHECKING:
    from broker.peer import Peer


def faq_pick(peer: "Peer", said: frames.FaqPick) -> None:
    """Answer a question that is published."""
    if (closed := peer.house.reception.closed_to(peer)) is not None:
        peer.say(refuse(said.id, closed))
        return
    library = peer.house.sites.library_of(peer.site)
    item = library.question(said.faq)
    if item is None:
        unknown = refuse(said.id, Code.NOT_FOUND, path="$.faq")
        fields = msgspec.structs.asdict(unknown)
        peer.say(FaqUnknown(**fields, faq=questions(library)))
        return
    peer.trail = peer.trail or Trail()
    peer.trail.pick(item)
    peer.house.questions.at(peer.site).picked(item.id)
    peer.say(FaqPicked(said.id, item.id, item.question, item.answer))


def faq_done(peer: "Peer", said: frames.FaqDone) -> None:
    """Welcome who needs more than the answers."""
    if (closed := peer.house.reception.closed_to(peer)) is not None:
        peer.say(refuse(said.id, closed))
        return
    if said.helped:
        item = None if peer.trail is None else peer.trail.helped()
        if item is not None:
            peer.house.questions.at(peer.site).helped(item.id)
        peer.say(FaqFinished(said.id))
        return
    welcoming.go_on_with(
        peer, lambda text: peer.say(FaqFinished(said.id, text or UNSET))
    )
