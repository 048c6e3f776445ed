"""Runs over TLS, and what a broker elsewhere says of itself."""

import socket
import ssl
from functools import partial

import pytest
import trio

from clients.load.crowd import NotSetUp
from clients.load.people import address
from clients.load.plan import BadPlan, Chaos, Plan
from clients.load.plug import Address, Tls
from clients.load.usage import Usage, told_by
from clients.load.verdict import summed
from tests.clients.load.runs import PLAIN, address_of, shelf_of
from tests.clients.load.stub import Stub, served
from tests.edge.certificates import Certificate, certified

CHAOS = Chaos(drop=0.3, split=0.5, stall=0.1)
PLAN = Plan(chats=3, agents=1, rate=60, duration=1, mix=PLAIN, chaos=CHAOS)
NAME = "127.0.0.1"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return certified(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def context(certificate: Certificate) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(certificate.cert, certificate.key)
    return made


@pytest.mark.slow
async def test_a_run_over_tls_is_judged_as_any_other(
    certificate: Certificate, context: ssl.SSLContext
) -> None:
    stub = Stub()
    async with served(stub, context):
        where = address_of(stub, Tls(NAME, str(certificate.cert)))
        figures = summed([await shelf_of(PLAN, where)])
    assert not any(wrong.count for wrong in figures.wrongs.values()), figures
    assert not figures.problems
    assert figures.totals["answered"] == figures.totals["offered"] == 60


@pytest.mark.parametrize("name", [NAME, "elsewhere.example"])
async def test_a_certificate_that_does_not_hold_ends_it(
    name: str, certificate: Certificate, context: ssl.SSLContext
) -> None:
    # A stranger's authority, and another's name.
    ca = None if name == NAME else str(certificate.cert)
    stub = Stub()
    async with served(stub, context):
        with pytest.raises(ExceptionGroup) as refused:
            await shelf_of(PLAN, address_of(stub, Tls(name, ca)))
    assert refused.group_contains(NotSetUp, match="its certificate does not hold")


def test_a_url_says_whose_certificate_it_has_to_be(certificate: Certificate) -> None:
    tls = address("wss://127.0.0.1:8443/ws", certificate.cert).tls
    assert tls == Tls(NAME, str(certificate.cert))
    assert address("ws://127.0.0.1/ws").tls is None


def test_what_cannot_be_believed_in_is_refused(certificate: Certificate) -> None:
    with pytest.raises(BadPlan, match=r"--ca .*no certificates"):
        address("wss://127.0.0.1/ws", certificate.key)
    with pytest.raises(BadPlan, match="for wss"):
        address("ws://127.0.0.1/ws", insecure=True)
    with pytest.raises(BadPlan, match="no ws://"):
        address("https://127.0.0.1/ws")


PAGE = b"""process_cpu_seconds_total 1.5
process_resident_memory_bytes 2.097152e+06
shopwire_connections 3.0
"""


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\n" + PAGE, Usage(1.5, 2.0)),
        (b"HTTP/1.1 403 Forbidden\r\n\r\n" + PAGE, None),
        (b"HTTP/1.1 200 OK\r\n\r\nprocess_cpu_seconds_total much", None),
        (b"what?", None),
        (b"", None),
    ],
)
async def test_a_broker_elsewhere_says_what_it_uses_if_it_likes(
    answer: bytes, told: Usage | None
) -> None:
    async def say(stream: trio.SocketStream) -> None:
        async with stream:
            await stream.receive_some()
            await stream.send_all(answer)

    async with trio.open_nursery() as nursery:
        listeners = await nursery.start(partial(trio.serve_tcp, say, 0, host=NAME))
        where = (NAME, listeners[0].socket.getsockname()[1])
        asked = Address(socket.AF_INET, where, NAME, "/ws")
        assert await trio.to_thread.run_sync(told_by, asked) == told
        nursery.cancel_scope.cancel()
