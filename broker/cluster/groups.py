"""What goes wrong in a nursery comes in a group: the one that matters, out of it."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import trio

from storage.errors import JournalBroken, SteppedDown


@asynccontextmanager
async def one_error() -> AsyncGenerator[None]:
    """Let what goes wrong in a nursery leave it as it is."""
    try:
        yield
    except BaseExceptionGroup as group:
        for error in leaves(group):
            if not isinstance(error, trio.Cancelled):
                raise error from None
        raise


def of_the_disk(group: BaseExceptionGroup[BaseException]) -> JournalBroken | None:
    """Return what says that it is the disk, and not the log, if anything does."""
    for error in leaves(group):
        if isinstance(error, JournalBroken) and not isinstance(
            error.__cause__, SteppedDown
        ):
            return error
    return None


def first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """Return the first of them, or what caused it."""
    error = next(iter(leaves(group)))
    return error.__cause__ or error


def leaves(group: BaseExceptionGroup[BaseException]) -> list[BaseException]:
    """Return all that are no groups themselves."""
    found: list[BaseException] = []
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            found += leaves(error)  # pyright: ignore[reportUnknownArgumentType]  # narrowed to a group of anything
        else:
            found.append(error)
    return found
