"""What is logged, and what never is."""

import json
import logging
import sqlite3
import sys
from collections.abc import Generator
from io import StringIO
from pathlib import Path

import httpx
import pytest

from broker import log
from broker.config import Config, LimitsConfig, LogConfig
from broker.log import JsonFormatter
from storage.errors import Unwritable
from tests.system.client import FORMS, Form
from tests.system.shop import serving

CANARY = "canary-7f3a9c"
EMAIL = f"{CANARY}@shop.example"
PASSWORD = f"{CANARY} battery"


def line(message: str, *args: object, error: BaseException | None = None) -> str:
    """Return what a record becomes."""
    caught = None if error is None else (type(error), error, error.__traceback__)
    record = logging.LogRecord("a.b", logging.INFO, "x.py", 1, message, args, caught)
    return JsonFormatter().format(record)


def test_a_record_is_one_line_of_json() -> None:
    said = json.loads(line("two\nlines %s", "é"))
    assert said["message"] == "two\nlines é"
    assert (said["level"], said["logger"]) == ("info", "a.b")
    assert said["at"].endswith("+00:00")
    assert "\n" not in line("two\nlines")


@pytest.mark.parametrize(
    "message",
    [
        "from ann@shop.example to nobody",
        "token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbm4ifQ.c2lnbmF0dXJlc2ln was bad",
    ],
)
def test_what_looks_like_a_secret_is_cut_out(message: str) -> None:
    said = json.loads(line(message))["message"]
    assert "***" in said
    assert "ann" not in said
    assert "eyJ" not in said


def fail(error: Exception) -> None:
    raise error


def raised(error: Exception) -> Exception:
    """Return `error` with a traceback."""
    try:
        fail(error)
    except Exception as caught:  # noqa: BLE001 - any
        return caught
    raise AssertionError


def test_of_an_error_only_its_type_and_its_way_are_told() -> None:
    said = json.loads(line("failed", error=raised(ValueError(CANARY))))
    assert said["error"] == "ValueError"
    assert said["trace"][-1].endswith(" fail")
    assert CANARY not in line("failed", error=raised(sqlite3.Error(CANARY)))
    group = ExceptionGroup(CANARY, [raised(KeyError(CANARY)), OSError(2, "gone")])
    said = json.loads(line("failed", error=raised(group)))
    assert said["error"] == "ExceptionGroup [KeyError, FileNotFoundError: gone]"


def test_our_own_errors_say_what_to_do() -> None:
    full = Unwritable(Path("journal.db"), "no room")
    said = json.loads(line("failed", error=raised(full)))
    assert "Free some space" in said["error"]


@pytest.fixture
def stderr(monkeypatch: pytest.MonkeyPatch) -> Generator[StringIO]:
    """Log as a server does, into a string."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    written = StringIO()
    monkeypatch.setattr(sys, "stderr", written)
    log.set_up(LogConfig(level="debug", access=True))
    yield written
    logging.captureWarnings(capture=False)
    root.handlers[:], root.level = before, level


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMS, ids=[form.name for form in FORMS])
async def test_a_whole_conversation_leaves_no_trace_of_what_was_said(
    tmp_path: Path, form: Form, stderr: StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = Config(
        limits=LimitsConfig(trusted_networks=("127.0.0.0/8",)),
        log=LogConfig(level="debug", access=True),
    )
    async with serving(tmp_path, form, config) as shop:
        secrets = [shop.token("shopper", CANARY, name=CANARY, email=EMAIL)]
        sara = await shop.connect()
        await sara.hello(token=secrets[0])
        ann = await shop.agent()
        started = await sara.ask("chat.start", text=CANARY)
        chat = started["chat"]
        await ann.ask("chat.open", chat=chat)
        await ann.ask("msg.send", chat=chat, text=f"hello {EMAIL}")
        await ann.ask("note.add", chat=chat, text=CANARY)
        # Refusals, and what is none of the protocol.
        await sara.ask("msg.send", chat=chat, text=CANARY * 1000)
        await sara.ask("msg.send", chat=CANARY, text=CANARY)
        await sara.ask("canary." + CANARY, chat=chat)
        for token in (CANARY, f"{secrets[0]}{CANARY}"):
            stranger = await shop.connect()
            await stranger.hello(token=token)
        # A bug in an actor, and one in a peer.
        with monkeypatch.context() as patch:
            patch.setattr("actors.cells.chat.decide", _break)
            await ann.ask("msg.send", chat=chat, text=CANARY)
            patch.setattr("broker.peer.Peer._take_other", _break)
            await ann.say("identify", token=f"{secrets[0]}{CANARY}")
            await ann.read_to_the_end()
        async with httpx.AsyncClient(base_url=shop.url or "") as client:
            login = {"email": EMAIL, "password": PASSWORD}
            bearer = {"Authorization": f"Bearer {secrets[0]}"}
            await client.post(f"/v1/login?token={CANARY}", json=login)
            await client.post("/v1/login", content=f'{{"email":"{EMAIL}'.encode())
            await client.get("/v1/sites/default/settings", headers=bearer)
            with monkeypatch.context() as patch:
                patch.setattr("broker.http.routes.login.log_in", _break)
                assert (await client.post("/v1/login", json=login)).status_code == 500
        await sara.ask("chat.end", chat=chat)
        keys = [bytes(key.secret).decode() for key in shop.broker.gate._keys.values()]
    said = stderr.getvalue()
    assert "failed" in said
    assert "POST /v1/login" in said
    for each in said.splitlines():
        json.loads(each)
    for secret in (CANARY, EMAIL, PASSWORD, *secrets, *keys):
        assert secret not in said


def _break(*values: object) -> None:
    raise RuntimeError(f"cannot work with {values!r}")


@pytest.mark.slow
async def test_requests_are_logged_only_when_asked_for(
    tmp_path: Path, stderr: StringIO
) -> None:
    async with serving(tmp_path) as shop, httpx.AsyncClient() as client:
        await client.get(f"{shop.url}/healthz")
    assert "/healthz" not in stderr.getvalue()
