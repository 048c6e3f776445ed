from pathlib import Path

import pytest

from tests.shape.measure import (
    FUNCTION_LINES,
    MODULE_LINES,
    PARAMETERS,
    documented_share,
    long_functions,
    long_modules,
    long_parameter_lists,
    report,
    undocumented,
)
from tests.shape.source import ROOT, write_tree

# What they read takes seconds, and is kept in the process.
pytestmark = pytest.mark.xdist_group("trees")

DOCUMENTED = 0.85
"""Nested functions count here too; for the rest the linter asks for all of them."""


def test_modules_are_short() -> None:
    assert long_modules(ROOT) == []


def test_a_long_module_is_noticed(tmp_path: Path) -> None:
    files = {
        "broker/fits.py": "x = 1\n" * MODULE_LINES,
        "broker/long.py": "x = 1\n" * (MODULE_LINES + 1),
    }
    assert long_modules(write_tree(tmp_path, files)) == ["broker/long.py (401)"]


def test_functions_are_short() -> None:
    assert long_functions(ROOT) == []


def test_a_long_function_is_noticed_and_its_docstring_is_free(tmp_path: Path) -> None:
    docstring = '    """Say a lot.\n\n    More.\n    """\n'
    body = "    x = 1\n" * (FUNCTION_LINES - 1)
    files = {
        "actors/fits.py": "def fits():\n" + docstring + body,
        "actors/long.py": f"class A:\n  async def long(self):\n{body}    y = 2\n",
    }
    assert long_functions(write_tree(tmp_path, files)) == ["actors/long.py:2 long (51)"]


def test_parameter_lists_are_short() -> None:
    assert long_parameter_lists(ROOT) == []


def test_a_long_parameter_list_is_noticed(tmp_path: Path) -> None:
    names = [f"p{number}" for number in range(PARAMETERS)]
    files = {
        "storage/fits.py": f"def fits({', '.join(names)}): ...\n",
        "storage/long.py": f"def long(self, /, *, {', '.join(names)}): ...\n",
    }
    assert long_parameter_lists(write_tree(tmp_path, files)) == [
        "storage/long.py:1 long (7)"
    ]


def test_public_names_have_docstrings() -> None:
    assert documented_share(ROOT) >= DOCUMENTED, undocumented(ROOT)


def test_a_missing_docstring_is_noticed(tmp_path: Path) -> None:
    files = {
        "clients/link.py": (
            'class Link:\n    """Stay connected."""\n'
            "    def send(self): ...\n"
            "    def _flush(self): ...\n"
        )
    }
    root = write_tree(tmp_path, files)
    assert undocumented(root) == ["clients/link.py:3 send"]
    assert documented_share(root) == 1 / 2


def test_the_report_says_how_the_sizes_spread(tmp_path: Path) -> None:
    short = "".join(f"def f{number}(): ...\n" for number in range(9))
    files = {"broker/many.py": short + "def last():\n" + "    x = 1\n" * 19}
    said = report(write_tree(tmp_path, files))
    assert "functions: 10, lines median 1, 90 % within 1, longest 20" in said
