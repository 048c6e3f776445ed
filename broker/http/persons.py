"""Who a shopper is, for those who come by HTTP before they ever had a socket."""

from typing import TYPE_CHECKING

from actors.cells.profile import Arrive, Claims
from actors.ids import AGENT, ChatId
from actors.runtime.future import TrioFuture
from broker.gate import Identity
from broker.http.errors import Refusal
from broker.wire.errors import Code
from storage.accounts import Profile

if TYPE_CHECKING:
    from broker.server import Broker


class Guest:
    """Waits until a person's own actor knows them."""

    def __init__(self) -> None:
        self.profile: TrioFuture[Profile | None] = TrioFuture()

    def arrived(self, profile: Profile, chat: ChatId | None) -> None:
        """Hear who it is."""
        del chat
        self.profile.set(profile)

    def turned_away(self) -> None:
        """Hear that it cannot be known now."""
        self.profile.set(None)


async def person_of(broker: "Broker", identity: Identity) -> str:
    """Return the person a token speaks for; one never seen before is known from now on.

    Raises:
        Refusal: it cannot be known now.
    """
    if identity.insider:
        return AGENT + identity.sub
    claims = Claims(
        identity.sub, identity.name, identity.email, identity.phone, identity.locale
    )
    guest = Guest()
    broker.house.people.tell(f"{identity.site}/{identity.sub}", Arrive(claims, guest))
    broker.loop.wake()
    profile = await guest.profile
    if profile is None:
        raise Refusal(Code.UNAVAILABLE)
    return f"shopper:{profile.id}"
