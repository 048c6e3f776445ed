"""How much of what repeats is repeated: enough to find a mistake of today, or all."""

import os

LONG = bool(os.environ.pop("SHOPWIRE_LONG", ""))
"""`SHOPWIRE_LONG=1 make test` runs as often as the figures in the documents say.

It is taken out of what brokers inherit: they take it for `SHOPWIRE_LOG…` misspelt.
"""


def times(promised: int, short: int) -> int:
    """Return how often to run what is promised to hold `promised` times."""
    return promised if LONG else short


def environment() -> dict[str, str]:
    """Return our variables for a broker's process, to which ours says nothing."""
    return {name: os.environ[name] for name in os.environ if name != "SHOPWIRE_LONG"}
