"""A socket of a client's that never waits, plain or with TLS, told apart by nobody.

Over TLS the handshake goes along with the first bytes that are sent: whoever has
something to send tries again when the socket is ready, as always.
"""

import os
import socket
import ssl
from functools import cache
from typing import NamedTuple

RECEIVE = 64 * 1024
"""Bytes taken at a time."""
_NO_LINGER = b"\1\0\0\0\0\0\0\0"


class Tls(NamedTuple):
    """How a server's certificate is looked at."""

    name: str
    """Whose it has to be."""
    ca: str | None = None
    """A file of authorities to believe in place of the machine's own."""
    insecure: bool = False
    """Whether it may be anybody's."""


class Address(NamedTuple):
    """Where the other side listens."""

    family: socket.AddressFamily
    where: tuple[str, int]
    host: str
    """As the request names it."""
    path: str
    tls: Tls | None = None


@cache
def trust(ca: str | None, *, insecure: bool) -> ssl.SSLContext:
    """Return what certificates are judged by.

    Raises:
        OSError: there are no certificates in the file.
    """
    context = ssl.create_default_context(cafile=ca)
    if insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


class Plug:
    """Begins to connect when it is made."""

    __slots__ = ("_tls", "_wrapped", "failed", "fd", "listens", "plain")

    def __init__(self, address: Address) -> None:
        self._tls = address.tls
        self._wrapped: ssl.SSLSocket | None = None
        self.plain = socket.socket(address.family, socket.SOCK_STREAM)
        self.plain.setblocking(False)  # noqa: FBT003  # its name says it
        self.plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.fd = self.plain.fileno()
        self.listens = False
        """Whether nothing can be sent before something was received."""
        self.failed = self.plain.connect_ex(address.where)
        """Of the system's numbers, why it cannot connect; or that it does."""

    def send(self, data: bytes) -> int:
        """Send what goes at once; return how much that was.

        Raises:
            BlockingIOError: nothing, for now.
            OSError: the connection, or the certificate, is none.
        """
        if self._tls is None:
            return self.plain.send(data)
        self.listens = False
        try:
            return self._secured(self._tls).send(data)
        except ssl.SSLWantReadError as error:
            self.listens = True
            raise BlockingIOError from error
        except ssl.SSLWantWriteError as error:
            raise BlockingIOError from error

    def recv(self) -> bytes:
        """Return what has come, or nothing if the other side has gone.

        Raises:
            BlockingIOError: nothing has.
            OSError: the connection is none.
        """
        if self._tls is None:
            return self.plain.recv(RECEIVE)
        if self._wrapped is None:
            raise BlockingIOError
        received: list[bytes] = []
        try:
            # All of it: what lies decrypted makes no socket ready.
            while record := self._wrapped.recv(RECEIVE):
                received.append(record)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError) as error:
            if not received:
                raise BlockingIOError from error
        except ssl.SSLEOFError:
            # It went without a goodbye, as the killed do.
            pass
        return b"".join(received)

    def cut(self) -> None:
        """Let nothing be delivered that the kernel still holds."""
        self._any.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)

    def close(self) -> None:
        """Let go of the descriptor."""
        self._any.close()

    @property
    def _any(self) -> socket.socket:
        return self._wrapped or self.plain

    def _secured(self, tls: Tls) -> ssl.SSLSocket:
        """Return the socket with TLS on it; it has to be connected by now."""
        if self._wrapped is None:
            error = self.plain.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if error:
                raise OSError(error, os.strerror(error))
            context = trust(tls.ca, insecure=tls.insecure)
            # It takes the descriptor over, under the same number.
            self._wrapped = context.wrap_socket(
                self.plain, server_hostname=tls.name, do_handshake_on_connect=False
            )
        return self._wrapped


def reason(error: OSError) -> str:
    """Return why a connection failed, in words."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate does not hold: {error.verify_message}"
    return error.strerror or str(error)
