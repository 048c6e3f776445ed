"""Forgetting people, and chats that are old enough (spec F47, U10).

First it is written down that somebody is to be forgotten, in a file beside the journal
too: a backup from before is served like a process that ended halfway. Then each chat is
closed by an `erased` of its own, which all hear who have it open, and overwritten; then
the person goes. Each step may be taken again.
"""

import logging
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import trio
from sqlite_utils import Database

from actors import codec
from actors.cells.detached import Detached
from actors.cells.names import called_by
from actors.cells.orders import Order, Rename
from actors.cells.ports import Accepted
from actors.chat.commands import Erase
from actors.chat.erasing import MASK
from actors.codec import UnreadableRecordError
from actors.ids import ANON, SHOPPER, SYSTEM, ChatId, SiteId
from actors.refusals import Refused
from actors.runtime.future import TrioFuture
from broker import whom
from broker.office.remembering import Remembered
from broker.office.requests import (
    Denied,
    EraseProfile,
    ExportNoted,
    ExportProfile,
    ProfileErased,
)
from broker.outward.mail.senders import empty
from broker.wire.errors import Close, Code
from storage import accounts, blobs, deeds, erasing
from storage.accounts import Profile
from storage.deeds import OPERATOR, Deed
from storage.erasing import Chat, Erasure
from storage.schema import BEFORE

if TYPE_CHECKING:
    from broker.server import Broker

SETTLED_S = 1.0
"""Seconds after a start before it goes on with what an earlier life has left."""
LOOK_S = 3600.0
"""Seconds between two looks for what is old enough."""
NIGHT = range(1, 5)
"""Hours of the shop's clock in which old chats go: nobody waits for the disk then."""
STEP = 100
"""Old chats that are looked up at a time."""
APART_S = 0.05
"""Seconds between two of them: others write, too."""
ROUNDS = 7
"""How often a person's chats are looked up: what they had sent before they were shut
out may have begun another. The pauses are a second and a half together."""
LATE_S = 2.0
"""Seconds after an erasure in which the same may have come even later."""
DAY_MS = 86_400_000
NOBODY = Denied(Code.NOT_FOUND, "Nobody is known by this name.", "$.profile")

log = logging.getLogger(__name__)


class NotErased(Exception):
    """A chat cannot be erased now; what is left is tried again at the next start."""


