"""TLS in the process: a certificate and its key, read again when they are renewed."""

import ssl
from pathlib import Path
from typing import Literal

import trio

Part = Literal["cert", "key"]


class BadCertificate(Exception):
    """Files that cannot be used; the text says why, without their content."""

    def __init__(self, part: Part, why: str) -> None:
        super().__init__(why)
        self.part: Part = part
        """Which of the two is wrong."""


class Tls:
    """What connections are secured with.

    Raises:
        BadCertificate: it cannot be used.
    """

    def __init__(self, cert: Path, key: Path) -> None:
        self._cert = cert
        self._key = key
        self._context = context_of(cert, key)

    def reload(self) -> None:
        """Secure connections that come from now on with what is in the files now.

        Raises:
            BadCertificate: it cannot be used; what was used before goes on being used.
        """
        self._context = context_of(self._cert, self._key)

    def secure(self, stream: trio.SocketStream) -> trio.SSLStream[trio.SocketStream]:
        """Return `stream` under TLS, before its handshake."""
        return trio.SSLStream(
            # Browsers do not say goodbye in TLS; that WebSockets do is enough.
            stream,
            self._context,
            server_side=True,
            https_compatible=True,
        )


def context_of(cert: Path, key: Path) -> ssl.SSLContext:
    """Return how a server uses this certificate.

    Raises:
        BadCertificate: it cannot.
    """
    text = _text_of("cert", cert)
    _text_of("key", key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # It is the server that pays for it, as often as the client likes.
    context.options |= ssl.OP_NO_RENEGOTIATION
    context.set_alpn_protocols(["http/1.1"])
    try:
        # A function, or it would ask at the terminal for an encrypted key's password.
        context.load_cert_chain(cert, key, password=lambda: "")
    except ssl.SSLError as error:
        if "BEGIN CERTIFICATE" not in text:
            raise BadCertificate("cert", f"{cert} is no certificate in PEM") from error
        if error.reason == "KEY_VALUES_MISMATCH":
            why = f"{key} does not belong to the first certificate in {cert}"
            raise BadCertificate("key", why) from error
        why = f"{key} is no private key in PEM without a password, or {cert} is damaged"
        raise BadCertificate("key", why) from error
    return context


def _text_of(part: Part, file: Path) -> str:
    try:
        return file.read_text(encoding="ascii", errors="replace")
    except OSError as error:
        why = f"{file} cannot be read: {error.strerror}"
        raise BadCertificate(part, why) from error
