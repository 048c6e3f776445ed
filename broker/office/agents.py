"""Accounts of agents and admins."""

from functools import partial
from typing import TYPE_CHECKING

import msgspec
from msgspec import UNSET
from sqlite_utils import Database

from actors.agent.commands import Expel
from actors.ids import Person
from broker.office.passwords import hashed
from broker.office.requests import (
    AddAgent,
    ChangeAgent,
    Denied,
    Employed,
    MintToken,
    StaffRole,
    employed,
    no_site,
)
from broker.wire.errors import Close, Code
from storage import accounts, deeds
from storage.accounts import Agent, PasswordHash
from storage.deeds import OPERATOR, Deed

if TYPE_CHECKING:
    from broker.server import Broker

UNKNOWN = Denied(Code.NOT_FOUND, "There is no such agent.", "$.id")
TAKEN = Denied(Code.CONFLICT, "Another account has this e-mail address.", "$.email")
LAST_ADMIN = Denied(
    Code.CONFLICT, "It is the last admin of this site: make another one first."
)


async def add_agent(
    broker: "Broker", ask: AddAgent, *, by: str = OPERATOR
) -> Employed | Denied:
    """Add an account."""
    if ask.site not in broker.sites:
        return no_site(ask.site)
    new = Agent(
        ask.site,
        ask.id,
        ask.email,
        ask.name or ask.id,
        ask.role,
        None if ask.password is None else await hashed(ask.password),
        None,
        broker.clock(),
    )
    write = partial(_add, new=new, by=by)
    return _answer(await broker.change(write, partial(_learn, broker)))


async def change_agent(
    broker: "Broker", ask: ChangeAgent, *, by: str = OPERATOR
) -> Employed | Denied:
    """Change an account; whose token says less or more than it is sent away at once.

    With another password all older tokens are worthless.
    """
    password: PasswordHash | None = None
    if ask.password is not UNSET and ask.password is not None:
        password = await hashed(ask.password)
    write = partial(_change, ask=ask, password=password, now=broker.clock(), by=by)
    return _answer(await broker.change(write, partial(_learn, broker)))


async def employ(
    broker: "Broker", ask: MintToken, role: StaffRole, *, by: str = OPERATOR
) -> Denied | None:
    """Make sure that there is an account which may have this token."""
    account = broker.sites.agent(ask.site, ask.sub)
    if account is None:
        fields = {"site": ask.site, "id": ask.sub, "role": role}
        fields |= {"name": ask.name} if ask.name else {}
        fields |= {"email": ask.email} if ask.email else {}
        try:
            new = msgspec.convert(fields, AddAgent)
        except msgspec.ValidationError as error:
            return Denied(Code.BAD_FRAME, f"This can be no agent: {error}.", "$.sub")
        added = await add_agent(broker, new, by=by)
        return added if isinstance(added, Denied) else None
    if account.disabled_at is not None:
        return Denied(Code.FORBIDDEN, f"The agent {ask.sub} is disabled.")
    if role == "admin" and account.role != "admin":
        # Whoever holds the folder may; a token beyond its account would be none.
        promote = ChangeAgent(site=ask.site, id=ask.sub, role="admin")
        changed = await change_agent(broker, promote, by=by)
        return changed if isinstance(changed, Denied) else None
    return None


def send_away(broker: "Broker", agent: Agent) -> None:
    """Close all of an agent's connections; what they were is no longer so."""
    who = Person(f"agent:{agent.id}")
    for peer in broker.hub.connections_of(agent.site, who):
        peer.transport.close(Close.AUTH)
    broker.loop.wake()


def _add(db: Database, new: Agent, by: str) -> Agent | Denied:
    if accounts.add_agent(db, new):
        done = Deed(new.site, new.created_at, by, "agent.add", new.id, new.role)
        deeds.add(db, done)
        return new
    if accounts.agent(db.conn, new.site, new.id) is None:
        return TAKEN
    return Denied(Code.CONFLICT, f"There is an agent {new.id} already.", "$.id")


def _change(
    db: Database, ask: ChangeAgent, password: PasswordHash | None, now: int, by: str
) -> Agent | Denied:
    # Here, where nobody comes between the reading and the writing.
    old = accounts.agent(db.conn, ask.site, ask.id)
    if old is None:
        return UNKNOWN
    disabled_at = old.disabled_at
    if ask.disabled is not UNSET:
        disabled_at = (old.disabled_at or now) if ask.disabled else None
    # Counted, not dated: what is signed while this is being written is older, too.
    tokens_end = ask.password is not UNSET
    new = Agent(
        old.site,
        old.id,
        old.email if ask.email is UNSET else ask.email,
        old.name if ask.name is UNSET else ask.name,
        old.role if ask.role is UNSET else ask.role,
        old.password if ask.password is UNSET else password,
        disabled_at,
        old.created_at,
        old.token_version + tokens_end,
        old.notify if ask.notify is UNSET else _listed(ask.notify),
    )
    if _is_admin(old) and not _is_admin(new) and not _other_admins(db, old):
        return LAST_ADMIN
    if not accounts.save_agent(db, new):
        return TAKEN
    done = Deed(new.site, now, by, "agent.change", new.id, _changed(old, new))
    deeds.add(db, done)
    return new


def _changed(old: Agent, new: Agent) -> str:
    """Return what of an account is another now; names and addresses are not told."""
    words = [
        name
        for name in ("name", "email", "password", "notify")
        if getattr(old, name) != getattr(new, name)
    ]
    if old.role != new.role:
        words.append(f"role {new.role}")
    if (old.disabled_at is None) != (new.disabled_at is None):
        words.append("enabled" if new.disabled_at is None else "disabled")
    return ", ".join(words)


def _listed(wishes: tuple[str, ...]) -> str:
    """Return what an agent is mailed of as it is stored, each once."""
    return msgspec.json.encode(tuple(dict.fromkeys(wishes))).decode()


def _is_admin(agent: Agent) -> bool:
    return agent.role == "admin" and agent.disabled_at is None


def _other_admins(db: Database, than: Agent) -> bool:
    """Return whether somebody could give the site an admin again."""
    others = accounts.agents(db.conn, than.site)
    return any(_is_admin(other) and other.id != than.id for other in others)


def _learn(broker: "Broker", outcome: Agent | Denied) -> None:
    """Let an account hold in this process, as soon as it is durable."""
    if isinstance(outcome, Agent):
        before = broker.sites.agent(outcome.site, outcome.id)
        broker.sites.set_agent(outcome)
        broker.house.reception.push_backroom(outcome.site)
        if before is not None and _outdates_tokens(before, outcome):
            if outcome.disabled_at is not None:
                # At once: no ticket may be given to them any more.
                key = f"{outcome.site}/{outcome.id}"
                broker.house.agents.tell(key, Expel())
            send_away(broker, outcome)


def _answer(outcome: Agent | Denied) -> Employed | Denied:
    return employed(outcome) if isinstance(outcome, Agent) else outcome


def _outdates_tokens(before: Agent, after: Agent) -> bool:
    disabled = before.disabled_at is None and after.disabled_at is not None
    renewed = before.token_version != after.token_version
    return disabled or renewed or before.role != after.role
