"""Runs of the load tester against a stub, in the test's own process."""

import socket

from clients.load.crowd import People
from clients.load.figures import Shelf
from clients.load.plan import Mix, Plan, threshold
from clients.load.plug import Address, Tls
from clients.load.report import Report, Run, reported
from clients.load.running import Part, Watched, made, run, soon
from clients.load.scene import Who
from clients.load.verdict import summed
from tests.clients.load.stub import Stub, served

NOTHING_WRONG = {0, 3}
"""Exit codes: on a machine with much else to do a generator may be late."""
PLAIN = Mix(typing=0, reads=0)


def people(plan: Plan) -> People:
    shoppers = (Who("shopper", f"s{n}", f"shopper:s{n}") for n in range(plan.chats))
    agents = (Who("agent", f"a{n}", f"agent:a{n}") for n in range(plan.agents))
    return People(tuple(shoppers), tuple(agents))


def address_of(stub: Stub, tls: Tls | None = None) -> Address:
    where = ("127.0.0.1", stub.port)
    return Address(socket.AF_INET, where, "127.0.0.1", "/ws", tls)


async def shelf_of(plan: Plan, address: Address) -> Shelf:
    return await run(Watched(made(Part(plan, address, people(plan))), soon))


async def ran(plan: Plan, stub: Stub, *thresholds: str) -> Report:
    """Serve the stub, run the plan against it, return the report."""
    async with served(stub):
        shelf = await shelf_of(plan, address_of(stub))
    bounds = tuple(threshold(text) for text in thresholds)
    return reported(Run(plan, bounds, "stub", 0.0, summed([shelf]), None))
