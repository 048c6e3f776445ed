"""The description of HTTP says what is so: of every route, whatever is asked of it.

Requests are made from the description itself. No answer is a failure of ours, each has
a status that is described for its route, and the form that is described for the status.
"""

import random
from pathlib import Path
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator

from tests.broker.http.generated import Maker, Schema
from tests.broker.http.test_matrix import Stage, staged
from tests.long import times

pytestmark = pytest.mark.slow

SEED = 20260131
TIMES = times(30, short=10)
"""Requests for each operation: some 1,000 in all, a few seconds."""
ASKERS = ("admin", "admin", "admin", "agent", "shopper", "visitor", "nobody")


async def described(stage: Stage) -> Schema:
    answer = await stage.web.client.get("/schema/openapi.json")
    document: Schema = answer.json()
    return document


def operations(document: Schema) -> list[tuple[str, str, Schema]]:
    return [
        (path, method, operation)
        for path, item in document["paths"].items()
        for method, operation in item.items()
    ]


def wrong_with(answer: httpx.Response, operation: Schema, document: Schema) -> str:
    """Return why `answer` is none that is described; empty if it is."""
    said = operation["responses"].get(str(answer.status_code))
    if said is None:
        return f"status {answer.status_code} is not described: {answer.text[:300]}"
    if answer.request.method == "HEAD" or not said.get("content"):
        return "a body" if answer.content else ""
    media = answer.headers["content-type"].partition(";")[0]
    known = said["content"]
    if media not in known:
        return f"{media} is not described, but {', '.join(known)}"
    if media != "application/json":
        return ""
    schema = known[media].get("schema", {})
    root = {**schema, "components": document["components"]}
    faults = Draft202012Validator(root).iter_errors(answer.json())
    return "; ".join(fault.message[:300] for fault in faults)


async def request(
    stage: Stage, maker: Maker, chance: random.Random, way: tuple[str, str, Schema]
) -> httpx.Response:
    path, method, operation = way
    query: dict[str, str] = {}
    for parameter in operation.get("parameters", ()):
        name, place = parameter["name"], parameter["in"]
        if place == "path":
            path = path.replace(f"{{{name}}}", maker.segment(stage.ids[name]))
        elif place == "query" and chance.random() < 0.5:
            query[name] = str(maker.value(parameter["schema"]))
    sent: dict[str, Any] = {}
    if method not in {"get", "head"}:
        content = operation.get("requestBody", {}).get("content", {})
        body = maker.body(content.get("application/json", {}).get("schema"))
        sent = {"content": body} if isinstance(body, bytes) else {"json": body}
    headers = stage.headers[chance.choice(ASKERS)]
    return await stage.web.client.request(
        method.upper(), path, params=query, headers=headers, **sent
    )


async def test_whatever_is_asked_is_answered_as_described(tmp_path: Path) -> None:
    chance = random.Random(SEED)
    async with staged(tmp_path) as stage:
        document = await described(stage)
        maker = Maker(document, chance)
        wrong: dict[str, str] = {}
        seen: set[int] = set()
        for path, method, operation in operations(document):
            for _ in range(TIMES):
                way = (path, method, operation)
                answer = await request(stage, maker, chance, way)
                seen.add(answer.status_code)
                fault = wrong_with(answer, operation, document)
                if answer.status_code >= 500:
                    fault = f"{answer.status_code}: {answer.request.content[:300]!r}"
                if fault:
                    wrong[f"{method} {path}"] = fault
        assert wrong == {}
        # Enough of it went through, and enough did not.
        assert seen >= {200, 201, 400, 401, 403, 404, 409}


@pytest.mark.parametrize(
    ("status", "body", "noticed"),
    [
        (200, {"n": 1}, ""),
        (200, {"n": "1"}, "is not of type"),
        (200, {}, "required"),
        (418, {}, "status 418"),
    ],
)
def test_what_is_not_described_is_noticed(
    status: int, body: dict[str, object], noticed: str
) -> None:
    schema: Schema = {
        "type": "object",
        "properties": {"n": {"$ref": "#/components/schemas/N"}},
        "required": ["n"],
    }
    document: Schema = {"components": {"schemas": {"N": {"type": "integer"}}}}
    content = {"application/json": {"schema": schema}}
    operation: Schema = {"responses": {"200": {"content": content}}}
    asked = httpx.Request("GET", "http://shop.example")
    answer = httpx.Response(status, json=body, request=asked)
    found = wrong_with(answer, operation, document)
    assert (noticed in found) if noticed else not found


PAGES = ("/schema", "/robots", "/licences", "/widget", "/desk", "/demo")
"""What is for browsers and people, and no part of the API."""


async def test_every_route_is_described_with_whom_it_lets_in(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        document = await described(stage)
        told = {(path, method) for path, method, _ in operations(document)}
        for way in stage.ways:
            path = way.path.replace(":str}", "}")
            if path.startswith(PAGES):
                continue
            assert (path, way.method.lower()) in told
            operation = document["paths"][path][way.method.lower()]
            assert operation.get("security", []) == (
                [{"bearer": []}] if way.guard else []
            )
            assert operation.get("description"), str(way)
