"""The record of the first half hour is of the steps that there are.

The run itself takes a minute and root: `make newcomer`.
"""

import re
import subprocess

import pytest

from deploy.newcomer.follow import Fence
from tests.docs.fences import DOCS, fences
from tests.faults.processes import ROOT

STEPS = ROOT / "deploy" / "newcomer"
PAGE = (DOCS / "newcomer.md").read_text()
DONE = [fence for fence in fences(DOCS / "tutorial.md", "sh") if fence.runs]
TYPED = re.findall(
    r"^(?:run|serve) (.*?)(?: \|.*| &&.*)?$",
    (STEPS / "half-hour.sh").read_text(),
    re.MULTILINE,
)


@pytest.mark.parametrize("fence", DONE, ids=lambda fence: fence.where)
def test_all_of_the_tutorial_is_in_it(fence: Fence) -> None:
    typed = fence.code.rstrip("\n").replace("\n", "\n  ")
    assert f"\n$ {typed}" in PAGE


def test_all_other_steps_are_in_it_and_left_nothing() -> None:
    assert len(TYPED) > 10
    assert [each for each in TYPED if f"\n$ {each}" not in PAGE] == []
    assert PAGE.endswith("\nLeft behind: nothing.\n```\n")


@pytest.mark.parametrize("name", ["run.sh", "half-hour.sh"])
def test_its_scripts_can_be_read(name: str) -> None:
    subprocess.run(["bash", "-n", STEPS / name], check=True)


def test_no_key_is_in_the_record() -> None:
    secrets = re.findall(r'"secret": "(.*)"', PAGE)
    assert secrets
    assert set(secrets) == {"…"}
    assert "eyJ" not in PAGE
