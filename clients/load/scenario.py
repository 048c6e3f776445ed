"""A run written down: a TOML file with the same words as the command line.

chats = 1000
agents = 25
rate = "500/s"
duration = "60s"
thresholds = ["send.p99<150ms"]

[mix]
base = "bursty"
ends = 0.02

[chaos]
drop = 0.02
"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from clients.load import plan
from clients.load.plan import BadPlan, Chaos, Mix, Plan


class Scenario(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A scenario file; what is not there is as on a bare command line."""

    chats: int | None = None
    agents: int | None = None
    rate: str | float | None = None
    duration: str | float | None = None
    seed: int | None = None
    closed: bool = False
    tabs: int | None = None
    workers: int | None = None
    thresholds: tuple[str, ...] = ()
    url: str | None = None
    script: str | None = None
    mix: str | dict[str, Any] | None = None
    chaos: str | Chaos | None = None


Parsed = TypeVar("Parsed")
TABLES: dict[str, type[msgspec.Struct]] = {"": Scenario, "mix": Mix, "chaos": Chaos}
"""What stands in a scenario, by table."""
EXAMPLES = {
    **dict.fromkeys(("chats", "agents", "seed", "tabs", "workers"), "20"),
    "rate": '"500/s"',
    "duration": '"60s"',
    "closed": "true",
    "thresholds": '["send.p99<150ms"]',
    "mix": '"day"',
    "mix.shape": '"bursts"',
    "mix.storms": "[0.5]",
    "mix.remind_s": "10",
    "chaos": '"drop=2%"',
    **dict.fromkeys((f"chaos.{name}" for name in plan.COUNTED), "3"),
}
"""What one may write, by key; for all others see `SHARE`."""
SHARE = "0.02, a share from 0 to 1"
_UNKNOWN = re.compile(r"unknown field `(.*)`")


def read(path: Path) -> Scenario:
    """Return the scenario in a file.

    Raises:
        BadPlan: it is none; the message names file, key and what would do.
    """
    try:
        scenario = msgspec.toml.decode(path.read_bytes(), type=Scenario)
        planned(scenario)
    except OSError as error:
        raise BadPlan(f"{path}: {error.strerror}") from error
    except BadPlan as error:
        raise BadPlan(f"{path}: {error}") from error
    except msgspec.ValidationError as error:
        raise BadPlan(f"{path}: {_advice(error)}") from error
    except (msgspec.DecodeError, UnicodeError) as error:
        raise BadPlan(f"{path}: {error}; it has to be TOML") from error
    return scenario


def _advice(error: msgspec.ValidationError, table: str = "") -> str:
    """Return which key is wrong, how, and what to write."""
    said, _, where = str(error).partition(" - at `$")
    key = ".".join(filter(None, (table, where.strip(".`").partition("[")[0])))
    unknown = _UNKNOWN.search(said)
    if unknown is not None:
        known = ", ".join(TABLES[key].__struct_fields__)
        return f"{key and key + '.'}{unknown[1]}: no such key; there are {known}"
    name = key.rpartition(".")[2]
    return f"{key}: {said}; write {name} = {EXAMPLES.get(key, SHARE)}"


def planned(scenario: Scenario) -> Plan:
    """Return the plan of a scenario, not checked yet.

    Raises:
        BadPlan: one of its words means nothing.
    """
    given: dict[str, Any] = {
        name: getattr(scenario, name)
        for name in ("chats", "agents", "seed", "tabs", "workers", "script")
        if getattr(scenario, name) is not None
    }
    if scenario.rate is not None:
        given["rate"] = _of("rate", plan.rate, scenario.rate)
    if scenario.duration is not None:
        given["duration"] = _of("duration", plan.duration, scenario.duration)
    if scenario.mix is not None:
        given["mix"] = mixed(scenario.mix)
    if isinstance(scenario.chaos, Chaos):
        given["chaos"] = scenario.chaos
    elif scenario.chaos is not None:
        given["chaos"] = _of("chaos", plan.chaos, scenario.chaos)
    for number, bound in enumerate(scenario.thresholds):
        _of(f"thresholds[{number}]", plan.threshold, bound)
    return msgspec.structs.replace(Plan(), closed=scenario.closed, **given)


def _of(key: str, parse: Callable[[str], Parsed], text: object) -> Parsed:
    """Return what `text` says; whoever reads the refusal learns of which key."""
    try:
        return parse(str(text))
    except BadPlan as error:
        raise BadPlan(f"{key}: {error}") from error


def mixed(given: str | dict[str, Any]) -> Mix:
    """Return a mix by its name, or as changes to the one it is based on.

    Raises:
        BadPlan: there is no such mix, or no such word in it.
    """
    changes = {"base": given} if isinstance(given, str) else dict(given)
    base = changes.pop("base", "normal")
    if base not in plan.MIXES:
        raise BadPlan(f"mix: there is no {base!r}; write {', '.join(plan.MIXES)}")
    whole = msgspec.to_builtins(plan.MIXES[base]) | changes
    try:
        return msgspec.convert(whole, Mix)
    except msgspec.ValidationError as error:
        raise BadPlan(_advice(error, "mix")) from error
