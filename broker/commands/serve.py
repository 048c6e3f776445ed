"""`shopwire serve`."""

import errno
import gc
import logging
import os
import resource
import signal
import sys
import threading
from pathlib import Path
from typing import Protocol

import click
import msgspec
import trio

from broker import log, notify
from broker.admin import is_served
from broker.commands import options
from broker.commands.asking import AGAIN_S, PATIENCE_S
from broker.config import Config, ConfigError
from broker.edge.tls import BadCertificate
from broker.exporting import exporting
from broker.server import Broker
from storage.errors import DataHeld
from storage.lock import DataLock

GC_THRESHOLDS = (50_000, 50, 50)
"""What a message allocates, reference counts free at once; cycles are rare. A full
collection walks every connection and chat: at the usual thresholds it would stop the
loop for that several times a second."""
ENDS = (signal.SIGTERM, signal.SIGINT)
"""Signals to leave on; SIGHUP has the certificate read again."""
LAST_WORD_S = 11.0
"""Seconds from the first signal to the end, whatever is stuck: 12 are promised."""

logger = logging.getLogger(__name__)


@click.command("serve")
@options.data
@options.config
@click.option(
    "--host", "server_host", help="Address to listen on.  [default: 127.0.0.1]"
)
@click.option(
    "--port", "server_port", type=int, help="Port; 0 picks a free one.  [default: 8080]"
)
@click.option(
    "--cluster",
    "cluster_nats",
    metavar="NATS",
    help="Be a node: nats://host:port,… [see docs/cluster]",
)
@click.option(
    "--workers",
    "cluster_workers",
    type=int,
    metavar="N",
    help="Be so many nodes at one port; without --cluster, on a NATS of theirs.",
)
@click.option("--inherited", type=int, hidden=True)
@click.option(
    "--ship",
    "ship_to",
    metavar="DIR",
    help="Copy each commit there a moment later, on another disk.",
)
def command(
    folder: Path, file: Path | None, inherited: int | None, **flags: object
) -> None:
    """Serve a data folder until told to stop.

    Prints one line of JSON when it can serve; logs go to stderr. SIGTERM drains.
    """
    config = options.configured(folder, file, **flags)
    log.set_up(config.log)
    if config.server.public_url and not config.server.trusted_proxies:
        logger.warning(
            "public_url is set, trusted_proxies is not: if a proxy stands in front,"
            " everybody shares its address, and its limits"
        )
    raise_descriptor_limit()
    if config.cluster.workers > 1:
        trio.run(supervise, folder, config, file)
        return
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)
    with exporting(config.otel):
        if config.cluster.nats is None:
            trio.run(serve, folder, config)
        else:
            trio.run(take_part, folder, config, inherited)


async def serve(folder: Path, config: Config) -> None:
    """Serve until the first signal; the second one ends the process at once."""
    numbers = (*ENDS, signal.SIGHUP) if config.server.tls else ENDS
    with trio.open_signal_receiver(*numbers) as signals:
        await until_free(folder)
        async with (
            Broker.open(folder, config) as broker,
            trio.open_nursery() as nursery,
        ):
            url = await listening(broker, nursery)
            announce(url, folder)
            nursery.start_soon(notify.keep_alive, lambda: not broker.broken)
            logger.info("%s is served at %s", folder, url)
            while await anext(signals) not in ENDS:
                reload(broker)
            notify.tell(notify.STOPPING)
            leave_soon()
            logger.info("going: everybody is told, and what was taken in is written")
            nursery.cancel_scope.cancel()


async def take_part(folder: Path, config: Config, inherited: int | None) -> None:
    """Serve as a node of a cluster, until the first signal; likewise.

    One that has `inherited` its socket has a supervisor, and dies when that does.
    """
    # Who stands alone needs none of it.
    from broker.cluster.serving import serving  # noqa: PLC0415  # late, for that

    numbers = (*ENDS, signal.SIGHUP) if config.server.tls else ENDS
    with trio.open_signal_receiver(*numbers) as signals:
        async with serving(folder, config, inherited) as (life, url):
            announce(url, folder)
            async with trio.open_nursery() as nursery:
                nursery.start_soon(notify.keep_alive, lambda: life.well)
                if inherited is not None:
                    nursery.start_soon(die_with_supervisor)
                while await anext(signals) not in ENDS:
                    reload(life)
                nursery.cancel_scope.cancel()
            notify.tell(notify.STOPPING)
            leave_soon()
            logger.info("going: what this node owns is handed over")


