"""The line with which a proxy says for whom it connects, before anything else is said.

The PROXY protocol, versions 1 and 2, as far as addresses go. From one that is not a
proxy of ours such a line is just the begin of a bad request.
"""

from ipaddress import ip_address
from typing import NamedTuple

V1, V2 = b"PROXY ", b"\r\n\r\n\x00\r\nQUIT\n"
LONGEST_V1 = 107
"""Bytes of a line of version 1, its end included."""
LONGEST_V2 = 16 + 1024
"""Bytes of version 2: addresses take 36 at most, what else is told is skipped."""
_V2_HEADER = 16
_LOCAL, _PROXY = 0x20, 0x21
"""Version 2 with its command: the proxy for itself, or for a client."""
_ADDRESS_BYTES = {0x11: 4, 0x21: 16}
"""Bytes of a client's address, by family and transport: TCP over IPv4 and IPv6."""


class Preamble(NamedTuple):
    """What a proxy has said."""

    size: int
    """Bytes of it, to be left out; 0: nothing was said."""
    address: str | None
    """The client's; `None`: the proxy speaks for itself, or does not know."""


NOTHING = Preamble(0, None)


class BadPreamble(Exception):
    """It begins like one, and is none."""


def preamble(received: bytes) -> Preamble | None:
    """Return what `received` begins with; `None`: that cannot be told yet.

    Raises:
        BadPreamble: there is no way to read on.
    """
    if V2.startswith(received[: len(V2)]):
        return _second(received)
    if V1.startswith(received[: len(V1)]):
        return _first(received)
    return NOTHING


def _first(received: bytes) -> Preamble | None:
    end = received.find(b"\r\n", 0, LONGEST_V1)
    if end < 0:
        if len(received) >= LONGEST_V1:
            raise BadPreamble
        return None
    words = received[:end].decode("latin-1").split(" ")
    if words[1] == "UNKNOWN":
        return Preamble(end + 2, None)
    if len(words) != len(("PROXY", "TCP4", "from", "to", "port", "port")):
        raise BadPreamble
    if words[1] not in {"TCP4", "TCP6"}:
        raise BadPreamble
    return Preamble(end + 2, _checked(words[2]))


def _second(received: bytes) -> Preamble | None:
    if len(received) < _V2_HEADER:
        return None
    command, family = received[12], received[13]
    size = _V2_HEADER + int.from_bytes(received[14:_V2_HEADER])
    if size > LONGEST_V2 or command not in {_LOCAL, _PROXY}:
        raise BadPreamble
    if len(received) < size:
        return None
    width = _ADDRESS_BYTES.get(family)
    if command == _LOCAL or width is None:
        return Preamble(size, None)
    if size < _V2_HEADER + 2 * width:
        raise BadPreamble
    packed = received[_V2_HEADER : _V2_HEADER + width]
    return Preamble(size, str(ip_address(packed)))


def _checked(text: str) -> str:
    try:
        return str(ip_address(text))
    except ValueError:
        raise BadPreamble from None