class Eraser:
    """Of one broker."""

    def __init__(self, broker: "Broker") -> None:
        self._broker = broker
        self._remembered = Remembered(broker.folder)
        self._one = trio.Lock()
        """Whoever asks for the same person twice waits for the first time."""
        self._asked = trio.Event()
        """Set when somebody was erased, or should have been."""

    async def learn(self) -> None:
        """Know who was erased, before any of them comes back.

        Of those whom a backup does not know, the file beside the journal tells.
        """
        known = [each.profile for each in self._remembered.read()]
        for profile in known + await self._broker.query(erasing.everybody):
            self._broker.house.blocked.forget(profile)

    # One person.

    async def erase(self, site: str, name: str, by: str) -> Erasure | None:
        """Forget a person, by what the shop calls them, our id of them, or of a chat.

        Return `None` if that is nobody here. A second time changes nothing.

        Raises:
            NotErased: not all of it; it is tried again by itself.
        """
        broker = self._broker
        profile = await broker.query(partial(whom.id_of, site=site, name=name))
        if profile is None:
            return None
        new = Erasure(site, profile, broker.clock(), by)
        self._remembered.add(new)
        await broker.change(partial(erasing.begin, new=new))
        try:
            return await self._finish(site, profile)
        finally:
            self._asked.set()

    async def _finish(self, site: str, profile: str) -> Erasure:
        broker = self._broker
        async with self._one:
            find = partial(erasing.of_person, site=site, profile=profile)
            wanted = await broker.query(find)
            if wanted is None:
                raise NotErased
            await self._forget(wanted)
            return await broker.query(find) or wanted

    async def _forget(self, wanted: Erasure) -> None:
        broker, site, profile = self._broker, wanted.site, wanted.profile
        self._remove_copy()
        # For good: whoever comes by the same name is somebody else from now on.
        broker.house.blocked.forget(profile)
        find = partial(accounts.profile, site=site, id_=profile)
        person = await broker.query(find)
        for number in range(ROUNDS):
            if number:
                await trio.sleep(APART_S * 2 ** (number - 2))
            left = partial(erasing.left, site=site, profile=profile)
            for chat in await broker.query(left):
                await self._erase_chat(SiteId(site), chat)
                name = called_by(profile, None, None, None)
                broker.house.chats.tell(chat.chat, Rename(name))
            empty(broker.folder)
            go = partial(erasing.forget_person, gone=wanted, now=broker.clock())
            leave = partial(self._part, SiteId(site), profile, person)
            if await broker.change(go, leave, scrub=True):
                break
        else:
            raise NotErased
        await self._remove_files()

    def _part(
        self,
        site: SiteId,
        profile: str,
        person: Profile | None,
        done: bool,  # noqa: FBT001 - what the write returned
    ) -> None:
        """Let nobody in memory know the person, or be them, any more."""
        if not done:
            return
        house = self._broker.house
        house.profiles.forget(site, profile)
        cell = None
        if person is not None and person.sub is not None:
            cell = house.people.get(f"{site}/{person.sub}")
        if cell is not None and cell.held is None:
            cell.restart()
        for peer in tuple(house.hub.peers):
            if peer.who in (SHOPPER + profile, ANON + profile) and peer.site == site:
                house.trails.forget(peer)
                peer.transport.close(Close.FORBIDDEN)
        self._broker.loop.wake()

    # One chat.

    async def _erase_chat(self, site: SiteId, chat: Chat) -> None:
        """End a chat by an `erased`, and overwrite it.

        Raises:
            NotErased: it cannot be read, or not be written now.
        """
        broker = self._broker
        ended = _Ended()
        command = Erase(broker.house.ids.profile(), SYSTEM, site, broker.clock())
        broker.house.chats.tell(ChatId(chat.chat), Order(command, ended))
        broker.loop.wake()
        refused = await ended.future
        if refused is not None:
            log.error("chat %s cannot be erased: %s", chat.chat, refused.reason)
            raise NotErased
        redact = partial(
            erasing.redact,
            chat=chat,
            rewrite=codec.without_words,
            text=MASK,
            now=broker.clock(),
        )
        try:
            await broker.change(redact, scrub=True)
        except UnreadableRecordError as error:
            log.error("chat %s cannot be overwritten: %s", chat.chat, error)  # noqa: TRY400  # known, as the refusal above
            raise NotErased from error

    async def _remove_files(self) -> None:
        broker = self._broker
        digests = await broker.query(erasing.doomed)
        for digest in digests:
            # The same image may be coming again, its file before its row.
            async with broker.stock.changing:
                if not await broker.query(partial(blobs.is_used, digest=digest)):
                    await broker.stock.remove([digest])
        if digests:
            await broker.change(partial(erasing.gone, digests=digests), scrub=True)

    def _remove_copy(self) -> None:
        """Remove the journal from before the last upgrade: nothing is erased there.

        First of all: who dies halfway begins anew, and does it again.
        """
        (self._broker.folder / BEFORE).unlink(missing_ok=True)

    # What is left, and what is old.

    async def run(self) -> None:
        """Go on with what was begun, and let old chats go at night; until cancelled."""
        await trio.sleep(SETTLED_S)
        while True:
            self._asked = trio.Event()
            for step in (self.resume, self._let_go_of_old):
                try:
                    await step()
                except (NotErased, OSError) as error:
                    # No descriptor left, for one: that passes.
                    log.warning("not all is erased, look again in an hour: %s", error)
                except Exception:
                    log.exception("erasing has failed; the next look is in an hour")
            with trio.move_on_after(LOOK_S):
                await self._asked.wait()
                await trio.sleep(LATE_S)

    async def _let_go_of_old(self) -> None:
        await self.let_go(self._broker.clock())

    async def resume(self) -> None:
        """Finish what earlier lives have begun, or a backup did not know.

        Raises:
            NotErased: not all of it.
        """
        broker = self._broker
        known = self._remembered.read()
        if known:
            await broker.change(partial(_begin_all, known=known))
        wanted, failed = await broker.query(erasing.unfinished), 0
        for each in wanted:
            try:
                await self._finish(each.site, each.profile)
            except NotErased:
                # Whose chat cannot be read now keeps nobody else.
                failed += 1
        happened = await broker.query(erasing.has_erased)
        if wanted or known or happened:
            # What ended between a commit and its scrub is scrubbed now.
            await self._leave_nothing()
        else:
            await self._remove_files()
        if failed:
            raise NotErased

    async def _leave_nothing(self) -> None:
        """Remove what is left of erased chats beside their own rows; not in vain."""
        broker = self._broker
        if await broker.query(erasing.is_unmerged):
            # First: who dies in between finds the same again.
            empty(broker.folder)
        await broker.change(erasing.merge, scrub=True)
        await self._remove_files()

    async def let_go(self, now: int) -> int:
        """Erase chats that are older than their shops keep them; return how many.

        Raises:
            NotErased: not all of them.
        """
        number, failed = 0, 0
        for site in self._broker.sites:
            settings = site.rules.settings
            keep = settings.retention.keep_days
            if keep.chat is None and keep.sms is None:
                continue
            zone = ZoneInfo(settings.hours.zone)
            if datetime.fromtimestamp(now / 1000, UTC).astimezone(zone).hour in NIGHT:
                for channel, days in (("chat", keep.chat), ("sms", keep.sms)):
                    if days is not None:
                        before = now - days * DAY_MS
                        gone, left = await self._let_go(site.id, channel, before)
                        number, failed = number + gone, failed + left
        if number:
            await self._leave_nothing()
        if failed:
            raise NotErased
        return number

    async def _let_go(self, site: SiteId, channel: str, before: int) -> tuple[int, int]:
        """Return how many have gone, and how many cannot: those keep no other."""
        broker, number, failed = self._broker, 0, set[int]()
        while len(failed) < STEP:
            # As many more as are passed over.
            limit = STEP + len(failed)
            old = partial(
                erasing.old, site=site, channel=channel, before=before, limit=limit
            )
            found = await broker.query(old)
            chats = [chat for chat in found if chat.stream not in failed]
            if not chats:
                break
            self._remove_copy()
            # Before: who dies halfway has begun.
            run = (SYSTEM, "retention.run", channel, f"{len(chats)} chats")
            done = Deed(site, broker.clock(), *run)
            await broker.change(partial(deeds.add, new=done))
            for chat in chats:
                try:
                    await self._erase_chat(site, chat)
                except NotErased:
                    failed.add(chat.stream)
                else:
                    number += 1
                await trio.sleep(APART_S)
        return number, len(failed)


