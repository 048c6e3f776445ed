import json
import os
import re
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from email.parser import Parser
from importlib.metadata import packages_distributions
from pathlib import Path

import httpx
import pytest

from tests.shape.source import PACKAGES, ROOT

# They take half a minute to make.
pytestmark = pytest.mark.xdist_group("archives")

WEB = "clients/web/dist/"
SHOWN = {f"{WEB}{name}" for name in ("widget.js", "desk/index.html", "licences.txt")}
"""What a browser is served from an installed wheel, among the rest."""


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the source archive, and the wheel that is built from it."""
    folder = tmp_path_factory.mktemp("dist")
    # Without `--wheel` it builds the one from the other: what is left out of the
    # archive cannot be in the wheel.
    subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "-o", folder],
        cwd=ROOT,
        check=True,
    )
    return folder


def only(folder: Path, pattern: str) -> Path:
    (found,) = folder.glob(pattern)
    return found


@pytest.mark.slow
def test_the_wheel_holds_the_four_packages_and_nothing_else(archives: Path) -> None:
    with zipfile.ZipFile(only(archives, "*.whl")) as archive:
        names = archive.namelist()
        (metadata,) = (name for name in names if name.endswith("/METADATA"))
        about = Parser().parsestr(archive.read(metadata).decode())
        (entry,) = (name for name in names if name.endswith("/entry_points.txt"))
        scripts = archive.read(entry).decode()
    shipped = {name.partition("/")[0] for name in names}
    assert shipped == {*PACKAGES, f"shopwire-{about['Version']}.dist-info"}
    assert "Private :: Do Not Upload" in about.get_all("Classifier", [])
    assert "shopwire = broker.__main__:main" in scripts
    assert set(names) >= SHOWN
    # Of the browser clients, what a browser gets: neither sources nor packages.
    web = {name for name in names if name.startswith("clients/web/")}
    assert {name for name in web if not name.startswith(WEB)} == set()


@pytest.mark.slow
def test_the_source_archive_holds_what_it_takes_to_build_without_node(
    archives: Path,
) -> None:
    with tarfile.open(only(archives, "*.tar.gz")) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    built = {f"{WEB}.stamp", "hatch_build.py", "pyproject.toml", "LICENSE", "Makefile"}
    assert names >= SHOWN | built
    assert {"constraints.txt", "deploy/newcomer/run.sh", "tests/conftest.py"} <= names
    assert not [name for name in names if "node_modules" in name or ".venv" in name]


@pytest.mark.slow
def test_what_is_installed_from_the_wheel_serves_the_pages(
    archives: Path, tmp_path: Path
) -> None:
    home = tmp_path / "installed"
    venv.create(home, with_pip=False)
    python = home / "bin/python"
    pip: list[str | Path] = [
        sys.executable,
        "-m",
        "pip",
        "--python",
        python,
        "install",
        "-q",
        "--no-deps",
    ]
    subprocess.run([*pip, only(archives, "*.whl")], check=True, cwd=tmp_path)
    # What it needs is taken from here: these tests ask no network for it.
    (packages,) = home.glob("lib/python*/site-packages")
    (packages / "beside.pth").write_text(f"{sysconfig.get_path('purelib')}\n")
    environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    with subprocess.Popen(
        [home / "bin/shopwire", "serve", "--data", tmp_path / "data", "--port", "0"],
        cwd=tmp_path,
        env=environ,
        stdout=subprocess.PIPE,
        text=True,
    ) as served:
        try:
            assert served.stdout is not None
            url = json.loads(served.stdout.readline())["url"]
            for path in ("/widget.js", "/desk/", "/licences.txt"):
                answer = httpx.get(f"{url}{path}", timeout=15)
                assert answer.status_code == 200
                assert answer.content
        finally:
            served.terminate()
    assert served.returncode == 0


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
