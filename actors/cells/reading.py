"""Reads of the journal on behalf of an actor: whatever goes wrong is that actor's."""

import sqlite3
from collections.abc import Callable
from typing import TypeVar

from actors.runtime.actor import Actor
from storage.journal import Journal

Found = TypeVar("Found")


def ask(
    actor: Actor,
    journal: Journal,
    read: Callable[[sqlite3.Connection], Found],
    then: Callable[[Found], None],
    about: object = None,
) -> None:
    """Have `then` called with what `read` finds.

    If it cannot be read, `actor` restarts, and turns away the message it was `about`.
    """
    otherwise = actor.guarded(fail, about)
    journal.ask(read, actor.guarded(then, about), otherwise)


def fail(error: Exception) -> None:
    """Raise `error` where it was not expected."""
    raise error
