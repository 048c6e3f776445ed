"""A whole run: against whom, by how many processes, and what came of it."""

import time
from collections.abc import Awaitable, Callable, Generator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import NamedTuple

import trio

from clients.load import people
from clients.load.asked import Wanted
from clients.load.crowd import Crowd, NotSetUp, People
from clients.load.embedded import embedded
from clients.load.figures import Shelf
from clients.load.live import shown
from clients.load.plug import Address
from clients.load.report import Report, Run, Server, reported
from clients.load.running import Part, Watched, made, run, soon
from clients.load.usage import Usage, told_by
from clients.load.verdict import Summed, summed
from clients.load.workers import ran


class Target(NamedTuple):
    """Whom the run is against."""

    name: str
    address: Address
    people: People
    used: Callable[[], Usage | None]
    harm: Callable[[float], Awaitable[None]]
    harmed: Mapping[str, int]
    """How often what was done to it."""


def carried_out(wanted: Wanted) -> Report:
    """Run, and return the report.

    Raises:
        BadPlan: the people it needs are not there.
        Unreachable: nobody knows the host.
        NotSetUp: it did not begin.
    """
    with _target(wanted) as target:
        part = Part(wanted.plan, target.address, target.people)
        began, before = time.time(), target.used()
        figures = summed(_shelves(part, target))
        figures.totals.update(
            {f"chaos_{what}": number for what, number in target.harmed.items()}
        )
        server = _server(before, target.used(), figures)
    return reported(
        Run(wanted.plan, wanted.thresholds, target.name, began, figures, server)
    )


@contextmanager
def _target(wanted: Wanted) -> Generator[Target]:
    where = wanted.address
    if wanted.url is None or where is None:
        with embedded(wanted.plan) as (broker, crowd):
            name = "a broker of its own"
            where = people.address(broker.url)
            yield Target(name, where, crowd, broker.used, broker.harm, broker.harmed)
        return
    used = partial(told_by, where)
    yield Target(wanted.url, where, _people(wanted), used, _peace, {})


def _people(wanted: Wanted) -> People:
    if wanted.site_key is None:
        if wanted.tokens is None:
            raise AssertionError("one of them was given")
        return people.from_tokens(wanted.tokens, wanted.plan)
    found = people.from_site_key(wanted.site_key, wanted.plan)
    if wanted.tokens is None:
        return found
    # A shop's key makes no agents; a file of tokens may.
    return People(found.shoppers, people.agents_of(wanted.tokens, wanted.plan))


async def _peace(_zero: float) -> None:
    await trio.lowlevel.checkpoint()


def _shelves(part: Part, target: Target) -> list[Shelf]:
    try:
        if part.plan.workers > 1:
            return trio.run(partial(ran, part, target.harm))
        asides = (shown, partial(_beside, target))
        return [trio.run(partial(run, Watched(made(part), soon, asides)))]
    except* NotSetUp as errors:
        raise NotSetUp(str(_first(errors))) from None


async def _beside(target: Target, crowd: Crowd) -> None:
    await target.harm(crowd.figures.zero)


def _first(error: BaseException) -> BaseException:
    inside: tuple[BaseException, ...] = getattr(error, "exceptions", ())
    return _first(inside[0]) if inside else error


def _server(
    before: Usage | None, after: Usage | None, figures: Summed
) -> Server | None:
    """Return what the broker used between two looks."""
    if before is None or after is None:
        return None
    cpu_s, answered = after.cpu_s - before.cpu_s, figures.totals["answered"]
    each = round(cpu_s * 1e6 / answered, 1) if answered else None
    return Server(round(cpu_s, 3), each, round(after.memory_mib, 1))
