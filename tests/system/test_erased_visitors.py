"""Who never signed in is erased as others are, and comes back as a stranger."""

import json
import sys
import zipfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import pytest
import trio
from click.testing import CliRunner
from msgspec.structs import replace

from actors.settings.ai import AiSettings, ScriptLine, ScriptSettings
from actors.settings.document import Settings
from actors.settings.retention import KeepDays, RetentionSettings
from broker.commands.doctor import command as doctor
from broker.commands.erase import command as erase
from broker.commands.export import command as export
from broker.commands.reading import journal
from broker.office.remembering import NAME
from broker.office.settings import put_settings
from broker.server import Broker
from storage import erasing
from storage.meta import JOURNAL
from tests.broker.http.web import Web, asked, refusal
from tests.long import environment, times
from tests.system.client import Client, Closed
from tests.system.process import Process, furnish
from tests.system.test_deeds import NIGHT
from tests.system.test_erase import is_sound, ok

PEOPLE = "/v1/sites/default/profiles"
WORD = "canary00marshland"
ANSWER = "What can I do for you?"
CHATS = times(100, short=30)
"""Of one visitor: enough for a process to die between two of them, as a rule."""
SCRIPT = ScriptSettings(lines=(ScriptLine("hello", ANSWER),))
BOT = Settings(ai=AiSettings(enabled=True, responder="script", script=SCRIPT))


@asynccontextmanager
async def shop_with_bot(folder: Path) -> AsyncGenerator[Web]:
    async with asked(folder) as web:
        if not web.shop.broker.sites.rules_of("default").bot:
            await web.shop.save(BOT)
        yield web


@pytest.fixture
async def web(tmp_path: Path) -> AsyncGenerator[Web]:
    async with shop_with_bot(tmp_path) as running:
        yield running


async def talked(client: Client) -> str:
    """Have a visitor talk to the bot; return the chat."""
    chat: str = (await ok(client, "chat.start", text=f"hello {WORD}"))["chat"]
    await client.until(t="ev", by="bot", kind="msg")
    return chat


async def talked_and_left(client: Client) -> str:
    """The same, and the end of it."""
    chat = await talked(client)
    await ok(client, "chat.end", chat=chat)
    return chat


async def erased(web: Web, name: str) -> httpx.Response:
    return await web.client.delete(f"{PEOPLE}/{name}", headers=await web.bearer())


async def exported(web: Web, name: str) -> httpx.Response:
    path = f"{PEOPLE}/{name}/export"
    return await web.client.get(path, headers=await web.bearer())


