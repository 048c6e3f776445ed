"""What a command line and a scenario file together ask for."""

from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from clients.load import plan, script
from clients.load.people import address
from clients.load.plan import COUNTED, BadPlan, Plan, Threshold
from clients.load.plug import Address
from clients.load.scenario import Scenario, planned, read


class Files(NamedTuple):
    """What is written, and what is compared with."""

    json: Path | None
    html: Path | None
    csv: Path | None
    junit: Path | None
    compare: Path | None

    def check(self) -> None:
        """Find out before a long run whether its report can be kept.

        Raises:
            BadPlan: there is no such folder.
        """
        for path in self[:-1]:
            if path is not None and not path.resolve().parent.is_dir():
                raise BadPlan(f"{path}: there is no folder {path.resolve().parent}")


class Options(msgspec.Struct, frozen=True):
    """The command line, as it was typed."""

    scenario: Path | None
    url: str | None
    site_key: Path | None
    tokens: Path | None
    chats: int | None
    agents: int | None
    tabs: int | None
    rate: str | None
    duration: str | None
    seed: int | None
    mix: str | None
    closed: bool
    chaos: str | None
    threshold: tuple[str, ...]
    workers: int | None
    script: Path | None
    ca: Path | None
    insecure: bool
    json: Path | None
    html: Path | None
    csv: Path | None
    junit: Path | None
    compare: Path | None

    @classmethod
    def of(cls, given_: dict[str, Any]) -> "Options":
        """Return what click has checked already."""
        return cls(**given_)


class Wanted(NamedTuple):
    """A run that makes sense."""

    plan: Plan
    thresholds: tuple[Threshold, ...]
    url: str | None
    site_key: Path | None
    tokens: Path | None
    files: Files
    ca: Path | None = None
    insecure: bool = False

    @property
    def address(self) -> Address | None:
        """Where `url` is, if there is one.

        Raises:
            BadPlan: it is no such URL.
            Unreachable: nobody knows the host.
        """
        if self.url is None:
            return None
        return address(self.url, self.ca, insecure=self.insecure)


def given(options: Options) -> Wanted:
    """Return what is asked for; the command line goes before the file.

    Raises:
        BadPlan: it makes no sense.
    """
    scenario = read(options.scenario) if options.scenario else Scenario()
    changes: dict[str, Any] = {
        name: getattr(options, name)
        for name in (
            *("chats", "agents", "tabs", "rate", "duration"),
            *("seed", "mix", "chaos", "workers", "url"),
        )
        if getattr(options, name) is not None
    }
    if options.script is not None:
        changes["script"] = str(options.script)
    if options.threshold:
        changes["thresholds"] = options.threshold
    if options.closed:
        changes["closed"] = True
    scenario = msgspec.structs.replace(scenario, **changes)
    wanted = Wanted(
        planned(scenario).checked(),
        tuple(plan.threshold(text) for text in scenario.thresholds),
        scenario.url,
        options.site_key,
        options.tokens,
        Files(options.json, options.html, options.csv, options.junit, options.compare),
        options.ca,
        options.insecure,
    )
    _check(wanted)
    return wanted


def _check(wanted: Wanted) -> None:
    harmed = [name for name in COUNTED if getattr(wanted.plan.chaos, name)]
    if wanted.plan.script is not None:
        script.read(wanted.plan.script)
    if wanted.url is None and (wanted.tokens or wanted.site_key):
        raise BadPlan("--tokens and --site-key are for a broker named by --url")
    if wanted.url is not None and not (wanted.tokens or wanted.site_key):
        raise BadPlan("--url needs --tokens FILE or --site-key FILE")
    if wanted.url is not None and harmed:
        which = " and ".join(harmed)
        raise BadPlan(f"chaos: {which}: only for a broker started for the run")
