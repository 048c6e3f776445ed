"""What ends a command, in a sentence and an exit code."""

import os
import sqlite3
from typing import NamedTuple

import click

from broker.cluster.nats.link import NatsError
from broker.cluster.ports import Unavailable
from broker.config import ConfigError
from storage.errors import StorageError


class Failure(NamedTuple):
    """What is said, and how the process ends."""

    text: str
    code: int


def told(error: BaseException) -> Failure | None:
    """Return how to tell of `error`; `None`: it is a bug, its traceback is better."""
    # A nursery wraps what ended it, and what that ended on its way.
    inside: tuple[BaseException, ...] = getattr(error, "exceptions", ())
    if inside:
        members = [told(member) for member in inside]
        return members[0] if all(members) else None
    if isinstance(error, ConfigError):
        return Failure(str(error), 2)
    if isinstance(error, click.ClickException):
        return Failure(error.format_message(), error.exit_code)
    if isinstance(error, BrokenPipeError):
        return Failure("Nobody reads what is printed any more.", 1)
    if isinstance(error, PermissionError) and error.filename:
        user = os.geteuid()
        advice = f"User {user} runs this: let it be theirs, or run this as its owner."
        return Failure(f"{error.filename}: {error.strerror}. {advice}", 1)
    if isinstance(error, OSError) and error.filename:
        return Failure(f"{error.filename}: {error.strerror}.", 1)
    if isinstance(error, sqlite3.Error):
        return Failure(f"The journal cannot be read: {error}. Ask the doctor.", 1)
    if isinstance(error, StorageError):
        return Failure(str(error), 1)
    if isinstance(error, NatsError | Unavailable):
        advice = "`shopwire doctor --preflight` names the servers that do not answer."
        return Failure(f"NATS: {error}. See cluster.nats and its keys; {advice}", 1)
    return None
