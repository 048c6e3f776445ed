"""What a mail needs to know of a chat, read at the moment when it is to leave.

So nothing is mailed that has been erased meanwhile, or read.
"""

import sqlite3

import msgspec

from actors import codec
from actors.chat.events import Read
from storage import accounts, mailing, people, queries
from storage.mailing import Word

MOST_QUOTED = 20
"""Messages in one mail; the conversation has the others."""


class Case(msgspec.Struct, frozen=True):
    """A chat, and whose it is."""

    chat: str
    site: str
    profile: str
    assignee: str | None
    name: str | None
    email: str | None
    locale: str | None
    consents: bool
    """Whether the shopper has agreed to mails."""
    shopper_said: int
    """Seq of the shopper's last message."""

    @property
    def shopper(self) -> str:
        """Who the shopper is in the journal."""
        return f"shopper:{self.profile}"

    def __repr__(self) -> str:
        """Show nothing of a person."""
        return f"Case({self.chat!r})"


class Consents(msgspec.Struct, frozen=True):
    """Of a person's facts, what they have agreed to."""

    consents: dict[str, bool] = msgspec.field(default_factory=dict)


def case(db: sqlite3.Connection, stream: int) -> Case | None:
    """Return what is known of a chat, if there still is one."""
    ticket = queries.ticket(db, stream)
    if ticket is None:
        return None
    person = accounts.profile(db, ticket.site, ticket.profile)
    told = people.facts(db, ticket.site, ticket.profile)
    consents = msgspec.json.decode(told or "{}", type=Consents).consents
    return Case(
        ticket.chat,
        ticket.site,
        ticket.profile,
        ticket.assignee,
        None if person is None else person.name,
        None if person is None else person.email,
        None if person is None else person.locale,
        consents.get("email", False),
        ticket.shopper_said,
    )


def first_words(db: sqlite3.Connection, stream: int, by: str) -> str:
    """Return the first message of those whose name begins with `by`; empty: none."""
    found = mailing.words(db, stream, 0, by, 1)
    return found[0].text if found else ""


def unheard(
    db: sqlite3.Connection, stream: int, *, reader: str, whom: str, by: str
) -> list[Word]:
    """Return what those called `by` have said that `reader` neither read nor got.

    The oldest first, and one more than are quoted if there are more.
    """
    upto = max(_read(db, stream, reader), mailing.mailed_upto(db, stream, whom))
    return mailing.words(db, stream, upto, by, MOST_QUOTED + 1)


def _read(db: sqlite3.Connection, stream: int, reader: str) -> int:
    record = mailing.read_upto(db, stream, reader)
    if record is None:
        return 0
    body = codec.from_record(record).body
    return body.upto if isinstance(body, Read) else 0
