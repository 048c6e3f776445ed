"""Sizes: of modules, functions and parameter lists, and who has a docstring.

Run as a program it prints them for this tree, beside what we aim at.
"""

import ast
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.shape.source import ROOT, Function, Module, functions, modules

MODULE_LINES = 400
FUNCTION_LINES = 50
PARAMETERS = 6
"""`self` counts, keyword-only ones too: a longer list wants a value of its own."""


def body_lines(function: Function) -> int:
    """Return its lines from `def` to the end, without the docstring."""
    lines = last_line(function) - function.lineno + 1
    if ast.get_docstring(function):
        docstring = function.body[0]
        lines -= last_line(docstring) - docstring.lineno + 1
    return lines


def last_line(node: ast.stmt) -> int:
    return node.end_lineno or node.lineno


def parameters(function: Function) -> int:
    named = function.args
    return len(named.posonlyargs) + len(named.args) + len(named.kwonlyargs)


def long_modules(root: Path) -> list[str]:
    return [
        f"{module.path} ({module.lines()})"
        for module in modules(root)
        if module.lines() > MODULE_LINES
    ]


def long_functions(root: Path) -> list[str]:
    return [
        f"{module.path}:{function.lineno} {function.name} ({body_lines(function)})"
        for module in modules(root)
        for function in functions(module)
        if body_lines(function) > FUNCTION_LINES
    ]


def long_parameter_lists(root: Path) -> list[str]:
    return [
        f"{module.path}:{function.lineno} {function.name} ({parameters(function)})"
        for module in modules(root)
        for function in functions(module)
        if parameters(function) > PARAMETERS
    ]


def public_names(module: Module) -> list[Function | ast.ClassDef]:
    """Return the functions and classes without an underscore, nested ones too."""
    return [
        node
        for node in ast.walk(module.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        and not node.name.startswith("_")
    ]


def undocumented(root: Path) -> list[str]:
    return [
        f"{module.path}:{node.lineno} {node.name}"
        for module in modules(root)
        for node in public_names(module)
        if not ast.get_docstring(node)
    ]


def documented_share(root: Path) -> float:
    public = sum(len(public_names(module)) for module in modules(root))
    return 1 - len(undocumented(root)) / public if public else 1.0


def spread(name: str, sizes: Sequence[int], aim: str) -> str:
    if not sizes:
        return f"{name}: none"
    nine_tenths = sorted(sizes)[(len(sizes) * 9 - 1) // 10]
    return (
        f"{name}: {len(sizes)}, lines median {statistics.median(sizes):g}, "
        f"90 % within {nine_tenths}, longest {max(sizes)} (aim: {aim})"
    )


def report(root: Path) -> str:
    found = modules(root)
    code = [module.lines() for module in found if module.text.strip()]
    sizes = [body_lines(each) for module in found for each in functions(module)]
    return "\n".join(
        (
            spread("modules", code, f"median 150, limit {MODULE_LINES}"),
            spread("functions", sizes, f"median 8, 25, limit {FUNCTION_LINES}"),
            f"public names with a docstring: {documented_share(root):.0%} (aim: 100 %)",
        )
    )


if __name__ == "__main__":
    sys.stdout.write(report(ROOT) + "\n")
