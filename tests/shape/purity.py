"""What the pure core may not do, as far as its text shows it."""

import ast
import os
import subprocess
import sys
from pathlib import Path

from tests.shape.source import CORE, Module, modules

VALUE_MODULES = ("commands.py", "events.py", "signals.py")

IMPORT_ALL = """
import pkgutil, sys, {package}
for module in pkgutil.walk_packages({package}.__path__, "{package}."):
    __import__(module.name)
print(*sys.modules)
"""


def importing_inits(root: Path) -> list[str]:
    """Return the package files that import anything.

    Importing a submodule runs them all the way up, so one import there would make the
    frames cost a client whatever the broker costs.
    """
    return [
        f"{module.path}:{node.lineno}"
        for module in modules(root)
        if module.path.endswith("__init__.py")
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]


def changeable_values(root: Path) -> list[str]:
    """Return the structs among commands, events and signals that are not frozen."""
    return [
        f"{module.path}:{node.lineno} {node.name}"
        for module in core_modules(root)
        if module.path.endswith(VALUE_MODULES)
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ClassDef)
        and any(ast.unparse(base).endswith("Struct") for base in node.bases)
        and "frozen=True" not in [ast.unparse(word) for word in node.keywords]
    ]


def global_statements(root: Path) -> list[str]:
    return [
        f"{module.path}:{node.lineno}"
        for module in core_modules(root)
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Global)
    ]


def core_modules(root: Path) -> list[Module]:
    folders = tuple(f"{folder}/" for folder in CORE)
    return [module for module in modules(root) if module.path.startswith(folders)]


def loaded_with(root: Path, package: str) -> set[str]:
    """Return what a fresh interpreter has loaded after all modules of `package`.

    The coverage measurement would start in it and load SQLite itself, so its variables
    are left out.
    """
    variables = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("COVERAGE_")
    }
    run = subprocess.run(
        [sys.executable, "-c", IMPORT_ALL.format(package=package)],
        cwd=root,
        env=variables,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return set(run.stdout.split())
