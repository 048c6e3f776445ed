"""The bad words are put together here, so that this file does not hold them."""

import subprocess
from pathlib import Path

import pytest

from tests.shape.source import ROOT, write_tree
from tests.shape.wording import dead_links, forbidden_words, locked_addresses


def in_git(root: Path, files: dict[str, str]) -> Path:
    subprocess.run(["git", "init", "--quiet", root], check=True)
    return write_tree(root, files)


def test_no_file_says_what_none_may_say() -> None:
    assert forbidden_words(ROOT) == []


@pytest.mark.parametrize(
    ("pieces", "what"),
    [
        (("# TO", "DO: later"), "mark"),
        (("x = 1  # FIX", "ME"), "mark"),
        (("see /ro", "ot/notes"), "machine path"),
        (('open("/ho', 'me/ann/x")'), "machine path"),
        (("index = https://py", "pi.org/simple"), "registry host"),
        (("resolved https://registry.npm", "js.org/x"), "registry host"),
        (("written with Clau", "de"), "how it was made"),
        (("as in evi", "dence/actors.md"), "how it was made"),
        (("fixes iss", "ue 12"), "number of an issue"),
    ],
)
def test_a_word_that_may_not_stand_is_noticed(
    tmp_path: Path, pieces: tuple[str, str], what: str
) -> None:
    root = in_git(tmp_path, {"page.md": "fine\n" + "".join(pieces) + "\n"})
    assert forbidden_words(root) == [f"page.md:2 {what}"]


def test_what_git_ignores_is_not_read(tmp_path: Path) -> None:
    files = {".gitignore": "/build/\n", "build/notes": "HA" + "CK\n"}
    assert forbidden_words(in_git(tmp_path, files)) == []


def test_lock_files_name_no_address() -> None:
    assert locked_addresses(ROOT) == []


def test_an_address_in_a_lock_file_is_noticed(tmp_path: Path) -> None:
    files = {
        "clients/web/package-lock.json": '"resolved": "https://example.org/x.tgz"\n',
        "README.md": "https://example.org\n",
    }
    found = locked_addresses(in_git(tmp_path, files))
    assert found == ["clients/web/package-lock.json"]


def test_every_link_leads_somewhere() -> None:
    assert dead_links(ROOT) == []


def test_a_dead_link_is_noticed(tmp_path: Path) -> None:
    missing = "docs/" + "gone.md"
    files = {
        "pages/here.md": "[up](../README.md#start), [away](https://example.org)\n",
        "README.md": "[one](pages/here.md), [none](pages/no.md)\n",
        "broker/edge.py": f"# See {missing}.\n",
    }
    found = dead_links(in_git(tmp_path, files))
    assert sorted(found) == [
        "README.md -> no.md",
        "broker/edge.py -> gone.md",
    ]
