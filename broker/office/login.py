"""Logging in with an e-mail address and a password."""

from functools import partial
from typing import TYPE_CHECKING

from broker.office.keys import signed
from broker.office.passwords import matches
from broker.office.requests import Denied, Minted, MintToken, StaffRole
from broker.wire.errors import Code
from storage import accounts
from storage.accounts import Agent

if TYPE_CHECKING:
    from broker.server import Broker

LOGIN_TTL = 12 * 3600
"""Seconds that a login lasts: a working day (protocol section 2)."""
FAILED = Denied(Code.AUTH_FAILED, "E-mail address or password is wrong.")


async def log_in(
    broker: "Broker", email: str, password: str, site: str | None = None
) -> Minted | Denied:
    """Return a token for the agent; whatever is wrong, the answer is the same.

    It takes as long, too, whether there is such an account or not.

    Raises:
        Busy: too many passwords are looked at just now.
        Unwritable: never; it only reads.
    """
    found = await broker.query(partial(accounts.agents_by_email, email=email))
    able = [a for a in found if a.disabled_at is None and site in {None, a.site}]
    agent = able[0] if able else None
    good = await matches(password, None if agent is None else agent.password)
    if agent is None or not good or not _still(broker, agent):
        return FAILED
    role: StaffRole = "admin" if agent.role == "admin" else "agent"
    return signed(
        broker,
        MintToken(
            site=agent.site, sub=agent.id, role=role, name=agent.name, ttl=LOGIN_TTL
        ),
    )


def _still(broker: "Broker", agent: Agent) -> bool:
    """Return whether it is so yet: to check a password takes its time."""
    now = broker.sites.agent(agent.site, agent.id)
    return (
        now is not None and now.disabled_at is None and now.password == agent.password
    )
