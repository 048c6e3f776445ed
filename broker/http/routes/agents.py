"""`/v1/sites/{site}/agents`: accounts."""

from typing import Any

import msgspec
from litestar import Request, get, patch, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody
from msgspec import UNSET, UnsetType

from broker.gate import Identity
from broker.http.bodies import Strict
from broker.http.errors import Refusal, granted, refusals
from broker.http.guards import BEARER, Guard, Guards, doer
from broker.office.agents import add_agent, change_agent
from broker.office.requests import (
    AddAgent,
    AgentName,
    ChangeAgent,
    Email,
    Employed,
    Label,
    Password,
    StaffRole,
    Wishes,
    employed,
)
from broker.server import Broker
from broker.wire.errors import Code


class NewAgent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An account that is to be."""

    id: AgentName
    name: Label | None = None
    email: Email | None = None
    role: StaffRole = "agent"
    password: Password | None = None

    def __repr__(self) -> str:
        """Show no password."""
        return f"NewAgent({self.id!r})"


class AgentPatch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is to be different; the rest stays."""

    name: Label | UnsetType = UNSET
    email: Email | UnsetType | None = UNSET
    role: StaffRole | UnsetType = UNSET
    disabled: bool | UnsetType = UNSET
    password: Password | UnsetType | None = UNSET
    notify: Wishes | UnsetType = UNSET
    """What they are mailed of."""

    def __repr__(self) -> str:
        """Show no password."""
        return "AgentPatch(...)"


class Staff(msgspec.Struct, frozen=True):
    """All accounts of a site."""

    agents: list[Employed]


PATH = "/v1/sites/{site:str}/agents"
ONE = PATH + "/{id_:str}"


def routes(broker: Broker, guards: Guards) -> list[HTTPRouteHandler]:
    """Return the handlers."""
    guard = guards.only("admin")
    return [*_readers(broker, guard), *_writers(broker, guard)]


def _readers(broker: Broker, guard: Guard) -> list[HTTPRouteHandler]:
    responses = refusals(401, 403, 404)

    @get(
        PATH, guards=[guard], security=BEARER, responses=responses, sync_to_thread=False
    )
    def list_agents(site: FromPath[str]) -> Staff:
        """Answer all accounts, disabled ones too."""
        return Staff([employed(agent) for agent in broker.sites.agents(site)])

    @get(
        ONE, guards=[guard], security=BEARER, responses=responses, sync_to_thread=False
    )
    def read_agent(site: FromPath[str], id_: FromPath[str]) -> Employed:
        """Answer one account."""
        agent = broker.sites.agent(site, id_)
        if agent is None:
            raise Refusal(Code.NOT_FOUND)
        return employed(agent)

    return [list_agents, read_agent]


def _writers(broker: Broker, guard: Guard) -> list[HTTPRouteHandler]:
    responses = refusals(400, 401, 403, 404, 409, 413)

    @post(
        PATH,
        guards=[guard],
        security=BEARER,
        responses=responses,
        dto=Strict[NewAgent],
        return_dto=None,
    )
    async def add(
        request: Request[Any, Identity, Any],
        site: FromPath[str],
        data: JSONBody[NewAgent],
    ) -> Employed:
        """Add an account."""
        ask = AddAgent(site=site, **msgspec.structs.asdict(data))
        return granted(await add_agent(broker, ask, by=doer(request)))

    @patch(
        ONE,
        guards=[guard],
        security=BEARER,
        responses=responses,
        dto=Strict[AgentPatch],
        return_dto=None,
    )
    async def change(
        request: Request[Any, Identity, Any],
        site: FromPath[str],
        id_: FromPath[str],
        data: JSONBody[AgentPatch],
    ) -> Employed:
        """Change an account; who loses rights by it is sent away at once."""
        ask = ChangeAgent(site=site, id=id_, **msgspec.structs.asdict(data))
        return granted(await change_agent(broker, ask, by=doer(request)))

    return [add, change]
