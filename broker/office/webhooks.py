"""Webhooks: who is told of what happens, and once more if that failed."""

from functools import partial
from typing import TYPE_CHECKING

import msgspec
from sqlite_utils import Database

from broker.office.requests import Denied, Replayed, ReplayWebhook, no_site
from broker.outward.delivery import Failed
from broker.outward.webhooks.told import KEY_BYTES, PING, secret_of
from broker.wire.errors import Code
from storage import deeds, webhooks
from storage.deeds import OPERATOR, Deed
from storage.webhooks import Webhook

if TYPE_CHECKING:
    from broker.server import Broker

MOST_WEBHOOKS = 10
"""Of one site."""
MANY = Denied(
    Code.CONFLICT,
    f"A site has at most {MOST_WEBHOOKS} webhooks: remove another one first.",
)
NO_WEBHOOK = Denied(Code.NOT_FOUND, "The site has no such webhook.", "$.id")


class Ping(msgspec.Struct, frozen=True):
    """What a receiver is told to try it out."""

    id: str
    type: str
    at: int


async def add_webhook(
    broker: "Broker", site: str, url: str, kinds: tuple[str, ...], *, by: str = OPERATOR
) -> Webhook | Denied:
    """Tell a URL of what happens from now on."""
    new = Webhook(
        broker.house.ids.token(),
        site,
        url,
        msgspec.json.encode(sorted(set(kinds))).decode(),
        secret_of(broker.chance.randbytes(KEY_BYTES)),
        broker.clock(),
        0,
    )

    def known(added: Webhook | None) -> None:
        if added is not None:
            broker.outward.webhooks.begin(added)

    added = await broker.change(partial(_add, new=new, by=by), known)
    return MANY if added is None else added


async def remove_webhook(
    broker: "Broker", site: str, id_: str, *, by: str = OPERATOR
) -> Denied | None:
    """Tell a webhook nothing any more, and forget it."""

    def gone(removed: bool) -> None:  # noqa: FBT001  # what the change returned
        if removed:
            broker.outward.webhooks.end(id_)

    done = Deed(site, broker.clock(), by, "webhook.remove", id_)
    removed = await broker.change(partial(_remove, done=done), gone)
    return None if removed else NO_WEBHOOK


async def find_webhook(broker: "Broker", site: str, id_: str) -> Webhook | Denied:
    """Return one of a site's webhooks."""
    hooks = await broker.query(partial(webhooks.of_site, site=site))
    return next((hook for hook in hooks if hook.id == id_), NO_WEBHOOK)


async def replay_webhook(
    broker: "Broker", ask: ReplayWebhook, *, by: str = OPERATOR
) -> Replayed | Denied:
    """Tell a webhook once more what was given up."""
    if ask.site not in broker.sites:
        return no_site(ask.site)
    hook = await find_webhook(broker, ask.site, ask.id)
    if isinstance(hook, Denied):
        return hook
    if hook.ended_at is not None:
        why = "It is told nothing any more: add another one in its place."
        return Denied(Code.CONFLICT, why, "$.id")
    now = broker.clock()
    done = Deed(ask.site, now, by, "webhook.replay", hook.id)
    again = partial(_replay, ids=ask.ids, done=done)
    number = await broker.change(again)
    lane = broker.outward.webhooks.lanes.get(hook.id)
    if lane is not None:
        lane.carrier.wake()
    return Replayed(number)


async def ping(broker: "Broker", hook: Webhook) -> int | Failed:
    """Return what a receiver answers to a ping now, which is not tried again."""
    sent = Ping(broker.house.ids.token(), PING, broker.clock())
    body = msgspec.json.encode(sent)
    return await broker.outward.webhooks.courier.post(hook, sent.id, body)


def _add(db: Database, new: Webhook, by: str) -> Webhook | None:
    if not webhooks.add(db, new, MOST_WEBHOOKS):
        return None
    deeds.add(db, Deed(new.site, new.created_at, by, "webhook.add", new.id))
    # As it stands there: its position is where the journal ends now.
    return next(hook for hook in webhooks.every(db.conn) if hook.id == new.id)


def _remove(db: Database, done: Deed) -> bool:
    removed = webhooks.remove(db, done.site, done.object)
    if removed:
        deeds.add(db, done)
    return removed


def _replay(db: Database, ids: tuple[int, ...], done: Deed) -> int:
    number = webhooks.replay(db, done.object, done.at, ids)
    deeds.add(db, done)
    return number
