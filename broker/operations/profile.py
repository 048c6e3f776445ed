"""What becomes of questions about the person in a chat."""

from functools import partial
from typing import TYPE_CHECKING

from actors.ids import ProfileId
from actors.refusals import Reason, Refused
from broker import panel
from broker.operations.asking import Asker, ask_whose
from broker.profiles import Known
from broker.wire import frames
from storage import people
from storage.people import FIRST, Happening, Window

if TYPE_CHECKING:
    from broker.peer import Peer

LATER = Refused(Reason.UNAVAILABLE)


def profile_get(peer: "Peer", said: frames.ProfileGet) -> None:
    """Look up who it is."""

    def show(profile: ProfileId, known: Known | None) -> None:
        if known is None:
            _refuse(peer, said, LATER)
            return
        rules = peer.house.sites.rules_of(peer.site)
        person = panel.profile(profile, known, peer.who, rules)
        peer.say(panel.ProfileRead(said.id, said.chat, person, known.stale))

    def found(profile: ProfileId) -> None:
        peer.house.profiles.look_up(peer.site, profile, partial(show, profile))

    ask_whose(peer, said.chat, Asker(found, partial(_refuse, peer, said)))


def profile_events(peer: "Peer", said: frames.ProfileEvents) -> None:
    """Look up a page of what they did."""
    before = FIRST if said.before is None else (said.before.at, said.before.id)
    # One more, to know whether there is more.
    window = Window(before, said.kinds, said.limit + 1)

    def show(found: list[Happening] | None) -> None:
        if found is None:
            _refuse(peer, said, LATER)
            return
        events, more = panel.page(found, said.limit)
        peer.say(panel.ProfileEventsRead(said.id, said.chat, tuple(events), more))

    def found(profile: ProfileId) -> None:
        read = partial(
            people.happenings, site=peer.site, profile=profile, window=window
        )
        peer.house.profiles.ask(read, show)

    ask_whose(peer, said.chat, Asker(found, partial(_refuse, peer, said)))


def _refuse(
    peer: "Peer", said: frames.ProfileGet | frames.ProfileEvents, refused: Refused
) -> None:
    peer.refused(said.id, said.chat, refused, wrote=False)
