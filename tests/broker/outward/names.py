"""Host names that mean what a test says."""

import socket
from collections.abc import Generator
from contextlib import contextmanager
from typing import Literal

import trio

Found = list[
    tuple[
        Literal[socket.AddressFamily.AF_INET],
        socket.SocketKind,
        int,
        str,
        tuple[str, int],
    ]
    | tuple[
        Literal[socket.AddressFamily.AF_INET6],
        socket.SocketKind,
        int,
        str,
        tuple[str, int, int, int] | tuple[int, bytes],
    ]
]


class Names(trio.abc.HostnameResolver):
    """Answers from a table, and remembers what it was asked."""

    def __init__(self, table: dict[str, list[str]]) -> None:
        self.table = table
        self.asked: list[str] = []

    async def getaddrinfo(  # noqa: PLR0917  # trio's signature
        self,
        host: bytes | None,
        port: bytes | str | int | None,
        family: int = 0,
        type: int = 0,  # noqa: A002  # trio's name
        proto: int = 0,
        flags: int = 0,
    ) -> Found:
        del family, type, proto, flags
        name = (host or b"").decode()
        self.asked.append(name)
        if name not in self.table:
            raise socket.gaierror(socket.EAI_NONAME, name)
        kind = socket.SOCK_STREAM
        return [
            (socket.AF_INET, kind, 0, "", (address, int(port or 0)))
            for address in self.table[name]
        ]

    async def getnameinfo(
        self, sockaddr: tuple[str, int] | tuple[str, int, int, int], flags: int
    ) -> tuple[str, str]:
        del flags
        return sockaddr[0], str(sockaddr[1])


@contextmanager
def resolving(table: dict[str, list[str]]) -> Generator[Names]:
    names = Names(table)
    trio.socket.set_custom_hostname_resolver(names)
    try:
        yield names
    finally:
        trio.socket.set_custom_hostname_resolver(None)
