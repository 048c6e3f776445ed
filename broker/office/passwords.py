"""Passwords: argon2, in threads, a few at a time.

One hash takes 0.3 s of a core and 64 MiB. On the loop it would stop every chat for that
long; in any number of threads it would take the whole machine.
"""

from functools import partial
from typing import TYPE_CHECKING

import trio

from storage.accounts import PasswordHash

if TYPE_CHECKING:
    from argon2 import PasswordHasher

AT_ONCE = 2
NOBODY = PasswordHash(
    "$argon2id$v=19$m=65536,t=3,p=4$JRXKeey/dN5hO/IEnrZSYg$SbsJfv"
    "nOEhGaSG1yvy9ovzx8yL89bn9i+DhzvL+QnYk"
)
"""Of a password that was thrown away: an unknown name must cost what a known one does.
A test holds its cost against what new hashes get."""
MOST_WAITING = 32
"""Who comes after these would wait five seconds and more: better told at once."""

_room: trio.lowlevel.RunVar[trio.CapacityLimiter] = trio.lowlevel.RunVar("passwords")


class Busy(Exception):
    """Too many want a password looked at; ask again later."""


async def hashed(password: str) -> PasswordHash:
    """Return the hash to store, with a salt of its own.

    Raises:
        Busy: too many others wait.
    """
    return await trio.to_thread.run_sync(_hash, password, limiter=_limiter())


async def matches(password: str, known: PasswordHash | None) -> bool:
    """Return whether `password` is the one; against nobody's it takes as long.

    Raises:
        Busy: too many others wait.
    """
    check = partial(_matches, password, known)
    return await trio.to_thread.run_sync(check, limiter=_limiter())


def _limiter() -> trio.CapacityLimiter:
    try:
        limiter = _room.get()
    except LookupError:
        limiter = trio.CapacityLimiter(AT_ONCE)
        _room.set(limiter)
    if limiter.statistics().tasks_waiting >= MOST_WAITING:
        raise Busy
    return limiter


def hasher() -> "PasswordHasher":
    """Return what makes new hashes."""
    # Late, and in its thread: who starts a broker waits for no cryptography.
    from argon2 import PasswordHasher  # noqa: PLC0415

    return PasswordHasher()


def _hash(password: str) -> PasswordHash:
    return PasswordHash(hasher().hash(password))


def _matches(password: str, known: PasswordHash | None) -> bool:
    from argon2.exceptions import (  # noqa: PLC0415 - as above
        InvalidHashError,
        VerificationError,
    )

    try:
        hasher().verify(known or NOBODY, password)
    except (VerificationError, InvalidHashError):
        return False
    return known is not None
