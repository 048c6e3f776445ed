"""The bill of materials names what runs, and nothing that does not."""

import json
import re
from typing import Any

import pytest

from deploy import sbom
from tests.faults.processes import ROOT

Bill = dict[str, Any]


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
    assert not names(bill) & {"pytest", "ruff", "vite", "vitest", "shopwire"}


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
    package = json.loads((ROOT / "clients/web/package.json").read_text())
    assert web
    assert web <= set(package["devDependencies"])
    text = sbom.LICENCES.read_text()
    assert (
        text.count("Permission is hereby granted") + text.count("Apache License") >= 2
    )
