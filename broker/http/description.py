"""`/schema/openapi.json`: what the routes are, in the words of OpenAPI 3.1."""

from typing import Any

import msgspec
from litestar import Litestar
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme

ANSWERS = "answers"
TAKES = "takes"


def description(handlers: tuple[HTTPRouteHandler, ...], version: str) -> bytes:
    """Return the document, as JSON."""
    bearer = SecurityScheme(
        type="http",
        scheme="bearer",
        bearer_format="JWT",
        description="A token, or `anon:` and a visitor's secret where a visitor may.",
    )
    config = OpenAPIConfig(
        title="Shopwire",
        version=version,
        render_plugins=[JsonRenderPlugin()],
        use_handler_docstrings=True,
        components=Components(security_schemes={"bearer": bearer}),
    )
    app = Litestar([*handlers], openapi_config=config, logging_config=None)
    written = msgspec.json.encode(app.openapi_schema.to_schema())
    # In Litestar's unions several may fit at once. Within texts the quotes are escaped.
    written = written.replace(b'"oneOf":', b'"anyOf":')
    document = msgspec.json.decode(written)
    for handler in handlers:
        for path in handler.paths:
            item = document["paths"].get(path.replace(":str}", "}"), {})
            for method in handler.http_methods & {known.upper() for known in item}:
                _amend(item[method.lower()], handler)
    return msgspec.json.encode(document)


def answering(*media: str) -> dict[str, Any]:
    """Return what tells the description that answers are of these types, no JSON."""
    return {ANSWERS: media}


def taking(*media: str) -> dict[str, Any]:
    """Return what tells it that a body is of one of these types; it is needed."""
    return {TAKES: media}


def _amend(operation: dict[str, Any], handler: HTTPRouteHandler) -> None:
    """Describe what Litestar cannot know of a handler that makes or reads bytes."""
    opt = handler.opt
    if ANSWERS in opt:
        content = {media: _content(media) for media in opt[ANSWERS]}
        operation["responses"]["200"]["content"] = content
    if TAKES in opt:
        content = {media: _content(media) for media in opt[TAKES]}
        operation["requestBody"] = {"required": True, "content": content}


def _content(media: str) -> dict[str, Any]:
    # Bytes have no schema in 3.1, and nothing that is read as a whole has one here.
    return {} if media.startswith("image/") else {"schema": {}}
