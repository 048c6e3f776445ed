"""What answers shoppers in the bot's turn: the seam between us and whoever it is.

Nobody here is trusted. An answer is text, bounded, and nothing that stands in it can do
anything but be read; who fails is one of many, and others step in.
"""

from typing import Protocol

import msgspec

from broker.outward.ai.views import View

MOST_TEXTS = 3
"""Messages in one answer."""
MOST_CHARS = 2000
"""Characters in one message: longer ones are not read in a chat's window."""
MOST_SOURCES = 10
SOURCE_CHARS = 200
REASON_CHARS = 64


class Reply(msgspec.Struct, frozen=True):
    """Say this."""

    texts: tuple[str, ...]
    sources: tuple[str, ...] = ()
    """Ids of passages that it rests on."""


class Escalate(msgspec.Struct, frozen=True):
    """A person should answer."""

    reason: str


class Silent(msgspec.Struct, frozen=True):
    """There is nothing to say."""


class Unsure(msgspec.Struct, frozen=True):
    """No answer was found: asked otherwise, there might be one."""

    reason: str


Outcome = Reply | Escalate | Silent | Unsure


class NoAnswer(Exception):
    """The responder failed; the text says how, and nothing of a key or a chat."""


class Responder(Protocol):
    """Answers what shoppers ask."""

    async def answer(self, view: View) -> Outcome:
        """Return what to do about `view`; cancelled when it takes too long.

        Raises:
            NoAnswer: it cannot, this time.
        """
        ...


def cleaned(texts: tuple[str, ...]) -> tuple[str, ...]:
    """Return what may be said of `texts`, in as many messages as may be.

    Raises:
        NoAnswer: nothing is left.
    """
    kept = tuple(text for text in map(clean, texts) if text)
    if not kept:
        raise NoAnswer("the answer is empty")
    return kept[:MOST_TEXTS]


def clean(text: str) -> str:
    """Return `text` without what no message has, cut to the longest that is shown."""
    shown = "".join(c for c in text if c in "\n\t" or c.isprintable())
    shown = shown.encode(errors="ignore").decode().strip()
    return shown if len(shown) <= MOST_CHARS else shown[: MOST_CHARS - 1] + "…"


def word(text: str, most: int = REASON_CHARS) -> str:
    """Return `text` as one short line."""
    return " ".join(clean(text[: 4 * most]).split())[:most]
