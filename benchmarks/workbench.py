"""What the benchmarks build and install, all of it in one folder outside the tree."""

import os
import shutil
import subprocess
from pathlib import Path

HERE = Path(__file__).parent
SERVERS = HERE / "servers"
PROFILES = HERE / "profiles"
GO_SOURCES = Path("/usr/share/gocode")
"""Where Debian puts the source of Go libraries."""


class Missing(Exception):
    """Something is not on this machine; the message names it and what to install."""


def cache() -> Path:
    """Return the folder of everything built, made if need be.

    `SHOPWIRE_BENCH_CACHE` names another one.
    """
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = Path(os.environ.get("SHOPWIRE_BENCH_CACHE") or base / "shopwire-bench")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def compiled(name: str, *sources: Path) -> Path:
    """Return the program made from C `sources`, compiled anew if one is newer.

    Raises:
        Missing: there is no C compiler, or it refuses.
    """
    program = cache() / name
    headers = [file for source in sources for file in source.parent.glob("*.h")]
    if not _older(program, [*sources, *headers]):
        return program
    compiler = next(filter(None, map(shutil.which, ("cc", "gcc", "clang"))), None)
    if compiler is None:
        raise Missing("no C compiler; on Debian and Ubuntu: apt-get install gcc")
    flags = ("-O2", "-Wall", "-Wextra", "-Werror")
    _run(compiler, *flags, "-o", str(program), *map(str, sources))
    return program


def load_generator() -> Path:
    """Return the load generator.

    Raises:
        Missing: as `compiled`.
    """
    return compiled("loadgen", *sorted((HERE / "loadgen").glob("*.c")))


def node_modules() -> Path:
    """Return the folder of the peers that npm has, installed once per package.json.

    Raises:
        Missing: there is no node, or npm gets nothing.
    """
    if shutil.which("node") is None or shutil.which("npm") is None:
        raise Missing("no node; on Debian and Ubuntu: apt-get install nodejs npm")
    home, wanted = cache() / "node", SERVERS / "package.json"
    if _older(home / "node_modules" / ".package-lock.json", [wanted]):
        home.mkdir(exist_ok=True)
        shutil.copy(wanted, home)
        _run("npm", "install", "--no-audit", "--no-fund", "--prefix", str(home))
    return home / "node_modules"


def centrifuge() -> Path:
    """Return the relay made from Debian's source of centrifuge.

    Raises:
        Missing: Go or the source is not installed.
    """
    library = GO_SOURCES / "src/github.com/centrifugal/centrifuge"
    if shutil.which("go") is None or not library.is_dir():
        raise Missing(
            "no Go or no source of centrifuge; on Debian: apt-get install golang-go "
            "golang-github-centrifugal-centrifuge-dev "
            "golang-github-centrifugal-protocol-dev golang-github-fzambia-eagle-dev "
            "golang-github-igm-sockjs-go-dev golang-github-mna-redisc-dev"
        )
    program, source = cache() / "centrifuge", SERVERS / "centrifuge/main.go"
    if _older(program, [source]):
        variables = {"GO111MODULE": "off", "GOPATH": str(GO_SOURCES)}
        _run("go", "build", "-o", str(program), str(source), **variables)
    return program


def _older(made: Path, sources: list[Path]) -> bool:
    if not made.exists():
        return True
    return made.stat().st_mtime < max(source.stat().st_mtime for source in sources)


def _run(*command: str, **variables: str) -> None:
    run = subprocess.run(
        command,
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, **variables},
    )
    if run.returncode:
        said = (run.stderr or run.stdout).strip()[-400:]
        raise Missing(f"{Path(command[0]).name} failed: {said}")
