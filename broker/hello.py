"""Letting somebody in: from the first frame to the welcome, and signing in later.

A shopper's profile is looked up by its actor, so a hello may take a commit; the
transport hands up nothing more meanwhile.
"""

from hashlib import sha256
from sys import intern
from typing import TYPE_CHECKING

from msgspec import UNSET

from actors.agent.commands import Connect
from actors.cells.adopting import Adopt
from actors.cells.desk import Enter
from actors.cells.profile import Arrive, Claims
from actors.cells.visitor import Return
from actors.ids import ANON, ChatId, Person, encode_id, stream_of
from actors.refusals import Reason, Refused
from broker.gate import Identity
from broker.house import HEARTBEAT_S
from broker.profiles import named
from broker.sites import DEFAULT_SITE
from broker.subscription import OTHER_EPOCH, Subscription
from broker.visiting import has_talk
from broker.welcoming import NOBODY, is_personal
from broker.wire.errors import Close, Code, refuse
from broker.wire.frames import Hello, Identify, Ok, Server, Welcome
from storage.accounts import Profile

if TYPE_CHECKING:
    from broker.peer import Peer

MAX_SECRET = 64
"""Characters of a visitor's secret."""


class Greeting:
    """One attempt to come in, or to sign in; dropped when it is over."""

    __slots__ = ("_hello", "_identity", "_peer", "_re")

    def __init__(self, peer: "Peer") -> None:
        self._peer = peer
        self._hello: Hello | None = None
        self._identity: Identity | None = None
        self._re = ""

    def hello(self, said: Hello) -> None:
        """Let in who says `said`, or close."""
        self._re, self._hello = said.id, said
        house = self._peer.house
        if house.overload.there or not self._may_resume(said):
            self._put_off()
            return
        if said.token is None:
            self._visitor(said, said.site or DEFAULT_SITE)
            return
        identity = house.gate.verify(said.token)
        wrong_site = said.site is not None and identity and identity.site != said.site
        if identity is None or wrong_site or not house.sites.accepts(identity):
            self._fail()
        elif self._from_allowed_page(identity.site):
            self._admit(identity)

    def identify(self, said: Identify) -> None:
        """Renew a token, or make a visitor a shopper."""
        peer = self._peer
        self._re = said.id
        identity = peer.house.gate.verify(said.token)
        if (
            identity is None
            or identity.site != peer.site
            or not peer.house.sites.accepts(identity)
        ):
            self._fail()
        elif peer.role == "visitor":
            if identity.insider:
                self._refuse(Code.CONFLICT)
            else:
                self._admit(identity)
        elif identity.sub != peer.sub or identity.insider != peer.insider:
            self._refuse(Code.CONFLICT)
        else:
            peer.renew(identity)
            peer.say(Ok(self._re))
            peer.greeting = None

    # The profile's answer.

    def arrived(self, profile: Profile, chat: ChatId | None) -> None:
        """Go on, now that it is known who the shopper is."""
        peer, identity = self._peer, self._identity
        if identity is None or not peer.here:
            return
        was_visitor, before = peer.role == "visitor", peer.who
        # Shared with the states of their chats.
        peer.become(identity, Person(intern(f"shopper:{profile.id}")))
        if was_visitor:
            peer.house.trails.move(peer, before)
        if is_personal(peer.house.sites, peer.site):
            peer.facts = named(NOBODY, profile)
        if was_visitor and self._hello is None:
            whose = f"{identity.site}/{identity.sub}"
            peer.house.people.tell(whose, Adopt(before, self))
            return
        self._welcome(chat)
        peer.transport.resume()

    def adopted(self, chat: ChatId | None) -> None:
        """Go on, now that what the visitor did is the shopper's."""
        peer = self._peer
        if not peer.here:
            return
        peer.say(Ok(self._re, UNSET if chat is None else chat))
        peer.say_config()
        peer.greeting = None
        peer.transport.resume()

    def recognised(self, chat: ChatId | None) -> None:
        """Go on, now that it is known which chat the visitor has."""
        if self._peer.here:
            self._peer.goes_on = chat is not None
            self._welcome(chat)
            self._peer.transport.resume()

    def turned_away(self) -> None:
        """Give up: it cannot be known now who it is."""
        if self._peer.here:
            self._refuse(Code.UNAVAILABLE)
            self._peer.transport.close(Close.OVERLOADED)

    # Within.

    def _visitor(self, said: Hello, site: str) -> None:
        peer = self._peer
        if site not in peer.house.sites:
            self._fail()
            return
        if not self._from_allowed_page(site):
            return
        secret = said.anon or ""
        id_ = _id_of(secret)
        fresh = not 0 < len(secret) <= MAX_SECRET
        if fresh or peer.house.blocked.is_forgotten(id_):
            # Who was erased is somebody else from now on, though the browser knows it.
            secret, fresh = peer.house.ids.token(), True
            id_ = _id_of(secret)
        peer.become_visitor(site, Person(ANON + id_))
        if fresh or not peer.house.sites.rules_of(site).bot:
            self._welcome(None, secret if fresh else None)
            return
        # They may have a chat with the bot.
        peer.transport.pause()
        peer.house.visitors.tell(f"{site}/{id_}", Return(self))

    def _admit(self, identity: Identity) -> None:
        peer, house = self._peer, self._peer.house
        self._identity = identity
        if identity.insider:
            peer.become(identity, Person(f"agent:{identity.sub}"))
            house.agents.tell(f"{identity.site}/{identity.sub}", Connect())
            self._welcome(None)
            house.desks.tell(identity.site, Enter(peer))
            return
        claims = Claims(
            identity.sub,
            identity.name,
            identity.email,
            identity.phone,
            identity.locale,
        )
        peer.transport.pause()
        house.people.tell(f"{identity.site}/{identity.sub}", Arrive(claims, self))

    def _welcome(self, chat: ChatId | None, secret: str | None = None) -> None:
        peer, house, hello = self._peer, self._peer.house, self._hello
        shown = house.reception.shown
        config = UNSET if peer.insider else shown(peer.site, peer.role, peer.facts)
        desk = house.reception.backroom(peer.site) if peer.insider else UNSET
        if config is not UNSET and config.tab:
            house.questions.at(peer.site).showed(house.sites.library_of(peer.site).faq)
        peer.say(
            Welcome(
                re=self._re,
                session=house.ids.token(),
                epoch=house.epoch,
                who=peer.who,
                role=peer.role,
                site=peer.site,
                server=Server("shopwire", house.version),
                now=house.clock(),
                heartbeat_s=HEARTBEAT_S,
                limits=house.limits,
                chat=chat,
                config=config,
                desk=desk,
                anon=secret or UNSET,
            )
        )
        peer.greeting = None
        peer.transport.greeted()
        if hello is not None and hello.resume is not None:
            self._resume(hello)

    def _resume(self, hello: Hello) -> None:
        peer, resume = self._peer, hello.resume
        if resume is None:
            return
        if not self._may_resume(hello):
            # Others have come while its profile was looked up.
            self._put_off()
            return
        other_epoch = resume.epoch is not None and resume.epoch != peer.house.epoch
        peer.hub.counts.resumed += len(resume.chats)
        for chat, position in resume.chats.items():
            kept_out = peer.role == "visitor" and not has_talk(peer)
            if kept_out or stream_of(chat) is None:
                peer.say_refused(hello.id, chat, Refused(Reason.NOT_FOUND))
            else:
                after = OTHER_EPOCH if other_epoch else position
                subscription = Subscription(peer, chat, after, hello.id, resumed=True)
                peer.subscribe(subscription)
                peer.house.resumes.add(subscription)

    def _may_resume(self, hello: Hello) -> bool:
        resume = hello.resume
        number = 0 if resume is None else len(resume.chats)
        return not number or self._peer.house.resumes.has_room_for(number)

    def _put_off(self) -> None:
        """Send away who cannot be served now, and say when to come back."""
        peer = self._peer
        peer.greeting = None
        after = peer.house.overload.put_off()
        peer.transport.close(Close.OVERLOADED, after=after)

    def _from_allowed_page(self, site: str) -> bool:
        transport = self._peer.transport
        page, own = transport.origin
        if own or page is None or self._peer.house.sites.allows(page, site):
            return True
        self._refuse(Code.FORBIDDEN)
        transport.close(Close.FORBIDDEN)
        return False

    def _fail(self) -> None:
        # The same words whatever was wrong with the token (F2).
        self._refuse(Code.AUTH_FAILED)
        self._peer.transport.close(Close.AUTH)

    def _refuse(self, code: Code) -> None:
        self._peer.say(refuse(self._re, code))
        self._peer.greeting = None


def _id_of(secret: str) -> str:
    """Return the id of the visitor whose browser keeps `secret`."""
    return encode_id(int.from_bytes(sha256(secret.encode()).digest()[:16]))
