"""An archive of a person has what is kept of them, and nothing of anybody else."""

import json
import zipfile
from collections.abc import AsyncGenerator
from functools import partial
from io import BytesIO
from pathlib import Path

import pytest
import trio
from click.testing import CliRunner, Result

from broker.commands.export import command
from tests.broker.http.web import Web, asked, refusal
from tests.broker.images.corpus import png
from tests.system.test_erase import CANARIES, SARA, canary, lived

INTERNAL = {canary("note"), canary("tag")}
"""What the shop's people wrote to each other."""
NOT_KEPT = {canary("sought")}
"""What an agent looked for is no part of any person."""


@pytest.fixture
async def web(tmp_path: Path) -> AsyncGenerator[Web]:
    async with asked(tmp_path) as running:
        yield running


async def archive(web: Web, query: str = "") -> zipfile.ZipFile:
    answer = await web.client.get(f"{SARA}/export{query}", headers=await web.bearer())
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/zip"
    found = zipfile.ZipFile(BytesIO(answer.content))
    assert found.testzip() is None
    return found


def words(found: zipfile.ZipFile) -> set[str]:
    """Return which canaries stand in the text of it."""
    texts = [
        found.read(name).decode() for name in found.namelist() if "images/" not in name
    ]
    return {word for word in CANARIES if any(word in text for text in texts)}


async def test_all_that_is_known_is_in_it_and_nothing_of_others(web: Web) -> None:
    chats = await lived(web)
    tom = await web.shop.shopper("tom")
    await tom.ask("chat.start", text="Nobody but Tom knows")
    found = await archive(web)
    kept = set(CANARIES) - NOT_KEPT - {canary("file")}
    assert words(found) == kept - INTERNAL
    assert json.loads(found.read("person.json"))["deeds"] == []
    noted = await archive(web, "?notes=true")
    assert words(noted) >= kept - {canary("tag")}
    deeds = json.loads(noted.read("person.json"))["deeds"]
    assert [(each["act"], each["detail"]) for each in deeds] == [
        ("profile.export", ""),
        ("profile.export", "with notes"),
    ]
    whole = b"".join(found.read(name) for name in found.namelist())
    assert b"Nobody but Tom" not in whole
    person = json.loads(found.read("person.json"))
    assert person["profile"]["sub"] == "sara"
    assert sorted(person["chats"]) == sorted(chats)
    assert person["missing_images"] == []
    (image,) = [name for name in found.namelist() if name.startswith("images/")]
    assert found.read(image)[:8] == png()[:8]
    page = found.read(f"chats/{chats[0]}.html").decode()
    assert f'href="../{image}"' in page


async def test_nobody_has_none(web: Web) -> None:
    admin = await web.bearer()
    path = "/v1/sites/default/profiles/nobody/export"
    assert refusal(await web.client.get(path, headers=admin)) == (404, "not_found")
    await lived(web)
    await web.client.delete(SARA, headers=admin)
    gone = await web.client.get(f"{SARA}/export", headers=admin)
    assert refusal(gone) == (404, "not_found")


async def test_the_command_writes_it_once(web: Web, tmp_path: Path) -> None:
    await lived(web)
    target = tmp_path / "sara.zip"
    arguments = ["--to", str(target), "--data", str(web.shop.broker.folder)]

    async def run(name: str) -> Result:
        # It has a loop of its own, to ask the broker.
        run = partial(CliRunner().invoke, command, [name, *arguments])
        return await trio.to_thread.run_sync(run)

    done = await run("sara")
    assert done.exit_code == 0, done.output
    assert canary("first") in words(zipfile.ZipFile(target))
    assert target.stat().st_mode & 0o077 == 0
    before = target.read_bytes()
    again = await run("sara")
    assert "is there already" in again.output
    assert target.read_bytes() == before
    target.unlink()
    assert "Nobody is known" in (await run("x")).output
    assert not target.exists()
