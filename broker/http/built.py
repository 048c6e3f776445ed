"""The browser clients: what their build has left in `clients/web/dist`.

Found when the application is built, read when somebody first asks: few brokers serve
every page, and none needs all emoji in three languages from its start.
"""

from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import trio
from litestar import MediaType, Request, Response, route
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler

from broker.http.files import File, read, sent
from broker.server import Broker

PATHS = [
    "/widget.js",
    "/licences.txt",
    "/widget/{path:path}",
    "/desk",
    "/desk/{path:path}",
    "/demo",
    "/demo/{path:path}",
]
"""What the build fills; `/desk/` is the same as `/desk` (broker.http.files)."""
DEMO = "/demo"
PAGE = "index.html"
ANYWHERE = {
    # A shop's page loads them from its own origin, and they hold nothing of anybody.
    "Access-Control-Allow-Origin": "*",
    # The emoji picker keeps its data until the tag changes.
    "Access-Control-Expose-Headers": "ETag",
    "Cross-Origin-Resource-Policy": "cross-origin",
}
OWN_PAGE = {
    # Images come as `blob:`, fetched with a token; `data:` are a style's own pictures.
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        "img-src 'self' blob: data:; font-src 'self'; manifest-src 'self'; "
        "media-src 'self' blob:; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    )
}
MISSING = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Not built</title>
<h1>The browser clients are not built</h1>
<p>This page comes with an installed Shopwire. In a source tree, build it, then start
the broker again:</p>
<pre>cd clients/web
npm ci
npm run build</pre>
</html>
"""


class Built:
    """The files of one build, by the path that they are served at."""

    def __init__(self, root: Path) -> None:
        self._paths = {
            f"/{path.relative_to(root).as_posix().removesuffix(f'/{PAGE}')}": path
            for path in sorted(root.rglob("*"))
            if path.is_file()
        }
        self._read: dict[str, File] = {}

    def __bool__(self) -> bool:
        return bool(self._paths)

    def __contains__(self, path: str) -> bool:
        return path in self._paths

    async def file(self, path: str) -> File:
        """Return what is served at `path`, which is among these."""
        known = self._read.get(path)
        if known is None:
            # Compressing the largest takes a while, and chats go on.
            known = await trio.to_thread.run_sync(partial(read, self._paths[path]))
            self._read[path] = known
        return known


def dist() -> Path:
    """Return the folder that the build fills, which may not be there."""
    # By name: clients import the broker, and not the other way round.
    found = find_spec("clients")
    places = found.submodule_search_locations if found else None
    return Path(next(iter(places or ()), "clients")) / "web" / "dist"


def serving_built(broker: Broker, built: Built) -> HTTPRouteHandler:
    """Return the handler of the browser clients' paths."""

    @route(PATHS, http_method=["GET", "HEAD"], include_in_schema=False)
    async def serve(request: Request[Any, Any, Any]) -> Response[Any]:
        """Answer with a file, or how to get it."""
        path = request.url.path.rstrip("/")
        demo = path == DEMO or path.startswith(f"{DEMO}/")
        if demo and not broker.demo:
            raise NotFoundException
        if not built:
            return Response(MISSING, status_code=404, media_type=MediaType.HTML)
        if path not in built:
            raise NotFoundException
        wanted = await built.file(path)
        answer = sent(wanted, dict(request.headers))
        page = wanted.media_type.startswith("text/html")
        for name, value in (OWN_PAGE if page else ANYWHERE).items():
            answer.set_header(name, value)
        return answer

    return serve