class _Ended(Detached):
    """Waits for what becomes of one order."""

    def __init__(self) -> None:
        self.future: TrioFuture[Refused | None] = TrioFuture()

    def accepted(self, answer: Accepted) -> None:
        """Hear that the chat is erased."""
        del answer
        self.future.set(None)

    def refused(
        self, re: str, chat: ChatId, refused: Refused, *, wrote: bool = True
    ) -> None:
        """Hear that it is not."""
        del re, chat, wrote
        self.future.set(refused)


async def erase_profile(
    broker: "Broker", ask: EraseProfile, *, by: str = OPERATOR
) -> ProfileErased | Denied:
    """Forget a person, by whatever name they are known."""
    try:
        gone = await broker.eraser.erase(ask.site, ask.profile, by)
    except NotErased:
        return Denied(Code.UNAVAILABLE, "Not all is erased yet; it goes on by itself.")
    if gone is None:
        return NOBODY
    return ProfileErased(ask.site, gone.profile, gone.at, gone.done_at is not None)


async def note_export(
    broker: "Broker", ask: ExportProfile, *, by: str = OPERATOR
) -> ExportNoted | Denied:
    """Note that what is kept of a person is handed out, which is done then."""
    person = await broker.query(partial(whom.meant, site=ask.site, name=ask.profile))
    if person is None:
        return NOBODY
    detail = "with notes" if ask.notes else ""
    act = ("profile.export", person.id, detail)
    done = Deed(ask.site, broker.clock(), by, *act)
    await broker.change(partial(deeds.add, new=done))
    return ExportNoted(person.id)


def _begin_all(db: Database, known: list[Erasure]) -> None:
    for each in known:
        erasing.begin(db, each)
