"""`/v1/sites/{site}/reports/{name}`: how a shop answers."""

from typing import Annotated, NamedTuple, get_args

from litestar import Response, get
from litestar.di import NamedDependency, Provide
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, QueryParameter

from actors.ids import Millis
from actors.reports.figures import Name
from broker import reports
from broker.http.description import answering
from broker.http.errors import Refusal, refusals
from broker.http.guards import BEARER, Guards
from broker.reports import LONGEST, Asked, Judged, Report, as_csv
from broker.server import Broker
from broker.wire.errors import Code

PATH = "/v1/sites/{site:str}/reports/{report:str}"
CSV = "text/csv"
WEEK = 7 * 24 * 60 * 60 * 1000
LAST = 2**53
"""Milliseconds that every program can hold exactly."""
NAMES: dict[str, Name] = {name: name for name in get_args(Name)}

From = Annotated[int | None, QueryParameter(name="from", ge=0, le=LAST)]
To = Annotated[int | None, QueryParameter(name="to", ge=0, le=LAST)]
Seconds = Annotated[int | None, QueryParameter(ge=1, le=365 * 86_400)]


class When(NamedTuple):
    """A span, as far as it was named."""

    since: int | None
    until: int | None


def routes(broker: Broker, guards: Guards) -> list[HTTPRouteHandler]:
    """Return the handlers."""
    guard = guards.only("admin")
    refused = refusals(400, 401, 403, 404)
    asked = {
        "when": Provide(_when, sync_to_thread=False),
        "judged": Provide(_judged, sync_to_thread=False),
    }

    @get(PATH, guards=[guard], security=BEARER, responses=refused, dependencies=asked)
    async def read_report(
        site: FromPath[str],
        report: FromPath[str],
        when: NamedDependency[When],
        judged: NamedDependency[Judged],
    ) -> Report:
        """Answer a report: `checkins`, `sla`, `waiting` or `volume`.

        `from` and `to` are milliseconds since 1970, by default the last week; the end
        is not in it. `breach_s` judges check-ins, and `first_response`, `next_response`
        and `resolution` promises, in place of what the settings say.
        """
        return await _made(broker, site, report, when, judged)

    @get(
        f"{PATH}/csv",
        guards=[guard],
        security=BEARER,
        responses=refused,
        dependencies=asked,
        opt=answering(CSV),
    )
    async def read_report_as_csv(
        site: FromPath[str],
        report: FromPath[str],
        when: NamedDependency[When],
        judged: NamedDependency[Judged],
    ) -> Response[str]:
        """Answer the rows of the same report as a table with a head."""
        table = as_csv(await _made(broker, site, report, when, judged))
        headers = {"Content-Disposition": f'attachment; filename="{report}.csv"'}
        return Response(table, media_type=CSV, headers=headers)

    return [read_report, read_report_as_csv]


async def _made(
    broker: Broker, site: str, name: str, when: When, judged: Judged
) -> Report:
    if name not in NAMES:
        raise Refusal(Code.NOT_FOUND)
    end = broker.clock() if when.until is None else when.until
    begin = max(0, end - WEEK) if when.since is None else when.since
    if not begin < end <= begin + LONGEST:
        reason = "is not before `to`, or more than 400 days before it"
        raise Refusal(Code.BAD_FRAME, path="$.from", reason=reason)
    wanted = Asked(NAMES[name], Millis(begin), Millis(end), judged)
    return await reports.report(broker, site, wanted)


def _when(since: From = None, until: To = None) -> When:
    return When(since, until)


def _judged(
    breach_s: Seconds = None,
    first_response: Seconds = None,
    next_response: Seconds = None,
    resolution: Seconds = None,
) -> Judged:
    return Judged(breach_s, first_response, next_response, resolution)
