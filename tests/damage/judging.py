"""Whether what a damaged folder shows is true."""

import enum
import shutil
from pathlib import Path
from random import Random

import msgspec

from broker.checkup import findings
from tests.damage.harms import Harm
from tests.damage.shop import Read, Said, Shop, journal_of, read


class Outcome(enum.Enum):
    """What came of it; the last is the one that must never be."""

    WHOLE = "all is there"
    OLDER = "as of an earlier moment"
    PART = "some chats are refused"
    REFUSED = "refused, with a sentence"
    WRONG = "WRONG"


class Case(msgspec.Struct, frozen=True):
    """One folder that was harmed."""

    harm: str
    seed: str
    outcome: Outcome
    doctor: int
    """Lines that the doctor had to say before anybody served it."""
    why: str


async def tried(shop: Shop, folder: Path, harm: Harm, seed: str) -> Case:
    """Harm a copy of the shop's folder, look at it, serve it, and judge."""
    shutil.copytree(shop.folder, folder)
    harm.do(folder, Random(seed))
    lines = findings(journal_of(folder), images=False)
    try:
        came = await read(shop, folder)
        outcome, why = judged(shop.said, came)
    except Exception as error:  # noqa: BLE001 - whatever has no sentence is wrong
        outcome, why = Outcome.WRONG, repr(error)
    if outcome is Outcome.OLDER and not (harm.ages or lines):
        outcome, why = Outcome.WRONG, f"an earlier moment, untold; {why}"
    shutil.rmtree(folder)
    return Case(harm.name, seed, outcome, len(lines), why)


def judged(truth: Said, came: Read) -> tuple[Outcome, str]:
    """Return what it comes to that `came` is shown of what was said."""
    for chat, words in came.said.items():
        if words != truth[chat][: len(words)]:
            wrong = next(
                (each for each in words if each not in truth[chat]), "out of place"
            )
            return Outcome.WRONG, f"{chat} shows {wrong!r}"
    if not came.said:
        return Outcome.REFUSED, "; ".join(came.refused)
    if came.refused:
        # Of a chat that had not begun at an earlier moment nobody knows.
        gone = all(each.endswith("not_found") for each in came.refused)
        outcome = Outcome.OLDER if gone else Outcome.PART
        return outcome, "; ".join(came.refused)
    whole = all(came.said.get(chat) == words for chat, words in truth.items())
    return (Outcome.WHOLE if whole else Outcome.OLDER), ""
