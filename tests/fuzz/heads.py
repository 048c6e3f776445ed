"""Requests that nobody would send, made from ones that somebody does."""

from random import Random

UPGRADE = (
    b"GET /ws HTTP/1.1",
    b"Host: localhost:8080",
    b"Upgrade: websocket",
    b"Connection: Upgrade",
    b"Sec-WebSocket-Version: 13",
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    b"Sec-WebSocket-Protocol: shopwire.v1.json",
    b"Origin: http://localhost:8080",
)
PLAIN = (
    b"GET /healthz HTTP/1.1",
    b"Host: localhost:8080",
    b"Accept: */*",
    b"Cookie: a=b; c=d",
    b"X-Forwarded-For: 10.0.0.1",
)
POST = (
    b"POST /v1/login HTTP/1.1",
    b"Host: localhost:8080",
    b"Content-Type: application/json",
    b"Content-Length: 36",
    b"Authorization: Bearer a.b.c",
)
BODY = b'{"email":"a@b.example","password":1}'
VALUES = (
    b"",
    b" ",
    b"\x00",
    b"\r",
    b"\xc5\xbc\xc3\xb3",
    b"\xff" * 8,
    b"-1",
    b"0",
    b"99999999999999999999",
    b"0x10",
    b"chunked",
    b"chunked, identity",
    b"websocket, websocket",
    b"keep-alive, Upgrade",
    b"xn--" + b"a" * 70 + b".example",
    b"[::1",
    b"permessage-deflate; client_max_window_bits=999",
    b"h2c",
    b"100-continue",
    b"," * 300,
    b"x" * 9000,
)
METHODS = (
    b"HEAD",
    b"OPTIONS",
    b"PUT",
    b"get",
    b"CONNECT",
    b"PRI",
    b"\x16\x03\x01",
    b"G" * 99,
)
TARGETS = (
    b"*",
    b"/ws?x=1",
    b"/ws/",
    b"//ws",
    b"http://localhost/ws",
    b"/%00%ff%zz",
    b"/../../etc/passwd",
    b"/" + b"a" * 9000,
    b"/\xc5\xbc",
)
VERSIONS = (b"HTTP/1.0", b"HTTP/2", b"HTTP/1.1 x", b"http/1.1", b"HTTP/9.9", b"")


def head(chance: Random) -> bytes:
    """Return one request, mostly a broken one, and maybe what follows it."""
    lines: list[bytes] = list(chance.choice((UPGRADE, UPGRADE, PLAIN, POST)))
    body = BODY if lines[0].startswith(b"POST") else b""
    for _ in range(chance.choice((0, 1, 1, 1, 2, 4))):
        chance.choice((_value, _value, _name, _repeated, _dropped, _line, _begin))(
            lines, chance
        )
    end = chance.choice((b"\r\n",) * 12 + (b"\n", b"\r", b"\r\n ", b"\r\r\n"))
    said = bytearray(end.join([*lines, b"", b""]) + body)
    for _ in range(chance.choice((0, 0, 0, 1, 3))):
        said[chance.randrange(len(said))] = chance.randrange(256)
    if chance.random() < 0.1:
        del said[chance.randrange(len(said)) :]
    if chance.random() < 0.1:
        said += chance.randbytes(chance.randrange(300))
    return bytes(said) if chance.random() < 0.97 else chance.randbytes(200)


def _value(lines: list[bytes], chance: Random) -> None:
    at = chance.randrange(1, len(lines)) if len(lines) > 1 else 0
    lines[at] = lines[at].partition(b":")[0] + b": " + chance.choice(VALUES)


def _name(lines: list[bytes], chance: Random) -> None:
    at = chance.randrange(len(lines))
    bad = chance.choice(
        (b"", b" ", b"\xc5\xbc", b"a b", b"x" * 9000, b"Host ", b"\x00")
    )
    lines[at] = bad + b":" + lines[at].partition(b":")[2]


def _repeated(lines: list[bytes], chance: Random) -> None:
    times = chance.choice((1, 1, 2, 200))
    lines += [chance.choice(lines)] * times


def _dropped(lines: list[bytes], chance: Random) -> None:
    if len(lines) > 1:
        del lines[chance.randrange(len(lines))]


def _line(lines: list[bytes], chance: Random) -> None:
    lines.insert(chance.randrange(len(lines)), chance.randbytes(chance.randrange(40)))


def _begin(lines: list[bytes], chance: Random) -> None:
    method, target, version = b"GET", b"/ws", b"HTTP/1.1"
    which = chance.randrange(3)
    if which == 0:
        method = chance.choice(METHODS)
    elif which == 1:
        target = chance.choice(TARGETS)
    else:
        version = chance.choice(VERSIONS)
    lines[0] = b" ".join((method, target, version))
