"""What becomes of macros: listed, filled in, sent (spec F32).

A macro is filled in with what is known when it is sent. If that has to be looked up,
nothing else of the connection is taken meanwhile, so that what an agent sends after it
comes after it.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec import UNSET

from actors.chat.commands import Say, Then
from actors.chat.spoken import next_opening
from actors.ids import Millis, ProfileId
from actors.library import Macro
from actors.person import Facts, values_of
from actors.refusals import Reason, Refused
from actors.templates import Malformed, Missing, Template, asks_for, parse, render
from broker import panel, presets
from broker.operations.asking import Asker, ask_whose
from broker.operations.ordering import order
from broker.profiles import Known
from broker.wire import frames

if TYPE_CHECKING:
    from broker.peer import Peer

Values = dict[str, str]
LATER = Refused(Reason.UNAVAILABLE)
UNKNOWN = Refused(Reason.NOT_FOUND, path="$.macro")
NOBODY = Known(Facts(), ())
OF_A_PERSON = ("profile.", "order.")
"""How the names begin of what has to be looked up."""


def macro_list(peer: "Peer", said: frames.MacroList) -> None:
    """List them all."""
    macros = peer.house.sites.library_of(peer.site).macros
    peer.say(panel.MacrosListed(said.id, macros.version, macros.items))


def macro_render(peer: "Peer", said: frames.MacroRender) -> None:
    """Fill one in; nothing is sent."""
    macro = peer.house.sites.library_of(peer.site).macro(said.macro)

    def show(text: str | Refused) -> None:
        if macro is None or isinstance(text, Refused):
            refused = text if isinstance(text, Refused) else UNKNOWN
            peer.refused(said.id, said.chat, refused, wrote=False)
        else:
            peer.say(
                panel.MacroRendered(said.id, said.chat, macro.id, text, macro.hold)
            )

    def found(profile: ProfileId) -> None:
        if macro is None:
            show(UNKNOWN)
        else:
            _fill_in(peer, profile, macro.text, said.vars, show)

    ask_whose(peer, said.chat, Asker(found, show))


def send(peer: "Peer", said: frames.MsgSend) -> None:
    """Say what a macro says, or what the agent made of it, and do what goes with it."""
    library = peer.house.sites.library_of(peer.site)
    macro = library.macro(said.macro or "") if peer.insider else None
    if macro is None or said.text or not macro.text:
        _say(peer, said, macro, said.text or "")
        return
    if not _of_a_person(_template(macro.text)):
        _fill_in(peer, None, macro.text, {}, lambda text: _say(peer, said, macro, text))
        return

    def go_on(text: str | Refused) -> None:
        _say(peer, said, macro, text)
        peer.transport.resume()

    def found(profile: ProfileId) -> None:
        _fill_in(peer, profile, macro.text, {}, go_on)

    peer.transport.pause()
    # The chat refuses in its own words, if it has to: what it is told does not matter.
    ask_whose(peer, said.chat, Asker(found, go_on))


def _say(
    peer: "Peer", said: frames.MsgSend, macro: Macro | None, text: str | Refused
) -> None:
    """Have the chat say `text`, or refuse: a repeat is one, whatever has happened."""
    now = peer.house.clock()
    spoilt = text if isinstance(text, Refused) else None
    then: Then | None = None
    if macro is None:
        spoilt = UNKNOWN
    elif macro.then:
        then = _then(peer, macro, now)
        if then is None:
            spoilt = Refused(Reason.NOT_FOUND, path="$.macro", why="assigns to nobody")
    command = Say(
        said.id,
        peer.who,
        peer.site,
        now,
        "" if isinstance(text, Refused) else text,
        said.blobs,
        said.macro,
        said.hold or (macro is not None and macro.hold),
        said.if_head,
        then=then,
        spoilt=spoilt,
    )
    order(peer, said.chat, command)


def _then(peer: "Peer", macro: Macro, now: Millis) -> Then | None:
    """Return what the macro does now; `None` if the agent it assigns to is gone."""
    then = macro.then
    if then.assign is not UNSET and then.assign is not None:
        account = peer.house.sites.agent(peer.site, then.assign)
        if account is None or account.disabled_at is not None:
            return None
    rules = peer.house.sites.rules_of(peer.site)
    until = None if then.snooze is None else presets.until(then.snooze, rules, now)
    return Then(then.tag, then.assign, then.snooze is not None, until, then.close)


def _fill_in(
    peer: "Peer",
    profile: ProfileId | None,
    text: str,
    given: Values,
    then: Callable[[str | Refused], None],
) -> None:
    """Have `then` called with `text`, filled in for a person, or why it cannot be."""
    template = _template(text)

    def fill(known: Known | None) -> None:
        if known is None:
            then(LATER)
            return
        values = values_of(known.facts) | _at_hand(peer) | given
        filled = render(template, values)
        if isinstance(filled, Missing):
            then(Refused(Reason.MACRO_MISSING_VAR, names=filled.names))
        else:
            then(filled)

    if profile is None or not _of_a_person(template):
        fill(NOBODY)
    else:
        peer.house.profiles.look_up(peer.site, profile, fill)


def _at_hand(peer: "Peer") -> Values:
    """Return the values that need not be looked up."""
    sites = peer.house.sites
    agent = sites.agent(peer.site, peer.sub)
    name = "" if agent is None else agent.name
    return {
        "agent.name": name,
        "agent.first_name": name.partition(" ")[0],
        "shop.name": sites.name_of(peer.site),
        "hours.next": _opens(peer),
    }


def _opens(peer: "Peer") -> str:
    """Return when the shop opens next; nothing if it has no hours."""
    now, rules = peer.house.clock(), peer.house.sites.rules_of(peer.site)
    return next_opening(rules.hours, now, rules.settings.chat.locale)


def _template(text: str) -> Template:
    """Return the parts of a text that was a template when it was saved."""
    template = parse(text)
    # A name that this program no longer knows is said as it stands.
    return (text,) if isinstance(template, Malformed) else template


def _of_a_person(template: Template) -> bool:
    """Return whether somebody has to be looked up for it."""
    return any(name.startswith(OF_A_PERSON) for name in asks_for(template))
