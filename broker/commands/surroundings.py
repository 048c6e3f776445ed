"""What a broker leans on beside its folder, looked at before it is started."""

import os
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from cryptography import x509

from broker.cluster.serving import servers as servers_of
from broker.config import Config, ConfigError, TlsConfig
from broker.shipping import ship_of

SOON = timedelta(days=7)
"""Before a certificate ends: who renews it has tried for three weeks."""
CONNECT_S = 2.0
"""Seconds for a server in the same room to answer."""


class Check(NamedTuple):
    """One thing that was looked at."""

    name: str
    said: str
    """What was found, or what is wrong and what to do."""
    well: bool = True


def certificate(tls: TlsConfig) -> Check:
    """Return whether it holds today; that its key fits, the configuration has seen."""
    first = x509.load_pem_x509_certificates(Path(tls.cert).read_bytes())[0]
    now, until = datetime.now(UTC), first.not_valid_after_utc
    said = f"{tls.cert} is good until {until:%Y-%m-%d %H:%M} UTC"
    if now < first.not_valid_before_utc:
        since = f"{first.not_valid_before_utc:%Y-%m-%d %H:%M} UTC"
        why = f"{tls.cert} holds from {since} only: set the clock, or wait."
        return Check("tls", why, well=False)
    if now > until:
        why = f"{tls.cert} ended at {until:%Y-%m-%d %H:%M} UTC: renew it."
        return Check("tls", why, well=False)
    if until - now < SOON:
        return Check("tls", f"{said}: see that it is renewed.")
    return Check("tls", f"{said}.")


def shipping(folder: Path, config: Config) -> Check:
    """Return whether the journal can be shipped to where it is to."""
    target = Path(config.ship.to or "")
    try:
        ship_of(config.ship, folder, alone=config.cluster.nats is None)
    except ConfigError as error:
        return Check("ship", str(error), well=False)
    if not os.access(target, os.R_OK | os.W_OK | os.X_OK):
        why = f"{target} cannot be written: chown it to who serves."
        return Check("ship", why, well=False)
    near = folder
    while not near.exists():
        near = near.absolute().parent
    if target.stat().st_dev == near.stat().st_dev:
        return Check("ship", f"{target} is on the same disk: it would fail with it.")
    return Check("ship", f"{target} is on another disk, and can be written.")


def servers(config: Config) -> Check:
    """Return whether most of the NATS servers can be reached from here."""
    named, silent = servers_of(config), list[str]()
    for each in named:
        try:
            socket.create_connection((each.host, each.port), CONNECT_S).close()
        except OSError as error:
            silent.append(f"{each.host}:{each.port} ({error.strerror or error})")
    if not silent:
        return Check("nats", f"All {len(named)} of the servers answer.")
    said = f"Of {len(named)} servers these do not answer: {', '.join(silent)}"
    # A majority is what the log lives on.
    if 2 * len(silent) < len(named):
        return Check("nats", f"{said}; the others are enough for now.")
    why = f"{said}: start them, or mend the network or cluster.nats."
    return Check("nats", why, well=False)
