import os
import re
import subprocess
import sys
import zipfile
from email.parser import Parser
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from tests.shape.source import PACKAGES, ROOT


@pytest.mark.slow
def test_the_wheel_holds_the_four_packages_and_nothing_else(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "-o", tmp_path],
        cwd=ROOT,
        check=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        (metadata,) = (name for name in names if name.endswith("/METADATA"))
        about = Parser().parsestr(archive.read(metadata).decode())
        (entry,) = (name for name in names if name.endswith("/entry_points.txt"))
        scripts = archive.read(entry).decode()
    shipped = {name.partition("/")[0] for name in names}
    assert shipped == {*PACKAGES, f"shopwire-{about['Version']}.dist-info"}
    assert "Private :: Do Not Upload" in about.get_all("Classifier", [])
    assert "shopwire = broker.__main__:main" in scripts


def test_no_dependency_brings_a_package_of_the_same_name() -> None:
    owners = packages_distributions()
    assert {owner for name in PACKAGES for owner in owners.get(name, ())} <= {
        "shopwire"
    }


def test_the_readme_names_the_two_commands_and_make_has_them() -> None:
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    readme = (ROOT / "README.md").read_text()
    named = set(re.findall(r"\bmake (\w+)\b", readme))
    assert {"demo", "test"} <= named <= targets


def test_continuous_integration_can_start() -> None:
    assert os.access(ROOT / ".ci/run", os.X_OK)
