"""A checker is silenced only with a reason that the next reader can weigh."""

import re
import tomllib
from itertools import pairwise
from pathlib import Path

from tests.shape.source import texts

DIRECTIVE = re.compile(
    r"#\s*(?:noqa(?::\s*[A-Z]+\d+(?:,\s*[A-Z]+\d+)*)?"
    r"|(?:type|pyright):\s*ignore(?:\[[\w, -]+\])?)"
)
WORD = re.compile(r"[A-Za-z]{3}")
EXPLAINED_RULE = re.compile(r'"([A-Z]+\d*)",\s+# \S')


def bare_suppressions(root: Path) -> list[str]:
    """Return where there is no reason after the directive or on the line above."""
    return [
        f"{path}:{number}"
        for path, text in texts(root).items()
        if path.endswith(".py")
        for number, (above, line) in enumerate(pairwise(["", *text.splitlines()]), 1)
        if silences_barely(line) and not above.lstrip().startswith("#")
    ]


def silences_barely(line: str) -> bool:
    directive = DIRECTIVE.search(line)
    if directive is None:
        return False
    return not WORD.search(DIRECTIVE.sub("", line[directive.start() :]))


def bare_ignores(root: Path) -> list[str]:
    """Return the lint rules that pyproject.toml switches off without saying why."""
    text = (root / "pyproject.toml").read_text()
    lint = tomllib.loads(text)["tool"]["ruff"]["lint"]
    lists = [lint["ignore"], *lint["per-file-ignores"].values()]
    ignored = {rule for rules in lists for rule in rules}
    return sorted(ignored - set(EXPLAINED_RULE.findall(text)))
