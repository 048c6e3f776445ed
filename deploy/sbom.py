"""Writes a bill of materials (CycloneDX 1.6): `python deploy/sbom.py [FILE]`.

What is installed comes from the environment's own metadata, what is bundled for
browsers from `package-lock.json`. Written here because both lists are at hand, and the
tools that do it bring thirty packages of their own.
"""

import base64
import json
import re
import sys
from collections.abc import Iterator
from hashlib import sha256
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
LOCK = ROOT / "clients/web/package-lock.json"
LICENCES = ROOT / "clients/web/dist/licences.txt"
PROGRAM = "shopwire"
BUNDLED = re.compile(r"^-{72}\n(@?[\w./-]+) ([\w.+-]+): (.+)$", re.MULTILINE)
"""A package in the file of licences that the build of the browser clients writes: its
name, its version and its terms."""


class Component(NamedTuple):
    """One package."""

    kind: str
    name: str
    version: str
    licence: str
    digest: tuple[str, str] | None = None
    needs: tuple[str, ...] = ()

    @property
    def purl(self) -> str:
        """Its name among those of all registries."""
        return f"pkg:{self.kind}/{quote(self.name, safe='/')}@{quote(self.version)}"


def bill(extras: frozenset[str] = frozenset()) -> dict[str, object]:
    """Return the document: the same for the same packages, whenever it is written."""
    found = installed(extras)
    own = found.pop(PROGRAM)
    web = list(bundled())
    references = {name: each.purl for name, each in found.items()}
    parts = [*found.values(), *web]
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": _serial(own, parts),
        "version": 1,
        "metadata": {"component": _described(own, "application")},
        "components": [
            _described(each, "library")
            for each in sorted(parts, key=lambda each: each.purl)
        ],
        "dependencies": [
            {
                "ref": each.purl,
                "dependsOn": sorted(
                    references[need] for need in each.needs if need in references
                )
                + ([one.purl for one in web] if each is own else []),
            }
            for each in (own, *found.values())
        ],
    }


def installed(extras: frozenset[str]) -> dict[str, Component]:
    """Return what the program needs here, by name, itself among it."""
    found: dict[str, Component] = {}
    wanted = [(PROGRAM, extras)]
    while wanted:
        name, asked = wanted.pop()
        if name in found:
            continue
        try:
            there = distribution(name)
        except PackageNotFoundError:
            continue  # for another system, or an extra that was not asked for
        needs = dict(_needs(there, asked))
        found[name] = Component(
            "pypi", name, there.version, _licence(there), None, tuple(needs)
        )
        wanted += needs.items()
    return found


def bundled() -> Iterator[Component]:
    """Yield what ends up in browsers: what the build has noted the licences of."""
    packages = json.loads(LOCK.read_text())["packages"]
    for name, version, licence in BUNDLED.findall(LICENCES.read_text()):
        entry = packages[f"node_modules/{name}"]
        if entry["version"] != version:
            sys.exit(f"{name} {version} was built, {entry['version']} is locked.")
        algorithm, _, digest = entry["integrity"].partition("-")
        hexadecimal = base64.b64decode(digest).hex()
        yield Component(
            "npm",
            name,
            version,
            licence,
            (algorithm.upper().replace("SHA", "SHA-"), hexadecimal),
        )


def _needs(
    there: Distribution, extras: frozenset[str]
) -> Iterator[tuple[str, frozenset[str]]]:
    for line in there.requires or ():
        need = Requirement(line)
        marker = need.marker
        if marker is None or any(
            marker.evaluate({"extra": extra}) for extra in (*extras, "")
        ):
            name = re.sub(r"[-_.]+", "-", need.name).lower()
            yield name, frozenset(need.extras)


def _licence(there: Distribution) -> str:
    about = there.metadata
    expression = about.get_all("License-Expression")
    if expression:
        return str(expression[0])
    for classifier in about.get_all("Classifier") or ():
        if classifier.startswith("License :: "):
            return str(classifier).rpartition(" :: ")[2]
    # Some put the whole text there, whose first line is its name.
    stated = str((about.get_all("License") or [""])[0]).strip().partition("\n")[0]
    return stated if len(stated) < 80 else ""


def _described(each: Component, kind: str) -> dict[str, object]:
    said: dict[str, object] = {
        "type": kind,
        "bom-ref": each.purl,
        "name": each.name,
        "version": each.version,
        "purl": each.purl,
    }
    if each.licence:
        said["licenses"] = [{"license": {"name": each.licence}}]
    if each.digest is not None:
        said["hashes"] = [{"alg": each.digest[0], "content": each.digest[1]}]
    return said


def _serial(own: Component, parts: list[Component]) -> str:
    """Return a number that is this list's: no clock, no chance."""
    names = "\n".join(sorted(each.purl for each in (own, *parts)))
    digest = sha256(names.encode()).hexdigest()
    groups = (digest[:8], digest[8:12], f"5{digest[13:16]}", f"8{digest[17:20]}")
    return f"urn:uuid:{'-'.join(groups)}-{digest[20:32]}"


def main() -> None:
    """Write the document to the file that is named, or to stdout."""
    text = json.dumps(bill(), indent=2) + "\n"
    if len(sys.argv) > 1:
        Path(sys.argv[1]).write_text(text)
    else:
        sys.stdout.write(text)


if __name__ == "__main__":
    main()
