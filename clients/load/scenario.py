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

import tomllib
from pathlib import Path
from typing import Any

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


def read(path: Path) -> Scenario:
    """Return the scenario in a file.

    Raises:
        BadPlan: it is none; the message names the key.
    """
    try:
        return msgspec.toml.decode(path.read_bytes(), type=Scenario)
    except OSError as error:
        raise BadPlan(f"{path}: {error.strerror}") from error
    except (msgspec.MsgspecError, tomllib.TOMLDecodeError, UnicodeError) as error:
        raise BadPlan(f"{path}: {error}") from error


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
        given["rate"] = plan.rate(str(scenario.rate))
    if scenario.duration is not None:
        given["duration"] = plan.duration(str(scenario.duration))
    if scenario.mix is not None:
        given["mix"] = mixed(scenario.mix)
    if isinstance(scenario.chaos, Chaos):
        given["chaos"] = scenario.chaos
    elif scenario.chaos is not None:
        given["chaos"] = plan.chaos(scenario.chaos)
    return msgspec.structs.replace(Plan(), closed=scenario.closed, **given)


def mixed(given: str | dict[str, Any]) -> Mix:
    """Return a mix by its name, or as changes to the one it is based on.

    Raises:
        BadPlan: there is no such mix, or no such word in it.
    """
    changes = {"base": given} if isinstance(given, str) else dict(given)
    base = changes.pop("base", "normal")
    if base not in plan.MIXES:
        raise BadPlan(f"mix {base!r}: there are {', '.join(plan.MIXES)}")
    whole = msgspec.to_builtins(plan.MIXES[base]) | changes
    try:
        return msgspec.convert(whole, Mix)
    except msgspec.ValidationError as error:
        raise BadPlan(f"mix: {error}") from error
