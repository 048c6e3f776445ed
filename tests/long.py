"""How much of what repeats is repeated: enough to find a mistake of today, or all."""

import os

LONG = bool(os.environ.get("SHOPWIRE_LONG"))
"""`SHOPWIRE_LONG=1 make test` runs as often as the figures in the documents say."""


def times(promised: int, short: int) -> int:
    """Return how often to run what is promised to hold `promised` times."""
    return promised if LONG else short
