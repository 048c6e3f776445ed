"""An event as others are told of it, and how they know that it comes from us.

The form of Standard Webhooks: an id that is the same each time, the moment of sending,
and a signature over both and the body.
"""

import base64
import hmac

import msgspec

from actors import codec
from actors.chat.events import seen_by_shopper
from actors.ids import ChatId, Millis, Person, Seq
from storage.webhooks import Entry

PREFIX = "whsec_"
"""What a secret begins with; the key in base64 follows."""
KEY_BYTES = 32
PING = "ping"


class Told(msgspec.Struct, frozen=True):
    """What an integration is told, pushed or pulled: what agents see."""

    id: str
    """The same each time: by it a repeat is known."""
    type: str
    """The kind of the event."""
    chat: ChatId
    seq: Seq
    at: Millis
    by: Person
    internal: bool
    """Whether shoppers never see it: notes, and what goes on among agents."""
    data: dict[str, object]
    """The event's body."""


def told(entry: Entry, epoch: str) -> Told:
    """Return how an event of the journal called `epoch` is told."""
    record = entry.record
    event = codec.from_record(record)
    return Told(
        # With the epoch: after a back-up was restored, numbers name other events.
        f"{epoch}.{entry.chat}.{record.seq}",
        record.kind,
        ChatId(entry.chat),
        Seq(record.seq),
        event.at,
        event.by,
        not seen_by_shopper(event.body),
        msgspec.to_builtins(event.body),
    )


def secret_of(key: bytes) -> str:
    """Return a key in the form in which its owner keeps it."""
    return PREFIX + base64.b64encode(key).decode()


def headers(id_: str, timestamp: int, body: bytes, secret: str) -> dict[str, str]:
    """Return what goes with `body` at a moment in seconds."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    signed = f"{id_}.{timestamp}.".encode() + body
    made = base64.b64encode(hmac.digest(key, signed, "sha256")).decode()
    return {
        "Content-Type": "application/json",
        "User-Agent": "shopwire",
        "webhook-id": id_,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": f"v1,{made}",
    }
