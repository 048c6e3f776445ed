"""What may be asked of a path.

Litestar answers that too, but of a path with several handlers it knows the first one's
methods alone.
"""

from collections.abc import Iterable

from litestar import Response, route
from litestar.handlers import HTTPRouteHandler
from litestar.status_codes import HTTP_204_NO_CONTENT


def answering_options(handlers: Iterable[HTTPRouteHandler]) -> list[HTTPRouteHandler]:
    """Return handlers of `OPTIONS` for all paths of `handlers`, to be put first."""
    methods: dict[str, set[str]] = {}
    for handler in handlers:
        for path in handler.paths:
            methods.setdefault(path, {"OPTIONS"}).update(handler.http_methods)
    return [_answering(path, sorted(methods[path])) for path in methods]


def _answering(path: str, methods: list[str]) -> HTTPRouteHandler:
    @route(
        path,
        http_method="OPTIONS",
        include_in_schema=False,
        status_code=HTTP_204_NO_CONTENT,
        sync_to_thread=False,
    )
    def options() -> Response[None]:
        """Answer with the methods."""
        return Response(None, headers={"Allow": ", ".join(methods)})

    return options
