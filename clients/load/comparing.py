"""Two reports beside one another: how the new one compares with the old."""

from pathlib import Path
from typing import NamedTuple

import msgspec

from clients.load.figures import KINDS
from clients.load.plan import BadPlan
from clients.load.report import Report

FIGURES = ("p50", "p95", "p99", "p999")


class Ratio(NamedTuple):
    """A figure then and now."""

    name: str
    old: float
    new: float

    @property
    def times(self) -> float:
        """The new one, in old ones."""
        return self.new / self.old


def read(path: Path) -> Report:
    """Return the report in a file that `--json` wrote.

    Raises:
        BadPlan: there is none.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=Report)
    except OSError as error:
        raise BadPlan(f"{path}: {error.strerror}") from error
    except msgspec.MsgspecError as error:
        raise BadPlan(f"{path} is no report of a run: {error}") from error


def ratios(old: Report, new: Report) -> list[Ratio]:
    """Return the figures that both have."""
    found = [
        (f"{kind}.{name}", old.latency[kind][name], new.latency[kind][name])
        for kind in KINDS
        for name in FIGURES
    ]
    found += [("achieved", old.achieved, new.achieved)]
    if old.server and new.server:
        cpu = "cpu_us_per_message"
        then, now = old.server.cpu_us_per_message, new.server.cpu_us_per_message
        found += [
            (f"server.{cpu}", then, now),
            ("server.memory_mib", old.server.memory_mib, new.server.memory_mib),
        ]
    return [Ratio(name, then, now) for name, then, now in found if then and now]
