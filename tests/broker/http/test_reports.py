"""How a shop answers, asked by HTTP, and by the command beside the server."""

import csv
import io
import json
from functools import partial

import pytest
import trio

from actors.settings.attention import SlaPolicy, SlaSettings
from actors.settings.document import Settings
from storage import queries
from tests.broker.commands.typed import printed
from tests.broker.http.web import Answer, Web, refusal

REPORTS = "/v1/sites/default/reports"


async def answered(web: Web) -> None:
    """Have one question answered, and another not."""
    promises = SlaSettings((SlaPolicy("basic", first_response=60),))
    await web.shop.settle(Settings(sla=promises))
    ann = await web.shop.agent()
    for sub in ("sara", "tim"):
        shopper = await web.shop.shopper(sub)
        chat = (await shopper.ask("chat.start", text="hello"))["chat"]
        if sub == "sara":
            await ann.ask("msg.send", chat=chat, text="hi")


async def report(web: Web, name: str, **query: int) -> Answer:
    headers = await web.bearer()
    got = await web.client.get(f"{REPORTS}/{name}", headers=headers, params=query)
    assert got.status_code == 200, got.text
    found: Answer = got.json()
    return found


async def test_the_four_reports_of_the_last_week(web: Web) -> None:
    await answered(web)
    checkins = await report(web, "checkins")
    assert checkins["to"] - checkins["from"] == 7 * 24 * 3600 * 1000
    assert (checkins["report"], checkins["zone"]) == ("checkins", "UTC")
    total, _, ann = checkins["rows"]
    assert (total["scope"], total["holds"], total["in_time_pct"]) == ("total", 1, 100)
    assert (ann["scope"], ann["who"]) == ("agent", "ann")
    (promised, *_) = (await report(web, "sla"))["rows"]
    assert (promised["policy"], promised["met"], promised["missed"]) == ("basic", 1, 0)
    (first, *_) = (await report(web, "waiting"))["rows"]
    assert (first["answer"], first["answered"], first["unanswered"]) == ("first", 1, 1)
    (hour,) = (await report(web, "volume"))["rows"]
    assert (hour["chats"], hour["shoppers"], hour["agents"]) == (2, 2, 1)


async def test_the_past_may_be_judged_by_another_measure(web: Web) -> None:
    await answered(web)
    (promised, *_) = (await report(web, "sla", first_response=3600))["rows"]
    assert (promised["policy"], promised["met"]) == ("asked", 1)
    long_ago = {"from": 1_000, "to": 2_000}
    assert (await report(web, "volume", **long_ago))["rows"] == []


async def test_a_table_has_the_same_rows(web: Web) -> None:
    await answered(web)
    headers = await web.bearer()
    got = await web.client.get(f"{REPORTS}/waiting/csv", headers=headers)
    assert got.headers["content-type"].startswith("text/csv")
    assert "waiting.csv" in got.headers["content-disposition"]
    table = list(csv.DictReader(io.StringIO(got.text)))
    rows = (await report(web, "waiting"))["rows"]
    assert [row["answer"] for row in table] == [row["answer"] for row in rows]
    assert table[0]["who"] == ""


@pytest.mark.parametrize(
    ("path", "query", "status", "code"),
    [
        ("nonsense", {}, 404, "not_found"),
        ("sla", {"from": 2, "to": 1}, 400, "bad_frame"),
        ("sla", {"from": 0, "to": 2**53}, 400, "bad_frame"),
        ("sla", {"from": "yesterday"}, 400, "bad_frame"),
        ("checkins", {"breach_s": 0}, 400, "bad_frame"),
    ],
)
async def test_what_cannot_be_asked_is_refused(
    web: Web, path: str, query: dict[str, int | str], status: int, code: str
) -> None:
    headers = await web.bearer()
    got = await web.client.get(f"{REPORTS}/{path}", headers=headers, params=query)
    assert refusal(got) == (status, code)


async def test_reports_are_for_supervisors(web: Web) -> None:
    for role, sub in (("agent", "ann"), ("shopper", "sara")):
        headers = await web.bearer(role, sub)
        got = await web.client.get(f"{REPORTS}/sla", headers=headers)
        assert refusal(got) == (403, "forbidden")
    headers = await web.bearer()
    elsewhere = await web.client.get("/v1/sites/other/reports/sla", headers=headers)
    assert refusal(elsewhere) == (404, "not_found")


async def test_the_command_says_the_same_beside_the_server(web: Web) -> None:
    await answered(web)
    span = {"from": 0, "to": web.shop.broker.clock()}
    span["from"] = span["to"] - 10_000_000
    words = ("--from", span["from"], "--to", span["to"])
    for name in ("checkins", "sla", "waiting", "volume"):
        said = await report(web, name, **span)
        run = partial(printed, web.shop.broker.folder, "report", name, *words)
        assert json.loads(await trio.to_thread.run_sync(run)) == said
        table = await trio.to_thread.run_sync(partial(run, "--csv"))
        assert table.count("\n") == 1 + len(said["rows"])


async def test_only_chats_of_that_time_are_read(web: Web) -> None:
    await answered(web)
    now = web.shop.broker.clock()
    for since, until, found in ((0, 1, 0), (0, now + 1, 2), (now + 1, now + 2, 2)):
        alive = partial(queries.alive_between, site="default", since=since, until=until)
        assert len(await web.shop.broker.query(alive)) == found
