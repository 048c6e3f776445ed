"""The description of the socket, for programs."""

import re
from typing import Any, get_args

import msgspec
import pytest

from actors.chat.events import AnyBody
from broker.asyncapi import document, server_frames
from broker.requests import REQUESTS
from broker.wire import frames
from broker.wire.errors import Code
from tests.system.contract import faults


def test_every_operation_is_described_with_its_roles_and_answer() -> None:
    operations = document("0")["operations"]
    for name, frame in frames.OPERATIONS.items():
        if frame not in REQUESTS:
            continue
        request, described = REQUESTS[frame], operations[name]
        assert [tag["name"] for tag in described["tags"]] == sorted(request.roles)
        assert ("reply" in described) == (request.answer is not None)
    assert operations.keys() == frames.OPERATIONS.keys() | {"hear"}


def test_every_event_and_every_form_of_the_broker_is_described() -> None:
    messages = document("0")["components"]["messages"]
    assert {f"ev.{body.kind}" for body in get_args(AnyBody)} <= messages.keys()
    names = {form.__name__ for form in server_frames()} - {"Ev"}
    assert names <= messages.keys()


def test_no_reference_leads_nowhere() -> None:
    whole = document("0")
    text = msgspec.json.encode(whole).decode()
    references = set(re.findall(r'"\$ref":"#/([^"]+)"', text))
    assert len(references) > len(frames.OPERATIONS)
    for reference in references:
        found: Any = whole
        for part in reference.split("/"):
            found = found[part]


def test_the_codes_of_refusals_are_listed() -> None:
    err = document("0")["components"]["schemas"]["Err"]
    assert err["properties"]["code"] == {"enum": list(Code)}


@pytest.mark.parametrize(
    ("frame", "asked"),
    [
        ({"t": "nothing"}, None),
        ({"t": "ok", "re": "1", "head": 3}, "msg.send"),
        ({"t": "ok", "re": "1"}, "chat.open"),
        ({"t": "ev", "kind": "unheard of"}, None),
        ({"t": "live", "chat": "c", "upto": "3"}, None),
        ({"t": "live", "chat": "c", "upto": 3, "more": 1}, None),
        ({"t": "err", "re": "1", "code": "c", "message": "", "retry": False}, "read"),
    ],
)
def test_what_is_not_as_described_is_noticed(
    frame: dict[str, object], asked: str | None
) -> None:
    assert faults(frame, asked)


def test_what_is_as_described_is_fine() -> None:
    assert faults({"t": "live", "chat": "c", "upto": 3}, None) == []
    assert faults({"t": "ok", "re": "1", "chat": "c", "seq": 3}, "read") == []
