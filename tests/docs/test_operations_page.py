"""The page for operators says what there is."""

import inspect
import re

from broker import metrics
from broker.__main__ import COMMANDS
from broker.cluster import figures
from broker.keys import KEYS
from docs import keys


def test_its_tables_are_up_to_date() -> None:
    assert keys.PAGE.read_text() == keys.page(), "run `make docs`"


def test_every_key_and_every_command_is_there() -> None:
    page = keys.PAGE.read_text()
    assert all(f"| `{path}` |" in page for path in KEYS)
    assert all(f"| `shopwire {name}` |" in page for name in COMMANDS)


def test_every_command_of_ours_has_a_part_of_its_own() -> None:
    parts = set(re.findall(r"^### (\w+)$", keys.PAGE.read_text(), re.MULTILINE))
    ours = {name for name, of in COMMANDS.items() if of.module.startswith("broker.")}
    assert ours <= parts


def test_every_figure_it_names_is_one() -> None:
    named = set(re.findall(r"shopwire_(\w+?)(?:_total)?\b", keys.PAGE.read_text()))
    source = inspect.getsource(metrics) + inspect.getsource(figures)
    assert named
    words = {name.removeprefix(figures.CLUSTER) for name in named}
    assert [word for word in words if f'"{word}"' not in source] == []
