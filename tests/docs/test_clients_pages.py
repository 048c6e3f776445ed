"""The pages of the clients name all that there is, and what they show type-checks."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from docs import reference
from tests.docs.fences import DOCS, every
from tests.faults.processes import ROOT

WEB = ROOT / "clients" / "web"
TSC = WEB / "node_modules" / "typescript" / "bin" / "tsc"
PAGE = (DOCS / "typescript.md").read_text()
INLINE = re.compile(r"<script>(.*?)</script>", re.DOTALL)


def test_the_python_client_s_reference_is_up_to_date() -> None:
    assert reference.PAGE.read_text() == reference.page(), "run `make docs`"


def test_the_typescript_client_s_page_names_what_it_exports() -> None:
    index = (WEB / "shared" / "index.ts").read_text()
    exported = re.findall(r"^  (?:type )?(\w+),$", index, re.MULTILINE)
    exported += re.findall(r"^export (?:type )?\{ (\w+) \}", index, re.MULTILINE)
    assert len(exported) > 5
    assert [name for name in exported if f"`{name}`" not in PAGE] == []


def test_the_typescript_client_s_page_names_every_member_of_a_link() -> None:
    source = (WEB / "shared" / "protocol" / "link.ts").read_text()
    body = source[source.index("export class Link {") :]
    members = re.findall(r"^  (?:readonly |async )?(\w+)[(:]", body, re.MULTILINE)
    public = {name for name in members if name not in {"constructor", "switch"}}
    assert len(public) > 10
    assert [name for name in sorted(public) if f"`{name}`" not in PAGE] == []


@pytest.mark.slow
def test_typescript_and_javascript_are_what_a_compiler_takes(tmp_path: Path) -> None:
    node = shutil.which("node")
    if node is None or not TSC.exists():
        pytest.skip("there is no node, or `npm ci` was not run in clients/web")
    for number, fence in enumerate(every("ts", "js", "html")):
        codes = INLINE.findall(fence.code) if fence.language == "html" else [fence.code]
        for part, code in enumerate(codes):
            kind = "ts" if fence.language == "ts" else "js"
            # Each is a module of its own, so that names of one are not another's.
            whole = f"// {fence.where}\n{code}\nexport {{}};\n"
            (tmp_path / f"snippet-{number}-{part}.{kind}").write_text(whole)
    options: dict[str, Any] = {
        "paths": {"@shopwire/web": [str(WEB / "shared" / "index.ts")]},
        "types": [],
        "allowJs": True,
        "checkJs": False,
    }
    project: dict[str, Any] = {
        "extends": str(WEB / "tsconfig.json"),
        "compilerOptions": options,
    }
    files: dict[str, Any] = {
        "files": [path.name for path in tmp_path.iterdir()],
        "include": [],
    }
    files["files"] += [str(WEB / "shared" / "globals.d.ts")]
    (tmp_path / "tsconfig.json").write_text(json.dumps(project | files))
    checked = subprocess.run(
        [node, TSC, "--project", tmp_path],
        capture_output=True,
        check=False,
        text=True,
    )
    assert checked.returncode == 0, checked.stdout