async def supervise(folder: Path, config: Config, file: Path | None) -> None:
    """Have others serve, until the first signal; likewise."""
    from broker.cluster.workers import working  # noqa: PLC0415  # late, as above

    numbers = (*ENDS, signal.SIGHUP) if config.server.tls else ENDS
    with trio.open_signal_receiver(*numbers) as signals:
        async with working(folder, config, file) as (workers, url):
            announce(url, folder)
            logger.info("%s is served at %s by %d", folder, url, config.cluster.workers)
            async with trio.open_nursery() as nursery:
                nursery.start_soon(notify.keep_alive, lambda: True)
                while await anext(signals) not in ENDS:
                    workers.reload()
                nursery.cancel_scope.cancel()
            notify.tell(notify.STOPPING)
            leave_soon()
            logger.info("going: all workers are told to")


async def die_with_supervisor() -> None:
    """End at once when nobody holds the other end of our standard input any more.

    The log may have gone with them, so that there is nobody to hand over to; what was
    acknowledged is in it, and the next start is not to wait for us.
    """
    async with trio.lowlevel.FdStream(os.dup(sys.stdin.fileno())) as tie:
        while await tie.receive_some():
            pass  # nothing is ever said there
    logger.error("the supervisor has gone")
    os._exit(1)


async def until_free(folder: Path) -> None:
    """Return when no command holds `folder` for the moment that it needs.

    Raises:
        DataHeld: another broker does.
    """
    deadline = trio.current_time() + PATIENCE_S
    while folder.exists():  # noqa: ASYNC240  # nothing runs yet
        try:
            with DataLock(folder):
                return
        except DataHeld:
            if trio.current_time() > deadline or await is_served(folder):
                raise
        await trio.sleep(AGAIN_S)


async def listening(broker: Broker, nursery: trio.Nursery) -> str:
    """Serve in `nursery`; return the URL once it can be used.

    Raises:
        ConfigError: the address is none of this machine's, or not to be had by it.
        click.ClickException: another program has it.
    """
    server = broker.config.server
    try:
        url: str = await nursery.start(broker.serve)
    except OSError as error:
        where = f"{server.host} port {server.port}"
        said = str(error.strerror).partition(" (while")[0]
        why = f"server.host, server.port: cannot listen at {where}: {said}."
        if error.errno == errno.EADDRINUSE:
            advice = "Stop the program that does, or choose another --port."
            raise click.ClickException(f"{why} {advice}") from error
        advice = "Name an address of this machine, and a port from 1024 up."
        raise ConfigError(f"{why} {advice}") from error
    return url


def announce(url: str, folder: Path) -> None:
    """Print the one line that says it can be used."""
    ready = {"ready": True, "url": url, "pid": os.getpid(), "data": str(folder)}
    click.echo(msgspec.json.encode(ready))
    notify.tell(notify.READY, f"STATUS=Serving at {url}")


class Reloadable(Protocol):
    """A broker, or a node."""

    def reload(self) -> None:
        """Read again what may have been renewed."""


def reload(served: Reloadable) -> None:
    """Use the certificate that is there now; if it is no good, the old one."""
    try:
        served.reload()
    except BadCertificate as error:
        logger.warning("the certificate was not renewed: %s", error)
    else:
        logger.info("the certificate was read again")


def leave_soon() -> None:
    """Make sure that the process ends: at the next signal, or when time is up."""
    for number in ENDS:
        # Not trio's: the loop may be what is stuck.
        signal.signal(number, signal.SIG_DFL)
    # 1: something was in the way, though nothing acknowledged is lost.
    last_word = threading.Timer(LAST_WORD_S, os._exit, (1,))
    last_word.daemon = True
    last_word.start()


def raise_descriptor_limit() -> None:
    """Allow as many connections as the system lets this process have."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
