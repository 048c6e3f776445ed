"""`/schema/openapi.json`: what the routes are, in the words of OpenAPI 3.1.

Written when it is first asked for, in a thread: it takes a tenth of a second, and few
brokers are ever asked.
"""

from typing import Any

import msgspec
import trio
from litestar import Litestar, Request, Response, route
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme

from broker.http.files import File, file, sent


def describing(
    handlers: tuple[HTTPRouteHandler, ...], version: str
) -> HTTPRouteHandler:
    """Return the handler that describes `handlers`."""
    written: list[File] = []

    @route("/schema/openapi.json", http_method=["GET", "HEAD"], include_in_schema=False)
    async def describe(request: Request[Any, Any, Any]) -> Response[bytes]:
        """Answer the description, or that the client has it."""
        if not written:
            body = await trio.to_thread.run_sync(description, handlers, version)
            written.append(file(body, "application/json"))
        return sent(written[0], dict(request.headers))

    return describe


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
    return msgspec.json.encode(app.openapi_schema.to_schema())
