"""What a node shows to real NATS servers, and what it believes of them."""

import re
import sys
from collections.abc import Callable, Generator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest
import trio

from broker.cluster.nats.client import connected
from broker.cluster.nats.jetstream import JetStream
from broker.cluster.nats.link import Denied, Disconnected
from broker.cluster.nats.link import Server as Address
from broker.cluster.nats.papers import BadPapers, NKey, checked, papers_of
from broker.commands.failures import told
from broker.config import ClusterConfig, ConfigError
from tests.cluster.nats.minting import OPERATOR, USER, Domain, Identity
from tests.cluster.servers import Server
from tests.edge.certificates import Certificate, certified

TLS = """tls {{ cert_file: "{0.cert}", key_file: "{0.key}", {1} }}"""
IN_S = 8.0
SHOPWIRE = (sys.executable, "-m", "broker")

Run = Callable[[str], Server]


@pytest.fixture
def run(tmp_path: Path) -> Generator[Run]:
    """Start servers with more in their configuration, and end them."""
    with ExitStack() as stack:

        def begin(more: str) -> Server:
            server = Server(tmp_path / "nats", more=more).start()
            stack.callback(server.kill)
            return server

        yield begin


async def works(server: Server, config: ClusterConfig, scheme: str = "nats") -> None:
    """Use JetStream on a server.

    Raises:
        Denied: it, or we, do not want to.
    """
    address = Address.of(server.url.replace("nats", scheme, 1))
    async with connected([address], "test", partial(papers_of, config)) as client:
        with trio.fail_after(IN_S):
            await client.wait_connected(IN_S)
        await JetStream(client).ensure("S", {"subjects": ["s"], "storage": "memory"})


@pytest.fixture
def ours(tmp_path: Path) -> Certificate:
    return folder(tmp_path, "ours")


def folder(parent: Path, name: str) -> Certificate:
    (parent / name).mkdir()
    return certified(parent / name)


async def test_a_server_of_our_own_authority_is_believed(
    run: Run, ours: Certificate, tmp_path: Path
) -> None:
    server = run(TLS.format(ours, ""))
    await works(server, ClusterConfig(nats_ca=str(ours.cert)))
    await works(server, ClusterConfig(nats_ca=str(ours.cert)), "tls")
    for other in (None, str(folder(tmp_path, "other").cert)):
        with pytest.raises(Denied, match="certificate is not trusted: "):
            await works(server, ClusterConfig(nats_ca=other))


async def test_a_server_without_tls_is_not_spoken_with_where_it_is_wanted(
    run: Run, ours: Certificate
) -> None:
    server = run("")
    with pytest.raises(Denied, match="does not speak TLS"):
        await works(server, ClusterConfig(nats_ca=str(ours.cert)))


async def test_a_certificate_is_shown_to_who_wants_one(
    run: Run, ours: Certificate, tmp_path: Path
) -> None:
    mine, strange = folder(tmp_path, "mine"), folder(tmp_path, "strange")
    server = run(TLS.format(ours, f'ca_file: "{mine.cert}", verify: true'))
    config = ClusterConfig(nats_ca=str(ours.cert))
    await works(server, shown(config, mine))
    for wrong in (config, shown(config, strange)):
        with pytest.raises(Denied, match=r"TLS with it fails: .*(certificate|unknown)"):
            await works(server, wrong)


def shown(config: ClusterConfig, own: Certificate) -> ClusterConfig:
    return ClusterConfig(
        nats_ca=config.nats_ca, nats_cert=str(own.cert), nats_key=str(own.key)
    )


async def test_a_renewed_certificate_is_read_for_the_next_connection(
    run: Run, ours: Certificate
) -> None:
    server = run(TLS.format(ours, ""))
    config = ClusterConfig(nats_ca=str(ours.cert))
    read = partial(papers_of, config)
    async with connected([Address.of(server.url)], "test", read) as client:
        await client.wait_connected(IN_S)
        server.kill()
        certified(ours.cert.parent)
        server.start()
        with trio.fail_after(IN_S):
            while client.connects < 2:  # noqa: ASYNC110  # it says so to nobody
                await trio.sleep(0.02)


