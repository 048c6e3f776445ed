"""TLS as an operator sets it up: by the configuration, and by a signal when renewed."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest
import trio
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from broker.config import Config, ConfigError, ServerConfig, TlsConfig
from broker.doors import portable
from broker.keys import load, redacted
from tests.edge.certificates import Certificate, certified
from tests.edge.raw import dialled, request
from tests.faults.processes import ROOT
from tests.system.process import Process


@pytest.fixture
def certificate(tmp_path: Path) -> Certificate:
    return certified(tmp_path)


def refusal(**environ: str) -> str:
    with pytest.raises(ConfigError) as refused:
        load(None, environ)
    return str(refused.value)


def in_file(folder: Path, cert: Path, key: Path) -> Path:
    file = folder / "shopwire.toml"
    file.write_text(f"[server.tls]\ncert = '{cert}'\nkey = '{key}'\n")
    return file


def test_both_files_are_named_in_the_file_or_in_the_environment(
    tmp_path: Path, certificate: Certificate
) -> None:
    cert, key = str(certificate.cert), str(certificate.key)
    tls = TlsConfig(cert=cert, key=key)
    in_file(tmp_path, certificate.cert, certificate.key)
    assert load(tmp_path, {}).server.tls == tls
    environ = {"SHOPWIRE_SERVER_TLS_CERT": cert, "SHOPWIRE_SERVER_TLS_KEY": key}
    config = load(None, environ)
    assert config.server.tls == tls
    assert config.server.scheme == "https"
    assert redacted(config)["server"]["tls"] == {"cert": cert, "key": key}


def test_what_cannot_be_used_is_told_with_key_file_and_fix(
    tmp_path: Path, certificate: Certificate
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    stranger = certified(other)
    rubbish = tmp_path / "rubbish.pem"
    rubbish.write_text("rubbish")
    missing = tmp_path / "missing.pem"
    cert, key = certificate.cert, certificate.key
    for given, name, why in (
        ((missing, key), "cert", f"{missing} cannot be read: No such file"),
        ((cert, missing), "key", f"{missing} cannot be read: No such file"),
        ((rubbish, key), "cert", f"{rubbish} is no certificate"),
        ((cert, rubbish), "key", f"{rubbish} is no private key"),
        ((cert, stranger.key), "key", f"{stranger.key} does not belong to"),
    ):
        file = in_file(tmp_path, *given)
        with pytest.raises(ConfigError) as refused:
            load(tmp_path, {})
        text = str(refused.value)
        assert text.startswith(f"{file}: server.tls.{name}: ")
        assert why in text
        assert "Correct it" in text


def test_one_without_the_other_is_no_use(certificate: Certificate) -> None:
    text = refusal(SHOPWIRE_SERVER_TLS_CERT=str(certificate.cert))
    assert "SHOPWIRE_SERVER_TLS_CERT: server.tls.key is missing. Give both" in text


def test_a_key_with_a_password_is_refused_without_asking_for_it(
    tmp_path: Path, certificate: Certificate
) -> None:
    encrypted = tmp_path / "encrypted.pem"
    key = serialization.load_pem_private_key(certificate.key.read_bytes(), None)
    encrypted.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"secret"),
        )
    )
    text = refusal(
        SHOPWIRE_SERVER_TLS_CERT=str(certificate.cert),
        SHOPWIRE_SERVER_TLS_KEY=str(encrypted),
    )
    assert f"{encrypted} is no private key in PEM without a password" in text


def test_the_path_is_chosen_by_what_is_asked_for(
    certificate: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    tls = TlsConfig(cert=str(certificate.cert), key=str(certificate.key))
    assert not portable(ServerConfig())
    assert not portable(ServerConfig(path="fast"))
    assert portable(ServerConfig(path="portable"))
    assert portable(ServerConfig(tls=tls))
    with pytest.raises(ConfigError, match="the fast path has no TLS"):
        portable(ServerConfig(tls=tls, path="fast"))
    monkeypatch.setattr("broker.doors.AVAILABLE", False)
    assert portable(ServerConfig())
    with pytest.raises(ConfigError, match="this system has no fast path"):
        portable(ServerConfig(path="fast"))
    assert Config().server.path == "auto"


async def serial(url: str, certificate: Certificate) -> int:
    """Return the number of the certificate that is shown to those who trust ours."""
    raw = await dialled(url, certificate.trusted())
    carrier = raw.carrier
    assert isinstance(carrier, trio.SSLStream)
    shown = carrier.getpeercert(binary_form=True)
    await raw.close()
    assert shown is not None
    return x509.load_der_x509_certificate(shown).serial_number


@pytest.mark.slow
async def test_a_renewed_certificate_is_used_at_the_signal_and_nobody_notices(
    tmp_path: Path, certificate: Certificate
) -> None:
    folder = tmp_path / "shop"
    folder.mkdir()
    in_file(folder, certificate.cert, certificate.key)
    with Process(folder) as process:
        await process.start()
        assert process.url.startswith("https://")
        old = await dialled(process.url, certificate.trusted())
        await old.upgrade(request())
        assert await serial(process.url, certificate) == certificate.serial
        renewed = certified(tmp_path)
        process.send(signal.SIGHUP)
        await logged(folder, "read again")
        assert await serial(process.url, renewed) == renewed.serial
        certificate.key.write_text("rubbish")
        process.send(signal.SIGHUP)
        await logged(folder, "was not renewed")
        assert await serial(process.url, renewed) == renewed.serial
        process.send(signal.SIGTERM)
        assert (await old.read()).code == 1012
        await old.close()
        assert await process.end() == 0


async def logged(folder: Path, words: str) -> None:
    """Wait until these words are in the log."""
    while words not in (folder / "log").read_text():  # noqa: ASYNC110  # a process
        await trio.sleep(0.02)


@pytest.mark.slow
def test_a_start_with_a_certificate_that_is_not_there_ends_with_2(
    tmp_path: Path,
) -> None:
    file = in_file(tmp_path, tmp_path / "no.pem", tmp_path / "no.key")
    ran = subprocess.run(
        [sys.executable, "-m", "broker", "serve", "--data", tmp_path, "--port", "0"],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 2
    assert f"{file}: server.tls.cert: {tmp_path / 'no.pem'} cannot be read" in (
        ran.stderr
    )


ELSEWHERE = """
import os, select
mine = {name: getattr(select, name) for name in ("epoll", "EPOLLIN", "EPOLLOUT")}
for name in mine:
    delattr(select, name)
for name in ("eventfd", "eventfd_read", "eventfd_write", "EFD_NONBLOCK"):
    delattr(os, name)
import broker.edge.reactor
from broker.__main__ import main
vars(select).update(mine)  # trio has other ways elsewhere
broker.edge.reactor.select = None
main()
"""


@pytest.mark.slow
async def test_where_there_is_no_epoll_chats_go_on_all_the_same(tmp_path: Path) -> None:
    with Process(tmp_path) as process:
        await process.start(sys.executable, "-c", ELSEWHERE, "serve")
        async with trio.open_nursery() as nursery:
            visitor = await process.connect(nursery)
            assert (await visitor.hello())["t"] == "welcome"
            assert (await visitor.ask("bye"))["t"] == "ok"
            assert await visitor.read_to_the_end() == 1000
        process.send(signal.SIGTERM)
        assert await process.end() == 0
