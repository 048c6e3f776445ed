"""Folders that cannot take part in a cluster, and what an operator does about it."""

from pathlib import Path

import trio

from broker.cluster.ports import Log
from storage.errors import StorageError
from storage.follower import Follower

LOOKS = 6
"""At a log that ends too early: a server that no longer leads may for a moment not know
what the others have."""
AGAIN_S = 0.5
"""Seconds from one to the next."""


class Unfit(StorageError):
    """The folder cannot be a node's; nothing in it was changed."""


class Foreign(Unfit):
    """The folder has a journal of its own, and the cluster another."""

    def __init__(self, folder: Path) -> None:
        super().__init__(
            f"The folder {folder} has a journal of its own, and the cluster has"
            " another. Start with an empty folder, or with an empty cluster."
        )


class Shortened(Unfit):
    """The folder has what the cluster's log has not: its servers have lost something.

    Nobody but an operator can tell which of the two is to be gone on with.
    """

    def __init__(self, folder: Path, applied: int, end: int) -> None:
        super().__init__(
            f"The folder {folder} has come to entry {applied} of the cluster's log,"
            f" which ends at {end}: its servers have lost what came between. Stop all"
            " nodes and empty the servers' store; take the folder that has come"
            " furthest out with `shopwire cluster leave`, and start it first, the"
            " others on empty folders."
        )


async def refuse_shortened(log: Log, follower: Follower, folder: Path) -> None:
    """Return if the log has at least what the follower in `folder` has.

    Raises:
        Shortened: it has not.
        Unavailable: it does not answer.
    """
    end = 0
    for _ in range(LOOKS):
        last = await log.last()
        end = 0 if last is None else last.seq
        if end >= follower.applied:
            return
        await trio.sleep(AGAIN_S)
    raise Shortened(folder, follower.applied, end)
