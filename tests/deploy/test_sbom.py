"""The bill of materials names what runs, and nothing that does not."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from deploy import sbom
from tests.faults.processes import ROOT

Bill = dict[str, Any]
WEB = ROOT / "clients/web"
PHRASES = {
    "MIT": "Permission is hereby granted, free of charge, to any person",
    "Apache-2.0": "Apache License Version 2.0, January 2004",
    "Unicode-3.0": "UNICODE LICENSE V3 COPYRIGHT AND PERMISSION NOTICE",
}
"""What each licence is known by. Another one is to be read before it is added."""


@pytest.fixture(scope="module")
def bill() -> Bill:
    if not sbom.LICENCES.exists():
        pytest.skip("the browser clients are not built here")
    made: Bill = json.loads(json.dumps(sbom.bill()))
    return made


def names(bill: Bill) -> set[str]:
    return {each["name"] for each in bill["components"]}


def test_everything_that_is_asked_for_is_there_and_no_tool_of_ours(bill: Bill) -> None:
    assert {"trio", "litestar", "msgspec", "preact"} <= names(bill)
    # Those that come along, too; those that build and test do not.
    assert {"h11", "sortedcontainers"} <= names(bill)
    assert not names(bill) & {"pytest", "ruff", "prettier", "vitest", "shopwire"}


def test_every_part_has_a_version_a_reference_and_terms(bill: Bill) -> None:
    references = [each["bom-ref"] for each in bill["components"]]
    assert len(set(references)) == len(references)
    for each in bill["components"]:
        assert re.fullmatch(r"pkg:(pypi|npm)/[\w.%/-]+@[\w.+%-]+", each["purl"])
        assert each["licenses"][0]["license"]["name"], each["name"]


def test_what_depends_on_what_is_said_of_parts_that_are_there(bill: Bill) -> None:
    own = bill["metadata"]["component"]["bom-ref"]
    known = {own, *(each["bom-ref"] for each in bill["components"])}
    edges = {each["ref"]: each["dependsOn"] for each in bill["dependencies"]}
    assert set(edges) <= known
    assert {ref for refs in edges.values() for ref in refs} <= known
    # All of it is reached from the program.
    reached, wanted = set[str](), [own]
    while wanted:
        ref = wanted.pop()
        if ref not in reached:
            reached.add(ref)
            wanted += edges.get(ref, [])
    assert reached == known


def test_the_same_packages_make_the_same_document(bill: Bill) -> None:
    assert json.loads(json.dumps(sbom.bill())) == bill
    assert re.fullmatch(
        r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", bill["serialNumber"]
    )


def test_what_is_bundled_is_what_the_licences_speak_of(bill: Bill) -> None:
    web = {each["name"] for each in bill["components"] if "npm" in each["purl"]}
    package = json.loads((WEB / "package.json").read_text())
    assert web
    assert web <= set(package["devDependencies"])
    assert imported() <= web
    # A helper of it goes into the pages: see `licences.mjs`.
    assert "vite" in web


def test_every_package_that_is_bundled_comes_with_its_terms(bill: Bill) -> None:
    told = {
        each["name"]: each["licenses"][0]["license"]["name"] for each in parts(bill)
    }
    for name, text in texts().items():
        for licence in told[name].split(" AND "):
            assert PHRASES[licence] in " ".join(text.split()), name
    assert list(texts()) == sorted(told)


def test_a_package_without_terms_ends_the_build(tmp_path: Path) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("there is no node here")
    lone = tmp_path / "node_modules" / "lone"
    lone.mkdir(parents=True)
    (lone / "package.json").write_text('{"version": "1.0.0", "license": "MIT"}')
    (lone / "README.md").write_text("Free!")
    script = f"""
    import {{ Licences }} from {json.dumps((WEB / "build/licences.mjs").as_uri())};
    const gathered = new Licences();
    gathered.note("/x/node_modules/lone/index.js");
    gathered.write({json.dumps(str(tmp_path))}, {json.dumps(str(tmp_path / "out"))});
    """
    run = [node, "--input-type=module", "--eval", script]
    done = subprocess.run(run, check=False, capture_output=True, text=True)
    assert "lone comes without its terms" in done.stderr
    (lone / "LICENSE").write_text("Do as you like.")
    subprocess.run(run, check=True)
    assert "lone 1.0.0: MIT\n\nDo as you like." in (tmp_path / "out").read_text()


def test_nothing_is_served_that_no_licence_was_looked_for(bill: Bill) -> None:
    """Fonts, pictures and sounds would be somebody's, and no module."""
    assert bill
    kinds = {path.suffix for path in sbom.LICENCES.parent.rglob("*") if path.is_file()}
    assert kinds - {""} <= {".js", ".css", ".html", ".json", ".ts", ".txt"}


def parts(bill: Bill) -> list[Bill]:
    return [each for each in bill["components"] if "npm" in each["purl"]]


def texts() -> dict[str, str]:
    """Return what the file of licences says of each package, in its order."""
    _, *pieces = sbom.LICENCES.read_text().split(f"{'-' * 72}\n")
    return {piece.partition(" ")[0]: piece for piece in pieces}


def imported() -> set[str]:
    """Return the packages that the sources of the browser clients name."""
    sources = [
        path
        for part in ("shared", "desk", "widget", "demo")
        for path in (WEB / part).rglob("*.ts*")
    ]
    return {
        name
        for path in sources
        for name in re.findall(r'from "((?:@[\w-]+/)?[\w-]+)', path.read_text())
    }