def holders(folder: Path) -> list[str]:
    """Return the files that still have what was said."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return [path.name for path in files if WORD.encode() in path.read_bytes()]


async def is_a_stranger(web: Web, before: Client, chat: str) -> Client:
    """Return who comes back with the secret of `before`, and is nobody known."""
    back = await web.shop.visitor(anon=before.welcome["anon"])
    assert back.who != before.who
    assert back.welcome["chat"] is None
    assert back.welcome["anon"] != before.welcome["anon"]
    refused = await back.ask("chat.open", chat=chat)
    bot = back.welcome["config"]["bot"]
    assert refused["code"] == ("not_found" if bot else "forbidden")
    again = await web.shop.visitor(anon=back.welcome["anon"])
    assert (again.who, "anon" in again.welcome) == (back.who, False)
    return back


async def test_a_visitor_is_erased_by_a_chat_of_theirs(web: Web) -> None:
    vic, ann = await web.shop.visitor(), await web.shop.agent()
    chat = await talked(vic)
    await ok(ann, "chat.open", chat=chat)
    await ok(ann, "note.add", chat=chat, text=f"about {WORD}")
    kinds = [entry.kind for entry in await web.shop.journal(chat)]
    assert holders(web.shop.broker.folder)
    done = await erased(web, chat)
    assert done.status_code == 200, done.text
    assert done.json()["profile"] == vic.who.removeprefix("anon:")
    assert done.json()["done"] is True
    assert await vic.read_to_the_end() == 4003
    await ann.until(t="ev", kind="erased")
    await web.shop.broker.query(lambda _: None)
    assert holders(web.shop.broker.folder) == []
    assert is_sound(web.shop.broker.folder)
    after = [entry.kind for entry in await web.shop.journal(chat)]
    assert (after[: len(kinds)], after[-1]) == (kinds, "erased")
    for name in (chat, done.json()["profile"]):
        assert (await erased(web, name)).json() == done.json()


async def test_all_chats_of_the_visitor_go_and_none_of_others(web: Web) -> None:
    vic, other = await web.shop.visitor(), await web.shop.visitor()
    first = await talked(vic)
    await ok(vic, "chat.end", chat=first)
    second, others = await talked(vic), await talked(other)
    assert (await erased(web, first)).status_code == 200
    assert (await web.shop.journal(second))[-1].kind == "erased"
    assert "erased" not in [each.kind for each in await web.shop.journal(others)]
    await ok(other, "msg.send", chat=others, text="hello again")


async def test_the_browser_that_comes_back_is_a_stranger_for_good(
    tmp_path: Path,
) -> None:
    async with shop_with_bot(tmp_path) as web:
        vic = await web.shop.visitor()
        chat = await talked(vic)
        await erased(web, chat)
        back = await is_a_stranger(web, vic, chat)
        assert await talked(back) != chat
    async with shop_with_bot(tmp_path) as web:
        await is_a_stranger(web, vic, chat)
        # Whether or not there is a bot to talk to.
        await web.shop.save(Settings())
        await is_a_stranger(web, vic, chat)


@pytest.mark.alone("a cluster that lives takes no older folder in")
async def test_a_backup_from_before_forgets_the_visitor_again(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    new.mkdir()
    async with shop_with_bot(old) as web:
        vic = await web.shop.visitor()
        chat = await talked(vic)
    (new / JOURNAL).write_bytes((old / JOURNAL).read_bytes())
    async with shop_with_bot(old) as web:
        await erased(web, chat)
    (new / NAME).write_bytes((old / NAME).read_bytes())
    async with shop_with_bot(new) as web:
        # Before it has had the time to erase anything.
        await is_a_stranger(web, vic, chat)
        with trio.fail_after(20):
            while holders(new):  # noqa: ASYNC110  # for want of a notice
                await trio.sleep(0.05)
    assert is_sound(new)


async def test_a_visitor_s_chats_go_by_their_age_and_they_stay_who_they_are(
    web: Web,
) -> None:
    vic, keep = await web.shop.visitor(), KeepDays(chat=30)
    chat = await talked(vic)
    await ok(vic, "chat.end", chat=chat)
    await web.shop.save(replace(BOT, retention=RetentionSettings(keep)))
    assert await web.shop.broker.eraser.let_go(NIGHT) == 1
    assert holders(web.shop.broker.folder) == []
    assert is_sound(web.shop.broker.folder)
    back = await web.shop.visitor(anon=vic.welcome["anon"])
    assert back.who == vic.who
    assert await talked(back) != chat


async def test_a_visitor_is_handed_what_is_kept_of_them(web: Web) -> None:
    vic, other = await web.shop.visitor(), await web.shop.visitor()
    chat = await talked(vic)
    await ok(other, "chat.start", text="Nobody but they know")
    answer = await exported(web, chat)
    assert answer.status_code == 200, answer.text
    found = zipfile.ZipFile(BytesIO(answer.content))
    person: dict[str, Any] = json.loads(found.read("person.json"))
    assert person["chats"] == [chat]
    assert person["profile"]["id"] == vic.who.removeprefix("anon:")
    assert person["profile"]["name"] is None
    assert WORD in found.read(f"chats/{chat}.html").decode()
    assert ANSWER in found.read(f"chats/{chat}.json").decode()
    whole = b"".join(found.read(name) for name in found.namelist())
    assert b"Nobody but they" not in whole
    await erased(web, chat)
    for name in (chat, person["profile"]["id"]):
        assert refusal(await exported(web, name)) == (404, "not_found")


async def test_the_commands_know_a_visitor_by_a_chat(web: Web, tmp_path: Path) -> None:
    chat, target = await talked(await web.shop.visitor()), tmp_path / "vic.zip"
    data = ["--data", str(web.shop.broker.folder)]

    async def run(command: Any, *words: str) -> str:  # noqa: ANN401  # any of click's
        invoke = partial(CliRunner().invoke, command, [*words, *data])
        result = await trio.to_thread.run_sync(invoke)
        assert result.exit_code == 0, result.output
        return result.output

    await run(export, chat, "--to", str(target))
    assert f"chats/{chat}.html" in zipfile.ZipFile(target).namelist()
    target.unlink()
    assert '"done":true' in (await run(erase, chat, "--yes")).replace(" ", "")
    assert await run(doctor, "--find", WORD) == ""


async def test_who_signed_in_is_found_by_a_chat_too(web: Web) -> None:
    sara = await web.shop.shopper("sara")
    chat = (await ok(sara, "chat.start", text=WORD))["chat"]
    done = await erased(web, chat)
    assert done.json()["profile"] == sara.who.removeprefix("shopper:")
    assert await sara.read_to_the_end() == 4003
    assert refusal(await erased(web, "sara")) == (404, "not_found")


async def test_a_chat_elsewhere_or_of_no_one_names_nobody(web: Web) -> None:
    chat = await talked(await web.shop.visitor())
    await web.shop.open_site("second", BOT)
    stranger = await web.shop.visitor(site="second")
    there = (await ok(stranger, "chat.start", text="hello"))["chat"]
    swapped = chat[:-1] + ("0" if chat[-1] != "0" else "1")
    for name in (there, swapped, stranger.who.removeprefix("anon:")):
        assert refusal(await erased(web, name)) == (404, "not_found")
        assert refusal(await exported(web, name)) == (404, "not_found")


async def test_agents_see_what_a_visitor_said_before(web: Web) -> None:
    vic, ann = await web.shop.visitor(), await web.shop.agent()
    first = await talked(vic)
    await ok(vic, "chat.end", chat=first)
    second = await talked(vic)
    person = (await ok(ann, "profile.get", chat=second))["profile"]
    assert person["id"] == vic.who.removeprefix("anon:")
    assert [each["chat"] for each in person["open_tickets"]] == [second]
    assert [each["chat"] for each in person["previous_chats"]] == [first]


async def writes_on(client: Client, chat: str) -> None:
    """Begin chats and end them, until shut out."""
    with suppress(Closed):
        for _ in range(100):
            await client.say("chat.start", text=f"hello {WORD}")
            await client.say("chat.end", chat=chat)
            await trio.lowlevel.checkpoint()


async def is_left(broker: Broker) -> bool:
    """Return whether there is anything of anybody who was to be erased."""
    unfinished = await broker.query(erasing.unfinished)
    return bool(unfinished or holders(broker.folder))


@pytest.mark.parametrize("role", ["visitor", "shopper"])
async def test_who_writes_on_while_they_are_erased_is_erased(
    web: Web, role: str
) -> None:
    shop = web.shop
    client = await (shop.visitor() if role == "visitor" else shop.shopper())
    chat = await talked(client)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(writes_on, client, chat)
        await client.until(t="ok")
        answer = await erased(web, chat)
        assert answer.status_code in {200, 503}, "what is left goes by itself"
        nursery.cancel_scope.cancel()
    with trio.fail_after(30):
        while await is_left(shop.broker):  # noqa: ASYNC110  # for want of a notice
            await trio.sleep(0.1)
    assert is_sound(shop.broker.folder)


async def command(folder: Path, *words: str, check: bool = True) -> str:
    """Run `shopwire`, beside whoever serves the folder; return what it prints."""
    shopwire = [sys.executable, "-m", "broker", *words, "--data", str(folder)]
    run = partial(trio.run_process, capture_stdout=True, capture_stderr=True)
    done = await run(shopwire, env=environment(), check=check)
    return bytes(done.stdout).decode()


def erased_chats(folder: Path) -> int:
    with journal(folder) as db:
        return int(db.execute("SELECT count(*) FROM erased").fetchone()[0])


@pytest.mark.slow
@pytest.mark.timeout(180)
async def test_erasing_a_visitor_goes_on_where_a_dead_process_was(
    tmp_path: Path,
) -> None:
    await furnish(tmp_path)
    async with Broker.open(tmp_path) as broker:
        assert await put_settings(broker, "default", 0, BOT, by="agent:boss") == 1
    with Process(tmp_path) as process:
        await process.start()
        async with trio.open_nursery() as nursery:
            vic = await process.connect(nursery)
            secret = (await vic.hello())["anon"]
            chats = [await talked_and_left(vic) for _ in range(CHATS)]
            nursery.start_soon(
                partial(command, tmp_path, "erase", chats[0], "--yes", check=False)
            )
            with trio.fail_after(60):
                while not erased_chats(tmp_path):  # noqa: ASYNC110  # it cannot tell us
                    await trio.sleep(0.001)
            await process.kill()
            await vic.cut()
        await process.start()
        async with trio.open_nursery() as nursery:
            back = await process.connect(nursery)
            welcome = await back.hello(anon=secret)
            assert (welcome["who"] != vic.who, "anon" in welcome) == (True, True)
            with trio.fail_after(60):
                while holders(tmp_path):  # noqa: ASYNC110  # for want of a notice
                    await trio.sleep(0.05)
            await back.cut()
            nursery.cancel_scope.cancel()
        await process.kill()
    assert await command(tmp_path, "doctor", "--find", WORD) == ""
    await command(tmp_path, "replay", "--all", "--check")


@pytest.mark.slow
@pytest.mark.alone("a node's folder is changed by its cluster alone")
async def test_nobody_has_to_serve_the_folder_a_visitor_is_erased_in(
    tmp_path: Path,
) -> None:
    async with shop_with_bot(tmp_path) as web:
        vic = await web.shop.visitor()
        chat = await talked(vic)
    done = json.loads(await command(tmp_path, "erase", chat, "--yes"))
    assert (done["profile"], done["done"]) == (vic.who.removeprefix("anon:"), True)
    assert await command(tmp_path, "doctor", "--find", WORD) == ""
    async with shop_with_bot(tmp_path) as web:
        await is_a_stranger(web, vic, chat)
