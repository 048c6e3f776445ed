"""A second, bounded look at payloads that are no good, or may not be.

The protocol wants an answer wherever an operation and an id can be read, so that only
a broken protocol ends a connection. None of this is on the way of a good frame.
"""

import json
import re
from collections.abc import Callable
from typing import Never

import msgspec

from broker.wire.errors import Broken, Close, Code, refuse
from broker.wire.fields import MAX_ID, Id
from broker.wire.frames import SIGNALS, Err

MAX_DEPTH = 8
"""Containers inside one another, the frame itself being the first. What lies deeper is
in no field of ours, but a stack is a stack."""
TOO_DEEP = "nested too deep"
MAX_REASON = 200
"""Characters of the decoder's complaint that are passed on: it may quote the peer."""
UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""What a decoder may say to bytes from outside."""

_OPENERS = bytes([*range(0x80, 0xA0), *range(0xDC, 0xE0)])
"""First bytes of msgpack's maps and arrays. Inside a text they mean nothing, so there
are at least as many of them as containers."""
_NOT_OPENERS = bytes(byte for byte in range(256) if byte not in _OPENERS)
_NOT_BRACKETS = bytes(byte for byte in range(256) if byte not in b"[]{}")
_ROUND = bytes.maketrans(b"{}", b"[]")
_STRINGS = re.compile(rb'"(?:[^"\\]++|\\.)*+"', re.DOTALL)
_MISSING = re.compile(r"missing required field `([^`]+)`")
_PLACE = re.compile(r"at `(?:key` in `)?(\$[^`]*)`$")


class _Named(msgspec.Struct, gc=False):
    op: str


class _Addressed(msgspec.Struct, gc=False):
    id: Id


class Doubts:
    """What to make of a payload that the typed decoder refused, or should have."""

    def __init__(
        self,
        depth: int,
        *,
        named: Callable[[bytes], _Named],
        addressed: Callable[[bytes], _Addressed],
        openers: Callable[[bytes], int],
        as_json: Callable[[bytes], bytes],
    ) -> None:
        self.depth = depth
        """Most containers inside one another."""
        self.openers = openers
        """At least as many as there are containers; in 0.2 us: every frame is asked."""
        self._named = named
        self._addressed = addressed
        self._as_json = as_json

    def is_deep(self, payload: bytes) -> bool:
        """Return whether a readable payload is nested deeper than `depth`."""
        try:
            text = self._as_json(payload)
        except (*UNREADABLE, TypeError):
            # Readable for the decoder that skips it, but nothing JSON could say.
            return True
        if not text:
            return False
        brackets = _STRINGS.sub(b"", text).translate(_ROUND, _NOT_BRACKETS)
        for _ in range(self.depth):
            brackets = brackets.replace(b"[]", b"")
        return bool(brackets)

    def judge(self, payload: bytes, error: Exception | None) -> Err | None:
        """Return what to answer, or `None` to a signal; without an `error` it is deep.

        Raises:
            Broken: there is no operation with an id to answer to.
        """
        try:
            op = self._named(payload).op
            id_ = "" if op in SIGNALS else self._addressed(payload).id
        except msgspec.ValidationError:
            raise Broken(Close.BROKEN) from None
        except UNREADABLE:
            return self._judge_surrogates(payload)
        if op in SIGNALS:
            return None
        if len(id_.encode()) > MAX_ID:
            raise Broken(Close.BROKEN)
        if isinstance(error, UnicodeDecodeError):
            return refuse(id_, Code.BAD_UTF8)
        return _bad_frame(id_, error)

    def op_of(self, payload: bytes) -> str:
        """Return the operation, or nothing if it cannot be read."""
        try:
            return self._named(payload).op
        except UNREADABLE:
            return ""

    def _judge_surrogates(self, payload: bytes) -> Err | None:
        """Return what to answer if lone surrogates are all that is wrong.

        The strict decoder stops at half a pair wherever it stands; Python's reads on.
        """
        try:
            found = json.loads(payload.decode(), parse_constant=_no_json)
            if msgspec.convert(found, _Named).op in SIGNALS:
                return None
            id_ = msgspec.convert(found, _Addressed).id
            if len(id_.encode()) <= MAX_ID:
                return refuse(id_, Code.BAD_UTF8)
        except (ValueError, RecursionError):
            # Not JSON, not a request, or the id itself cannot be said.
            pass
        raise Broken(Close.BROKEN)


def _no_json(_constant: str) -> Never:
    """Refuse `NaN` and its kind, which Python's reader takes and JSON does not know."""
    raise ValueError


def _bad_frame(id_: str, error: Exception | None) -> Err:
    if error is None or isinstance(error, RecursionError):
        return refuse(id_, Code.BAD_FRAME, path="$", reason=TOO_DEEP)
    words = str(error)
    place = _PLACE.search(words)
    path = place[1] if place else "$"
    if missing := _MISSING.search(words):
        path = f"{path}.{missing[1]}"
    reason = words.partition(" - at `")[0][:MAX_REASON]
    return refuse(id_, Code.BAD_FRAME, path=path, reason=reason)


def _as_json(payload: bytes) -> bytes:
    """Return JSON with the nesting of a msgpack map; nothing if it holds no other."""
    found = msgspec.msgpack.decode(payload)
    if not any(type(value) in (dict, list) for value in found.values()):
        return b""
    return msgspec.json.encode(found)


def in_json(depth: int) -> Doubts:
    """Return what to make of JSON."""
    return Doubts(
        depth,
        named=msgspec.json.Decoder(_Named).decode,
        addressed=msgspec.json.Decoder(_Addressed).decode,
        openers=lambda payload: payload.count(b"{") + payload.count(b"["),
        as_json=bytes,
    )


def in_msgpack(depth: int) -> Doubts:
    """Return what to make of msgpack."""
    return Doubts(
        depth,
        named=msgspec.msgpack.Decoder(_Named).decode,
        addressed=msgspec.msgpack.Decoder(_Addressed).decode,
        openers=lambda payload: len(payload.translate(None, _NOT_OPENERS)),
        as_json=_as_json,
    )
