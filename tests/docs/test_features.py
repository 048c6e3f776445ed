"""Whether `docs/features.md` lists every feature once, and proofs that exist."""

import ast
import re
from functools import cache

from tests.faults.processes import ROOT

PAGE = (ROOT / "docs/features.md").read_text()
NUMBERS = re.findall(r"^\| ([SU]\d+) \|", PAGE, re.MULTILINE)
ROWS = re.findall(r"^\| [SU]\d+ \|.*$", PAGE, re.MULTILINE)
PROOFS = sorted(set(re.findall(r"`(tests/[^`]*)::([^`]*)`", PAGE)))


@cache
def named_in(path: str) -> frozenset[str]:
    """Return the names of the tests in a file that there has to be."""
    found = ast.walk(ast.parse((ROOT / path).read_text()))
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    return frozenset(node.name for node in found if isinstance(node, functions))


def test_every_feature_stands_there_once_and_in_order() -> None:
    every = [f"S{number}" for number in range(1, 80)]
    every += [f"U{number}" for number in range(1, 13)]
    assert every == NUMBERS


def test_every_row_names_a_test() -> None:
    assert [
        row for row in ROWS if not re.search(r"`tests/[\w/]+\.py::test_", row)
    ] == []


def test_every_test_it_names_is_one() -> None:
    assert PROOFS
    assert [each for each in PROOFS if each[1] not in named_in(each[0])] == []


def test_every_module_it_names_is_one() -> None:
    named = set(re.findall(r"`((?:actors|broker|clients|storage)/[\w/.]+)`", PAGE))
    assert named
    assert sorted(path for path in named if not (ROOT / path).exists()) == []
