"""JSON bodies, taken as strictly as frames are."""

import re
from collections.abc import Generator
from typing import TypeVar

import msgspec
from litestar._openapi.schema_generation import SchemaCreator
from litestar.dto import AbstractDTO, DTOFieldDefinition
from litestar.openapi.spec import Reference, Schema
from litestar.typing import FieldDefinition

from broker.http.errors import Refusal
from broker.wire.errors import Code

T = TypeVar("T")

PLACE = re.compile(r"(?P<reason>.*?)(?: - at `(?P<path>.*)`)?$", re.DOTALL)
"""How msgspec says what is wrong where."""


class Strict(AbstractDTO[T]):
    """Has msgspec alone read the body.

    Litestar by itself would read numbers out of strings, and tell of errors in words of
    its own.
    """

    @classmethod
    def create_for_field_definition(
        cls,
        field_definition: FieldDefinition,
        handler_id: str,
        backend_cls: object = None,
    ) -> None:
        """Make no model: the type itself is one."""

    @classmethod
    def create_openapi_schema(
        cls,
        field_definition: FieldDefinition,
        handler_id: str,
        schema_creator: SchemaCreator,
    ) -> Reference | Schema:
        """Return the type's own schema."""
        del handler_id
        return schema_creator.for_field_definition(field_definition)

    @classmethod
    def generate_field_definitions(
        cls, model_type: type[object]
    ) -> Generator[DTOFieldDefinition, None, None]:
        """Yield nothing: there is no model to fill."""
        del model_type
        yield from ()

    @classmethod
    def detect_nested_field(cls, field_definition: FieldDefinition) -> bool:
        """Return that there are none."""
        del field_definition
        return False

    def decode_bytes(self, value: bytes) -> T:
        """Return the value in the body."""
        kind: type[T] = self.model_type
        return decoded(value, kind)


def decoded(body: bytes, kind: type[T]) -> T:
    """Return the `kind` in `body`.

    Raises:
        Refusal: it is none; the field at fault is named.
    """
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        place = PLACE.fullmatch(str(error))
        path = (place and place["path"]) or "$"
        reason = place["reason"] if place else str(error)
        raise Refusal(Code.BAD_FRAME, path=path, reason=reason) from error
    except RecursionError as error:
        raise Refusal(Code.BAD_FRAME, path="$", reason="is too deep") from error
    except msgspec.DecodeError as error:
        raise Refusal(Code.BAD_FRAME, path="$", reason="is no JSON") from error
    except UnicodeDecodeError as error:
        raise Refusal(Code.BAD_UTF8, path="$") from error
