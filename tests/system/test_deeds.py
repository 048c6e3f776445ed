"""Who did what is known for good, and says nothing of what was said."""

import sqlite3
from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner, Result
from sqlite_utils import Database

from actors.settings.document import Settings
from actors.settings.retention import KeepDays, RetentionSettings
from broker.commands.deeds import command
from broker.office.clerk import carry_out
from broker.office.requests import (
    AddKey,
    AddSite,
    EraseProfile,
    ImportSite,
    MintToken,
    PutArticles,
)
from broker.sitefile import SiteFile
from storage import backup, deeds
from storage.deeds import NEWEST, Kept
from storage.meta import JOURNAL
from tests.broker.http.web import SETTINGS, Web, asked, refusal
from tests.system.test_erase import CANARIES, SARA, erased, lived, lived_a_little, ok

DEEDS = "/v1/sites/default/deeds"
AGENTS, KEYS = "/v1/sites/default/agents", "/v1/sites/default/keys"
HOOKS = "/v1/sites/default/webhooks"
NIGHT = int(datetime(2031, 5, 6, 2, tzinfo=UTC).timestamp() * 1000)
"""Long after all that a test says."""


@pytest.fixture
async def web(tmp_path: Path) -> AsyncGenerator[Web]:
    async with asked(tmp_path) as running:
        yield running


async def done(web: Web) -> list[Kept]:
    """Return all deeds, the first first."""
    read = partial(deeds.of_site, site="default", before=NEWEST, limit=1000)
    return (await web.shop.broker.query(read))[::-1]


async def told(web: Web, query: str = "") -> dict[str, Any]:
    answer = await web.client.get(DEEDS + query, headers=await web.bearer())
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def asked_of(
    web: Web, method: str, path: str, body: object = None
) -> dict[str, Any]:
    answer = await web.client.request(
        method, path, headers=await web.bearer(), json=body
    )
    assert answer.status_code < 300, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_what_an_admin_does_is_known_to_be_theirs(web: Web) -> None:
    sara = (await web.shop.shopper("sara")).who.removeprefix("shopper:")
    settings = await web.settings()
    put = {"if_version": settings["version"], "settings": settings["settings"]}
    await asked_of(web, "PUT", SETTINGS, put)
    faq: dict[str, object] = {"if_version": 0, "items": ()}
    await asked_of(web, "PUT", "/v1/sites/default/faq", faq)
    await asked_of(web, "POST", AGENTS, {"id": "kim", "password": "a secret of kim"})
    await asked_of(web, "PATCH", f"{AGENTS}/kim", {"role": "admin", "name": "Kimberly"})
    await asked_of(web, "PATCH", f"{AGENTS}/kim", {"disabled": True})
    kid = (await asked_of(web, "POST", KEYS))["kid"]
    await asked_of(web, "DELETE", f"{KEYS}/{kid}")
    hook = (await asked_of(web, "POST", HOOKS, {"url": "https://h.example/s3cret"}))[
        "id"
    ]
    await asked_of(web, "POST", f"{HOOKS}/{hook}/replay", {})
    await asked_of(web, "DELETE", f"{HOOKS}/{hook}")
    await asked_of(web, "POST", f"{SARA}/block", {"reason": "was rude to Ann"})
    await asked_of(web, "DELETE", f"{SARA}/block")
    archive = await web.client.get(f"{SARA}/export", headers=await web.bearer())
    assert archive.status_code == 200
    await asked_of(web, "DELETE", SARA)
    kept = await done(web)
    assert kept[0].act == "journal.begin"
    assert {each.by for each in kept[1:]} == {"agent:boss"}
    assert [(each.act, each.object, each.detail) for each in kept[1:]] == [
        ("settings.put", "1", ""),
        ("faq.put", "1", ""),
        ("agent.add", "kim", "agent"),
        ("agent.change", "kim", "name, role admin"),
        ("agent.change", "kim", "disabled"),
        ("key.add", kid, ""),
        ("key.remove", kid, ""),
        ("webhook.add", hook, ""),
        ("webhook.replay", hook, ""),
        ("webhook.remove", hook, ""),
        ("profile.block", sara, ""),
        ("profile.unblock", sara, ""),
        ("profile.export", sara, ""),
        ("profile.erase", sara, ""),
    ]
    words = msgspec.json.encode(kept).decode()
    for word in ("rude", "s3cret", "secret of", "Kimberly", "sara"):
        assert word not in words


async def test_what_was_refused_or_changes_nothing_was_not_done(web: Web) -> None:
    await lived_a_little(web)
    admin = await web.bearer()
    before = await done(web)
    refused = [
        await web.client.put(SETTINGS, json={"if_version": 7}, headers=admin),
        await web.client.delete(f"{KEYS}/none", headers=admin),
        await web.client.patch(f"{AGENTS}/none", json={}, headers=admin),
        await web.client.delete(f"{HOOKS}/none", headers=admin),
        await web.client.get(f"{SARA}x/export", headers=admin),
        await web.client.delete(f"{SARA}x", headers=admin),
    ]
    assert {400, 404} == {answer.status_code for answer in refused}
    # Nobody was blocked.
    await asked_of(web, "DELETE", f"{SARA}/block")
    assert await done(web) == before
    profile = (await erased(web))["profile"]
    once = await done(web)
    await erased(web, profile)
    assert await done(web) == once


