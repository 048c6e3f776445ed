"""Flags of agents on tickets (F20): theirs alone, durable, beside the journal."""

import logging
from collections.abc import Callable
from functools import partial

from sqlite_utils import Database

from actors.cells.ports import Accepted
from actors.cells.reading import ask
from actors.cells.watching import Mark
from actors.chat.teams import may_open
from actors.ids import AGENT, AgentId, Person
from actors.refusals import Reason, Refused
from actors.runtime.actor import Actor
from actors.settings.rules import Rules
from storage import inbox as tables
from storage import queries
from storage.journal import Journal
from storage.records import Change, TicketRow

log = logging.getLogger(__name__)


class Marking:
    """The flags of one site, on their way to the journal."""

    def __init__(
        self, owner: Actor, journal: Journal, marked: Callable[[Mark], None]
    ) -> None:
        """Write with `journal`; `marked` is called with each that has become so."""
        self._owner = owner
        self._journal = journal
        self._marked = marked

    def set(self, mark: Mark, rules: Rules) -> None:
        """Flag the ticket, if the agent may open it."""
        caller = mark.caller
        reason = caller.barred(mark.chat, mark.re)
        if reason is not None:
            refuse(mark, reason)
            return
        find = partial(queries.ticket, stream=mark.stream)
        found = partial(self._found, mark, rules)
        ask(self._owner, self._journal, find, found, mark)

    def clear(self, stream: int, agent: AgentId) -> None:
        """Take a flag away: the agent has read the ticket."""

        def settled(change: Change) -> None:
            if change.error is not None:
                # It comes back with the next start, and goes with the next reading.
                log.warning("a flag could not be taken away: %s", change.error)

        write = partial(tables.unmark, stream=stream, agent=agent)
        self._journal.change(Change(write, settled))

    def _found(self, mark: Mark, rules: Rules, row: TicketRow | None) -> None:
        if (
            row is None
            or row.chat != mark.chat
            or row.site != self._owner.key
            or not may_open(row, Person(AGENT + mark.agent), rules)
        ):
            refuse(mark, Reason.NOT_FOUND)
        elif row.status == "closed":
            refuse(mark, Reason.CHAT_CLOSED)
        else:
            self._write(mark)

    def _write(self, mark: Mark) -> None:
        repeated: list[bool] = []

        def write(db: Database) -> None:
            repeated.append(tables.mark(db, mark.stream, mark.agent, mark.re))

        def settled(change: Change) -> None:
            if change.error is not None:
                refuse(mark, Reason.UNAVAILABLE)
                return
            # The last: a batch that has to be written once more writes this once more.
            dup = repeated[-1]
            mark.caller.accepted(Accepted(mark.re, mark.chat, dup=dup))
            if not dup:
                self._marked(mark)

        change = Change(write, self._owner.guarded(settled))
        self._journal.change(change)


def refuse(mark: Mark, reason: Reason) -> None:
    """Tell whoever asked that the ticket was not flagged."""
    mark.caller.refused(mark.re, mark.chat, Refused(reason))
