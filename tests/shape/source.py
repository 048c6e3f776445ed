"""A source tree as the shape tests read it: its modules parsed, its texts listed.

Everything here takes the folder to look at, so that each check can be shown to fail on
a small bad tree before it is believed about the real one.
"""

import ast
import gc
import subprocess
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
PACKAGES = ("broker", "actors", "clients", "storage")
CORE = ("actors/chat", "actors/agent", "actors/desk", "broker/wire")
"""The pure folders: values in, values out."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


class Module(NamedTuple):
    path: str
    """Relative to the tree, with forward slashes."""
    text: str
    tree: ast.Module

    def lines(self) -> int:
        return len(self.text.splitlines())


def modules(root: Path) -> list[Module]:
    # Ours does not change meanwhile, and takes two seconds.
    return _our_modules() if root == ROOT else _modules(root)


@cache
def _our_modules() -> list[Module]:
    return _modules(ROOT)


def _modules(root: Path) -> list[Module]:
    # Python 3.11 loses count of its depth when the collector calls anybody (Hypothesis
    # has it do so) while a tree is built: "AST constructor recursion depth mismatch".
    gc.disable()
    try:
        return [
            Module(file.relative_to(root).as_posix(), text, ast.parse(text))
            for package in PACKAGES
            for file in sorted((root / package).rglob("*.py"))
            for text in [file.read_text()]
        ]
    finally:
        gc.enable()


def functions(module: Module) -> Iterator[Function]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def texts(root: Path) -> Mapping[str, str]:
    """Return every text file that git has or would take, by its path in the tree."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root,
        check=True,
        capture_output=True,
        text=True,
    )
    found: dict[str, str] = {}
    for path in filter(None, listing.stdout.split("\0")):
        try:
            found[path] = (root / path).read_text()
        except (UnicodeDecodeError, FileNotFoundError):
            # A picture has no words; a file may be deleted and not yet committed so.
            continue
    return found


def write_tree(root: Path, files: Mapping[str, str]) -> Path:
    """Write `files` under `root` with the four packages around them; return `root`."""
    for package in (*PACKAGES, *CORE):
        (root / package).mkdir(parents=True, exist_ok=True)
        (root / package / "__init__.py").touch()
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return root
