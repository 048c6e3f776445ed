"""All that is kept of one person, as an archive to hand out (spec F46, F47).

Pages to read and the same as JSON, with the images beside them. It has what the person
saw; what the shop's people wrote to each other is in it only if that is asked for.
"""

import sqlite3
import zipfile
from functools import partial
from html import escape
from typing import IO

import msgspec

from actors import codec
from actors.cells.names import called
from actors.chat.events import seen_by_shopper
from actors.ids import ChatId, Millis
from broker import whom
from broker.founding import SETTINGS, rules
from broker.transcripts import STYLE, WRITERS, Format, Heading
from storage import accounts, blobs, deeds, documents, erasing, people, queries
from storage.accounts import Profile
from storage.blobs import Blob
from storage.deeds import Kept
from storage.files import Files
from storage.people import FIRST, Happening, Window
from storage.records import TicketRow

MOST_HAPPENINGS = 1_000_000
FORMS: tuple[Format, ...] = ("html", "json")
ENDINGS = {
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/webp": "webp",
    "image/gif": "gif",
}
NO_FACTS = msgspec.Raw(b"null")


class Asked(msgspec.Struct, frozen=True):
    """Whose archive it is to be."""

    site: str
    name: str
    """What the shop calls them, or our id of them or of a chat of theirs."""
    notes: bool = False
    """Whether the shop's own notes, tags and hand-overs belong in it."""


class Told(msgspec.Struct, frozen=True):
    """A happening, as the archive has it."""

    at: int
    id: str
    kind: str
    data: msgspec.Raw


class Person(msgspec.Struct, frozen=True):
    """`person.json`."""

    profile: Profile
    facts: msgspec.Raw
    """What the shop has told beside."""
    happenings: tuple[Told, ...]
    """The newest first."""
    chats: tuple[str, ...]
    missing_images: tuple[str, ...]
    """Images whose files are not on this machine."""
    deeds: tuple[Kept, ...]
    """What the shop's people did to what is kept; empty without their notes."""


def write(
    connection: sqlite3.Connection, files: Files, asked: Asked, target: IO[bytes]
) -> bool:
    """Write the archive to `target`; return whether there is such a person.

    `connection` is read as it is at one moment. Takes as long as there is to read: for
    a thread, with a connection of its own.
    """
    connection.execute("BEGIN")
    try:
        profile = whom.meant(connection, asked.site, asked.name)
        if profile is None:
            return False
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            _Dossier(connection, files, asked, profile, archive).write()
        return True
    finally:
        connection.execute("ROLLBACK")


class _Dossier:
    """One archive under way."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        files: Files,
        asked: Asked,
        profile: Profile,
        archive: zipfile.ZipFile,
    ) -> None:
        self._connection, self._files = connection, files
        self._asked, self._profile, self._archive = asked, profile, archive
        self._images: dict[str, str | None] = {}
        """Where in the archive each image is; `None` if its file is not here."""

    def write(self) -> None:
        """Write all of it."""
        chats = [
            ticket
            for ticket in people.tickets_of(
                self._connection, self._profile.site, self._profile.id
            )
            if not erasing.is_erased(self._connection, ticket.stream)
        ]
        for ticket in chats:
            for form in FORMS:
                self._write_chat(ticket, form)
        missing = tuple(blob for blob, place in self._images.items() if place is None)
        person = Person(
            self._profile,
            self._facts(),
            tuple(map(_told, self._happenings())),
            tuple(ticket.chat for ticket in chats),
            missing,
            self._deeds(),
        )
        told = msgspec.json.format(msgspec.json.encode(person), indent=2)
        self._archive.writestr("person.json", told)
        self._archive.writestr("index.html", _index(person, chats))

    def _write_chat(self, ticket: TicketRow, form: Format) -> None:
        heading = self._heading(ticket)
        writer = WRITERS[form](heading)
        with self._archive.open(f"chats/{ticket.chat}.{form}", "w") as target:
            target.write(writer.begin().encode())
            after = 0
            while page := queries.page(self._connection, ticket.stream, after):
                for record in page:
                    event = codec.from_record(record)
                    if self._asked.notes or seen_by_shopper(event.body):
                        target.write(writer.event(record.seq, event).encode())
                after = page[-1].seq
            target.write(writer.end().encode())
        if form == FORMS[0]:
            self._write_images(ticket)

    def _write_images(self, ticket: TicketRow) -> None:
        """Write what the chat's messages name."""
        sql = "SELECT blob FROM named WHERE stream = ?"
        for (id_,) in self._connection.execute(sql, (ticket.stream,)).fetchall():
            image = blobs.blob(self._connection, id_)
            if image is None or id_ in self._images:
                continue
            try:
                data = self._files.path(image.digest).read_bytes()
            except OSError:
                self._images[id_] = None
            else:
                self._images[id_] = _place(image)
                self._archive.writestr(_place(image), data)

    def _heading(self, ticket: TicketRow) -> Heading:
        site, notes = ticket.site, self._asked.notes
        document = documents.newest(self._connection, site, SETTINGS)

        def agent_name(agent: str) -> str:
            account = accounts.agent(self._connection, site, agent)
            if notes:
                return f"{account.name} ({agent})" if account else agent
            return account.name if account and "@" not in account.name else "Agent"

        return Heading(
            ChatId(ticket.chat),
            site,
            called(self._profile),
            rules(document).settings.hours.zone,
            Millis(ticket.opened_at),
            notes,
            agent_name,
            partial(_image_link, self._connection),
        )

    def _facts(self) -> msgspec.Raw:
        site, id_ = self._profile.site, self._profile.id
        facts = people.facts(self._connection, site, id_)
        return NO_FACTS if facts is None else msgspec.Raw(facts.encode())

    def _deeds(self) -> tuple[Kept, ...]:
        if not self._asked.notes:
            return ()
        site, id_ = self._profile.site, self._profile.id
        return tuple(deeds.of_object(self._connection, site, id_))

    def _happenings(self) -> list[Happening]:
        window = Window(FIRST, (), MOST_HAPPENINGS)
        site, id_ = self._profile.site, self._profile.id
        return people.happenings(self._connection, site, id_, window)


def _told(happening: Happening) -> Told:
    at, id_, kind, data = happening
    return Told(at, id_, kind, msgspec.Raw(data.encode()))


def _place(image: Blob) -> str:
    return f"images/{image.id}.{ENDINGS.get(image.mime, 'bin')}"


def _image_link(connection: sqlite3.Connection, id_: str) -> str:
    image = blobs.blob(connection, id_)
    return "" if image is None else f"../{_place(image)}"


def _index(person: Person, chats: list[TicketRow]) -> str:
    name = escape(called(person.profile))
    links = "".join(
        f'<p><a href="chats/{escape(each.chat)}.html">{escape(each.chat)}</a></p>\n'
        for each in chats
    )
    return (
        '<!doctype html><html><head><meta charset="utf-8">'
        f"<title>{name}</title><style>{STYLE}</style></head><body><h1>{name}</h1>\n"
        '<p>What the shop knows: <a href="person.json">person.json</a>. '
        f"Chats, the newest first:</p>\n{links}</body></html>\n"
    )
