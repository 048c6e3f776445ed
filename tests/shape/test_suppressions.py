import subprocess
from pathlib import Path

from tests.shape.source import ROOT, write_tree
from tests.shape.suppressions import bare_ignores, bare_suppressions

NOQA = "# no" + "qa: "
IGNORE = "# ty" + "pe: ignore"


def test_nothing_is_silenced_without_a_reason() -> None:
    assert bare_suppressions(ROOT) == []


def test_a_silenced_checker_without_a_reason_is_noticed(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    files = {
        "broker/good.py": (
            f"x = 1  {NOQA}F841, E501 - the debugger shows it\n"
            f"y = 2  {IGNORE}[misc]  # the stub is wrong\n"
            "# The stub is wrong here too.\n"
            f"z = 3  {IGNORE}[misc]\n"
        ),
        "broker/bad.py": (
            f"x = 1  {NOQA}F841, E501\n"
            "y = 2\n"
            f"z = 3  {IGNORE}[misc]  # py" + "right: ignore[reportAny]\n"
        ),
    }
    root = write_tree(tmp_path, files)
    assert bare_suppressions(root) == ["broker/bad.py:1", "broker/bad.py:3"]


def test_every_lint_rule_switched_off_says_why() -> None:
    assert bare_ignores(ROOT) == []


def test_a_rule_switched_off_without_a_reason_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        "[tool.ruff.lint]\n"
        'ignore = [\n    "E501", # long tables\n    "F401",\n]\n'
        '[tool.ruff.lint.per-file-ignores]\n"tests/**" = ["S101"]\n'
    )
    assert bare_ignores(tmp_path) == ["F401", "S101"]
