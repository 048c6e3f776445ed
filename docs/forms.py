"""Types in the words of JSON."""

import inspect
import typing

import msgspec


def type_of(kind: object) -> str:
    """Return a type in the words of JSON."""
    kind = getattr(kind, "__supertype__", kind)
    origin = typing.get_origin(kind)
    if origin is typing.Annotated:
        return _annotated(kind)
    if origin is typing.Literal:
        return " or ".join(f"`{value}`" for value in typing.get_args(kind))
    if origin in {tuple, list}:
        return f"list of {type_of(typing.get_args(kind)[0])}"
    if origin is dict:
        key, value = typing.get_args(kind)
        return f"map from {type_of(key)} to {type_of(value)}"
    if args := typing.get_args(kind):
        told = [type_of(arg) for arg in args if arg is not msgspec.UnsetType]
        return " or ".join(dict.fromkeys(told))
    names: dict[object, str] = {str: "text", int: "number", float: "number"}
    names[bool] = "true or false"
    if kind in names:
        return names[kind]
    if kind is type(None):
        return "null"
    return "map" if inspect.isclass(kind) else str(kind)


def _annotated(kind: object) -> str:
    inner, *metas = typing.get_args(kind)
    told = type_of(inner)
    for meta in metas:
        if isinstance(meta, msgspec.Meta):
            bounds = [
                f"{word} {value}"
                for word, value in (
                    ("from", meta.ge),
                    ("to", meta.le),
                    ("below", meta.lt),
                    ("at least", meta.min_length),
                    ("at most", meta.max_length),
                )
                if value is not None
            ]
            told += f" ({', '.join(bounds)})" if bounds else ""
    return told