async def test_a_seed_signs_for_its_public_key(run: Run, tmp_path: Path) -> None:
    user, seed = Identity(USER), tmp_path / "seed"
    server = run(f'authorization {{ users: [{{ nkey: "{user.public}" }}] }}')
    config = ClusterConfig(nats_credentials=str(seed))
    for whose, lets_in in ((user, True), (Identity(USER), False)):
        seed.write_text(f"{whose.seed}\n")
        if lets_in:
            await works(server, config)
        else:
            with pytest.raises(Denied, match="Authorization Violation"):
                await works(server, config)


async def test_credentials_are_of_a_user_whom_an_account_names(
    run: Run, tmp_path: Path
) -> None:
    domain = Domain()
    server = run(domain.config)
    file, user = tmp_path / "node.creds", Identity(USER)
    config = ClusterConfig(nats_credentials=str(file))
    domain.credentials(file, user, by=domain.account)
    await works(server, config)
    domain.credentials(file, user, by=Domain().account)
    with pytest.raises(Denied, match="Authorization Violation"):
        await works(server, config)


def test_a_seed_has_the_public_key_that_nats_says() -> None:
    user = Identity(USER)
    assert NKey(user.seed).public == user.public
    assert re.fullmatch("U[A-Z2-7]{55}", user.public)


@pytest.mark.parametrize(
    ("seed", "why"),
    [
        ("", "not a seed"),
        ("SU!", "base 32"),
        (Identity(OPERATOR).seed, "not a user's"),
        (Identity(USER).public, "not a seed"),
        ("SUAA" + Identity(USER).seed[4:], "a letter of it is wrong"),
    ],
    ids=["none", "letters", "operator's", "public", "mistyped"],
)
def test_what_is_no_seed_is_said_without_it(
    tmp_path: Path, seed: str, why: str
) -> None:
    file = tmp_path / "seed"
    file.write_text(seed)
    with pytest.raises(BadPapers, match=why) as raised:
        papers_of(ClusterConfig(nats_credentials=str(file)))
    assert str(file) in str(raised.value)
    assert not seed or seed not in str(raised.value)


@pytest.mark.parametrize("part", ["ca", "cert", "key", "credentials"])
def test_a_file_that_cannot_be_used_is_named_with_its_key(
    tmp_path: Path, ours: Certificate, part: str
) -> None:
    good = {"ca": ours.cert, "cert": ours.cert, "key": ours.key}
    for what in ("missing", "rubbish", "binary"):
        file = tmp_path / what
        if what != "missing":
            file.write_bytes(b"\xff\xfe" if what == "binary" else b"rubbish")
        named = {key: str(path) for key, path in (good | {part: file}).items()}
        config = ClusterConfig(
            nats_ca=named["ca"],
            nats_cert=named["cert"],
            nats_key=named["key"],
            nats_credentials=named.get("credentials"),
        )
        with pytest.raises(ConfigError, match=rf"cluster\.nats_.*{file}"):
            checked(config)


def test_a_certificate_needs_its_own_key(ours: Certificate, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"cluster\.nats_key"):
        checked(ClusterConfig(nats_cert=str(ours.cert)))
    with pytest.raises(ConfigError, match=r"cluster\.nats_cert"):
        checked(ClusterConfig(nats_key=str(ours.key)))
    other = folder(tmp_path, "other")
    with pytest.raises(ConfigError, match=str(other.key)):
        checked(ClusterConfig(nats_cert=str(ours.cert), nats_key=str(other.key)))


async def test_a_node_that_is_not_let_in_says_so_in_a_sentence(
    run: Run, tmp_path: Path
) -> None:
    server = run('authorization { token: "secret" }')
    command = [*SHOPWIRE, "cluster", "status", "--cluster", server.url]
    command += ["--data", str(tmp_path)]
    ran = await trio.run_process(command, check=False, capture_stderr=True)
    said = ran.stderr.decode().splitlines()[-1]
    why = f"Error: NATS: 127.0.0.1:{server.port}: Authorization Violation."
    assert (ran.returncode, said.partition(" See")[0]) == (1, why)


def test_nor_does_one_end_with_a_traceback_that_finds_no_server() -> None:
    failure = told(ExceptionGroup("", [Disconnected("none of a:1 answers")]))
    assert failure is not None
    assert failure.text.startswith("NATS: none of a:1 answers.")
    assert failure.code == 1
