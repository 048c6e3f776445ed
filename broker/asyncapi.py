"""The socket as an AsyncAPI 3 document, made from the types that the code itself uses.

Client frames come from the table of operations, with the form of each one's answer;
what the broker says comes from every struct that is a server frame; events from the
bodies that the journal knows. A test holds each frame that the tests see against it.
"""

import inspect
from collections.abc import Iterable, Iterator
from typing import Annotated, Any, get_args

import msgspec
from msgspec import Meta, UnsetType

from actors.chat.events import AnyBody, Body
from broker.backroom import Backroom
from broker.requests import ALL, REQUESTS
from broker.storefront import Storefront
from broker.wire import frames, heard
from broker.wire.codec import SUBPROTOCOLS
from broker.wire.errors import Close, Code

Document = dict[str, Any]
"""JSON to be."""


def server_frames() -> list[type[frames.FromServer]]:
    """Return every form in which the broker says something, by `t` and name."""
    return sorted(
        _forms(frames.FromServer),
        key=lambda form: (str(form.__struct_config__.tag), form.__name__),
    )


def document(version: str) -> Document:
    """Return the whole document for a broker of `version`."""
    said = {_said(frame): frame for frame in get_args(frames.ClientFrame)}
    shown: dict[str, type[msgspec.Struct]]
    shown = {form.__name__: _exact(form) for form in server_frames()}
    # In its place stand the events, each by its kind.
    del shown[frames.Ev.__name__]
    shown |= {f"ev.{body.kind}": _event(body) for body in get_args(AnyBody)}
    messages = said | shown
    schemas, components = msgspec.json.schema_components(
        list(messages.values()), ref_template="#/components/schemas/{name}"
    )
    refusals: list[type[frames.FromServer]] = [frames.Err, *_forms(frames.Err)]
    for form in refusals:
        components[form.__name__]["properties"]["code"] = {"enum": list(Code)}
    # Where an answer has events in it, they are those that have messages.
    components[frames.Ev.__name__] = {"oneOf": schemas[-len(get_args(AnyBody)) :]}
    del components[msgspec.Struct.__name__]
    return {
        "asyncapi": "3.0.0",
        "info": _info(version),
        "defaultContentType": "application/json",
        "channels": {"socket": _channel(messages)},
        "operations": {**dict(_operations()), "hear": _hear(shown)},
        "components": {
            "messages": {
                name: {"name": name, "payload": schema}
                for name, schema in zip(messages, schemas, strict=True)
            },
            "schemas": components,
        },
    }


def _forms(base: type[frames.FromServer]) -> Iterator[type[frames.FromServer]]:
    for form in base.__subclasses__():
        # What clients take instead of ours is none that we send.
        if form.__module__ != heard.__name__:
            yield form
            yield from _forms(form)


def _info(version: str) -> Document:
    return {
        "title": "Shopwire",
        "version": version,
        "description": (
            "Live chat between a shop's visitors and its agents. Subprotocols: "
            + ", ".join(f"`{name}`" for name in SUBPROTOCOLS)
            + "; the same maps in both. Close codes: "
            + ", ".join(f"{int(code)} {code.name.lower()}" for code in Close)
            + "."
        ),
    }


def _channel(messages: Iterable[str]) -> Document:
    return {
        "address": "/ws",
        "messages": {n: {"$ref": f"#/components/messages/{n}"} for n in messages},
        "bindings": {"ws": {"method": "GET", "bindingVersion": "0.1.0"}},
    }


def _operations() -> Iterator[tuple[str, Document]]:
    """Yield what a client may ask for: the broker receives it, and answers."""
    for frame in get_args(frames.ClientFrame):
        answer, roles = _answered(frame)
        operation: Document = {
            "action": "receive",
            "channel": {"$ref": "#/channels/socket"},
            "summary": inspect.getdoc(frame),
            "tags": [{"name": role} for role in sorted(roles)],
            "messages": [_in_channel(_said(frame))],
        }
        if answer is not None:
            forms = (answer.__name__, frames.Err.__name__)
            operation["reply"] = {
                "channel": {"$ref": "#/channels/socket"},
                "messages": [_in_channel(form) for form in forms],
            }
        yield _said(frame), operation


def _hear(shown: Iterable[str]) -> Document:
    return {
        "action": "send",
        "channel": {"$ref": "#/channels/socket"},
        "summary": "All that the broker says.",
        "messages": [_in_channel(name) for name in shown],
    }


def _answered(
    frame: type[frames.FromClient],
) -> tuple[type[frames.Answer] | type[frames.Welcome] | None, frozenset[str]]:
    """Return how `frame` is answered, and to whom."""
    if frame in REQUESTS:
        request = REQUESTS[frame]
        return request.answer, request.roles
    # The two that make somebody of a stranger stand in no table.
    return (frames.Welcome if frame is frames.Hello else frames.Ok), ALL


def _said(frame: type[frames.FromClient]) -> str:
    return str(frame.__struct_config__.tag)


def _in_channel(name: str) -> Document:
    return {"$ref": f"#/channels/socket/messages/{name}"}


def _exact(form: type[frames.FromServer]) -> type[msgspec.Struct]:
    """Return `form` with what it carries named, where the wire leaves that open."""
    if form is frames.Welcome:
        doc = inspect.getdoc(form)
        return _again(
            form,
            form.__name__,
            doc,
            config=Storefront | UnsetType,
            desk=Backroom | UnsetType,
        )
    return form


def _event(body: type[Body]) -> type[msgspec.Struct]:
    """Return the form of an `ev` that carries `body`."""
    name = f"{body.__name__}Event"
    kind = Annotated[str, Meta(extra_json_schema={"const": body.kind})]
    return _again(frames.Ev, name, inspect.getdoc(body), kind=kind, body=body)


def _again(
    form: type[frames.FromServer], name: str, doc: str | None, **types: object
) -> type[msgspec.Struct]:
    """Return `form` anew, under another name, with other types for some fields."""
    fields: list[Any] = []
    for field in msgspec.structs.fields(form):
        kind = types.get(field.name, field.type)
        default = () if field.required else (field.default,)
        fields.append((field.encode_name, kind, *default))
    tag = form.__struct_config__.tag
    made = msgspec.defstruct(name, fields, tag_field="t", tag=tag, module=__name__)
    made.__doc__ = doc
    return made
