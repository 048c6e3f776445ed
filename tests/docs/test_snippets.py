"""What the documents show is so: data is what the program takes, Python runs."""

import json
import shlex
import tomllib
from pathlib import Path
from typing import Any

import click
import msgspec
import pytest

from actors.settings.document import Settings
from broker import sitefile
from broker.__main__ import shopwire
from broker.keys import KEYS, SECTIONS
from broker.wire.codec import JSON
from broker.wire.frames import FromClient
from clients.load.scenario import Scenario
from clients.simulate.shop import Day
from deploy.newcomer.follow import Fence
from tests.docs.fences import KNOWN, every, fences
from tests.faults.processes import ROOT
from tests.system.process import furnish

SHOWN = {"http", "markdown", "text", "toctree"}
"""Languages of what is neither run nor read by a program of ours."""
PROGRAMS = {"sh", "python", "js", "ts", "html"}
SETTINGS = {field.encode_name for field in msgspec.structs.fields(Settings)}


def values(text: str) -> list[Any]:
    """Return the JSON values that stand behind one another."""
    read: list[Any] = []
    decoder = json.JSONDecoder()
    while text := text.strip():
        value, end = decoder.raw_decode(text)
        read.append(value)
        text = text[end:]
    return read


def commands(fence: Fence) -> list[list[str]]:
    """Return the words of each call of `shopwire` in a snippet."""
    lines = fence.code.replace("\\\n", " ").splitlines()
    parts = [part.strip() for line in lines for part in line.split("|")]
    words = [shlex.split(part, comments=True) for part in parts if "shopwire " in part]
    return [each[1:] for each in words if each and each[0].endswith("shopwire")]


def parsed(words: list[str]) -> None:
    """Let the command line take `words`, and do nothing."""
    command: click.Command = shopwire
    rest = iter(words)
    context = click.Context(shopwire)
    while isinstance(command, click.Group):
        name = next(rest)
        found = command.get_command(context, name)
        assert found is not None, f"no command {name}"
        command = found
    command.make_context(command.name, list(rest))


def test_every_snippet_is_in_a_language_that_is_tried_or_shown_alone() -> None:
    known = SHOWN | PROGRAMS | {"json", "toml"}
    assert [f.where for f in every() if f.language not in known] == []
    assert [f.where for f in every() if not f.attributes.keys() <= KNOWN] == []


def test_what_is_not_run_says_why() -> None:
    silent = [f.where for f in every() if not f.runs and not f.attributes["norun"]]
    assert silent == []


@pytest.mark.parametrize("fence", every("json"), ids=lambda fence: fence.where)
def test_json_is_a_frame_or_settings_or_at_least_json(fence: Fence) -> None:
    for value in values(fence.code):
        if "op" in value:
            frame = JSON.decode(json.dumps(value).encode())
            assert isinstance(frame, FromClient), value
        elif value.keys() <= SETTINGS:
            msgspec.convert(value, Settings, strict=True)


@pytest.mark.parametrize("fence", every("toml"), ids=lambda fence: fence.where)
def test_toml_is_taken_by_what_it_is_for(fence: Fence) -> None:
    tables = tomllib.loads(fence.code)
    if tables.keys() <= SECTIONS:
        named = {f"{part}.{key}" for part, keys in tables.items() for key in keys}
        assert named <= KEYS.keys()
    elif "settings" in tables or "faq" in tables:
        sitefile.read(fence.code)
    elif "shifts" in tables:
        msgspec.convert(tables, Day)
    else:
        msgspec.convert(tables, Scenario)


def test_command_lines_that_are_not_run_could_be() -> None:
    unrun = [fence for fence in every("sh") if not fence.runs]
    assert unrun
    for fence in unrun:
        for words in commands(fence):
            parsed(words)


@pytest.mark.parametrize("fence", every("python"), ids=lambda fence: fence.where)
def test_python_can_be_run(fence: Fence) -> None:
    code = compile(fence.code, fence.where, "exec")
    if fence.runs:
        exec(code, {})  # noqa: S102  # the documents are ours


async def test_the_broker_can_be_embedded_as_the_readme_says(tmp_path: Path) -> None:
    (fence,) = fences(ROOT / "README.md", "python")
    names: dict[str, Any] = {}
    exec(fence.code, names)  # noqa: S102  # the documents are ours
    keys = await furnish(tmp_path)
    assert await names["ask"](tmp_path, keys.token("shopper", "sara"))
