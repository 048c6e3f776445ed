"""Requests made from the description of the routes: most of them fit, some do not."""

import random
import re
from typing import Any
from urllib.parse import quote

Json = Any
Schema = dict[str, Any]

WORDS = (
    "a",
    "ann",
    "open",
    "en",
    "UTC",
    "09:00",
    "2026-01-31",
    "ann@shop.example",
    "+48123456789",
    "https://shop.example",
    "correct horse battery",
    "x" * 65,
    "",
    "zażółć 😀",
    "line\nline",
    "null",
    "%00",
    "'; DROP TABLE ticket; --",
)
JUNK: tuple[Json, ...] = (None, True, -1, 2**63, 1.5, "", "x" * 300, [], {}, [[]])
SPOILT = 0.08
"""How often a value is none of its schema's."""
DEEPEST = 6
NUMBERS = (0, 1, 2, 60, 3600, 2**31, 2**53)
BODIES = (b"", b"{", b"\xff", b"null", b"[]", b"[" * 5000, b'{"a":' * 500)


class Maker:
    """Makes values for the schemas of one document."""

    def __init__(self, document: Schema, chance: random.Random) -> None:
        self._document = document
        self._chance = chance

    def value(self, schema: Schema, depth: int = 0) -> Json:
        """Return what mostly fits `schema`."""
        chance = self._chance
        if chance.random() < SPOILT:
            return chance.choice(JUNK)
        if "$ref" in schema:
            return self.value(self._resolved(schema["$ref"]), depth)
        for many in ("oneOf", "anyOf"):
            if many in schema:
                rest = {key: schema[key] for key in schema if key != many}
                return self.value({**rest, **chance.choice(schema[many])}, depth)
        if "enum" in schema:
            return chance.choice(schema["enum"])
        kind: str | list[str] = schema.get("type", "")
        match kind if isinstance(kind, str) else chance.choice(kind):
            case "object":
                return self._object(schema, depth)
            case "array" if "prefixItems" in schema:
                return [self.value(item, depth + 1) for item in schema["prefixItems"]]
            case "array":
                most = min(3, schema.get("maxItems", 3)) if depth < DEEPEST else 0
                number = chance.randint(min(schema.get("minItems", 0), 3), max(most, 0))
                return [self.value(schema["items"], depth + 1) for _ in range(number)]
            case "string":
                return self._string(schema)
            case "integer":
                return self._integer(schema)
            case "number":
                return chance.random() * 100
            case "boolean":
                return chance.random() < 0.5
            case _:
                return None

    def segment(self, known: str) -> str:
        """Return what stands in a path in place of `known`, which it mostly is."""
        likely = self._chance.random() < 0.7
        return quote(known if likely else self._chance.choice(WORDS) or "-", safe="")

    def body(self, schema: Schema | None) -> Json | bytes:
        """Return a body: bytes if it is none of JSON's."""
        if schema is None or self._chance.random() < 0.1:
            return self._chance.choice(BODIES)
        return self.value(schema)

    def _resolved(self, reference: str) -> Schema:
        found = self._document
        for part in reference.removeprefix("#/").split("/"):
            found = found[part]
        return found

    def _object(self, schema: Schema, depth: int) -> dict[str, Json]:
        often = 0.5 if depth < DEEPEST else 0.0
        required = schema.get("required", ())
        made = {
            name: self.value(of, depth + 1)
            for name, of in schema.get("properties", {}).items()
            if name in required or self._chance.random() < often
        }
        if "additionalProperties" in schema:
            made[self._chance.choice(WORDS)] = self._chance.choice(JUNK)
        return made

    def _string(self, schema: Schema) -> str:
        pattern = re.compile(schema.get("pattern", ""))
        least, most = schema.get("minLength", 0), schema.get("maxLength", 300)
        fit = [w for w in WORDS if pattern.search(w) and least <= len(w) <= most]
        return self._chance.choice(fit or WORDS)

    def _integer(self, schema: Schema) -> int:
        least = int(schema.get("minimum", 0))
        most = int(schema.get("maximum", 2**53))
        fit = [n for n in (*NUMBERS, least, most) if least <= n <= most]
        return self._chance.choice(fit)