async def test_the_command_line_is_the_operators(web: Web) -> None:
    await lived_a_little(web)
    broker = web.shop.broker
    for ask in (
        AddSite(site="other"),
        AddKey(),
        MintToken(role="admin", sub="zed"),
        MintToken(role="shopper", sub="sara"),
        PutArticles(items=()),
        ImportSite(site="default", part=SiteFile(macros=())),
        EraseProfile(profile="sara"),
    ):
        assert not hasattr(await carry_out(broker, ask), "code")
    kept = [each for each in await done(web) if each.act != "journal.begin"]
    assert {each.by for each in kept} == {"operator"}
    assert [each.act for each in kept] == [
        "key.add",
        "agent.add",
        "token.mint",
        "knowledge.put",
        "macros.put",
        "profile.erase",
    ]
    assert [each.object for each in kept[1:3]] == ["zed", "zed"]
    # What concerns one site is nobody's business at another.
    elsewhere = partial(deeds.of_site, site="other", before=NEWEST, limit=9)
    assert [each.act for each in await broker.query(elsewhere)] == [
        "site.add",
        "journal.begin",
    ]


async def test_deeds_are_read_by_pages_and_printed(web: Web) -> None:
    for _ in range(3):
        await carry_out(web.shop.broker, AddKey())
    page = await told(web, "?limit=2")
    assert [each["act"] for each in page["deeds"]] == ["key.add", "key.add"]
    assert page["more"] is True
    rest = await told(web, f"?before={page['deeds'][-1]['id']}")
    assert [each["act"] for each in rest["deeds"]] == ["key.add", "journal.begin"]
    assert rest["more"] is False
    printed = printing(web.shop.broker.folder)
    lines = [msgspec.json.decode(line) for line in printed.output.splitlines()]
    assert lines == page["deeds"] + rest["deeds"]
    assert printing(web.shop.broker.folder, "--site", "none").exit_code == 1
    for bad in ("?before=0", "?limit=501", "?limit=x"):
        answer = await web.client.get(DEEDS + bad, headers=await web.bearer())
        assert refusal(answer) == (400, "bad_frame")


def printing(folder: Path, *options: str) -> Result:
    return CliRunner().invoke(command, ["--data", str(folder), *options])


@pytest.mark.parametrize("role", ["agent", "shopper"])
async def test_deeds_are_for_admins_alone(web: Web, role: str) -> None:
    headers = await web.bearer(role, "ann" if role == "agent" else "sara")
    answer = await web.client.get(DEEDS, headers=headers)
    assert refusal(answer) == (403, "forbidden")


async def test_deeds_stay_and_know_no_words_of_who_is_forgotten(web: Web) -> None:
    await web.shop.save(Settings())
    await lived(web)
    await web.client.get(f"{SARA}/export", headers=await web.bearer())
    before = await done(web)
    await erased(web)
    after = await done(web)
    assert after[: len(before)] == before
    words = msgspec.json.encode(after).decode()
    assert [word for word in [*CANARIES, "sara"] if word in words] == []
    for sql in ("DELETE FROM deed", "UPDATE deed SET by = 'nobody'"):
        with pytest.raises(sqlite3.IntegrityError, match="what was done is not"):
            await web.shop.broker.change(partial(Database.execute, sql=sql))
    assert await done(web) == after


@pytest.mark.alone("a cluster that lives takes no older folder in")
async def test_a_restored_journal_says_that_it_is(tmp_path: Path) -> None:
    async with asked(tmp_path / "old") as web:
        await web.shop.save(Settings())
        before = await done(web)
    async with asked(tmp_path / "old") as web:
        assert await done(web) == before
        backup.back_up(tmp_path / "old" / JOURNAL, tmp_path / "copy.db")
    backup.restore(tmp_path / "copy.db", tmp_path / "new")
    for _ in range(2):
        async with asked(tmp_path / "new") as web:
            *same, last = await done(web)
            assert same == before
            assert (last.act, last.by) == ("journal.restore", "operator")


async def test_what_goes_by_age_is_noted_and_goes_on_where_it_was(web: Web) -> None:
    broker = web.shop.broker
    ann = await web.shop.agent()
    chats: list[str] = []
    for _ in range(3):
        sara, chat = await lived_a_little(web)
        await ok(sara, "chat.end", chat=chat)
        chats.append(chat)
    _, going_on = await lived_a_little(web)
    assert await broker.eraser.let_go(NIGHT) == 0, "kept for ever"
    keep = KeepDays(chat=30)
    await web.shop.save(Settings(retention=RetentionSettings(keep_days=keep)))
    noon = NIGHT + 10 * 3_600_000
    assert await broker.eraser.let_go(noon) == 0, "not by day"
    assert await broker.eraser.let_go(broker.clock()) == 0, "too young"
    assert await broker.eraser.let_go(NIGHT) == 3
    assert await broker.eraser.let_go(NIGHT) == 0, "gone already"
    for chat in chats:
        assert (await web.shop.journal(chat))[-1].kind == "erased"
    kinds = [entry.kind for entry in await web.shop.journal(going_on)]
    assert "erased" not in kinds
    assert (await ok(ann, "chat.open", chat=going_on))["chat"] == going_on
    last = (await done(web))[-1]
    assert (last.by, last.act) == ("system", "retention.run")
    assert (last.object, last.detail) == ("chat", "3 chats")
