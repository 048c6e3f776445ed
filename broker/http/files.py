"""Files that do not change while the process runs: read, tagged and compressed once.

A request costs a look into a dictionary. There is no path to build from what a client
sends, so none that could lead out of the folder.
"""

import gzip
import hashlib
import mimetypes
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import trio
from litestar import Request, Response, route
from litestar.handlers import HTTPRouteHandler

PUBLIC = Path(__file__).with_name("public")
"""What is served as it is, by its path in here."""
WORTH_BYTES = 256
"""Smaller files are not compressed: their heads outweigh them."""
WORTH_SHARE = 0.9
"""Nor are those of which compression leaves more: they are compressed already."""
HASHED = re.compile(
    r"[-.](?=[a-z_-]*[0-9A-Z])[0-9A-Za-z_-]{8,}\.(?!html)[0-9a-z]+$", re.ASCII
)
"""How a build names files whose content their name depends on: a plain word is none."""
FOR_EVER = "public, max-age=31536000, immutable"
ASK_AGAIN = "no-cache"


class File(NamedTuple):
    """One file, ready to be sent."""

    body: bytes
    compressed: bytes | None
    """By gzip, where that is worth it."""
    media_type: str
    digest: str
    cache: str


def file(body: bytes, media_type: str, *, hashed: bool = False) -> File:
    """Return a file; if its name is `hashed`, browsers keep it for good."""
    compressed = None
    if len(body) >= WORTH_BYTES:
        # No time in it, so that the same file is the same bytes.
        packed = gzip.compress(body, mtime=0)
        compressed = packed if len(packed) < WORTH_SHARE * len(body) else None
    digest = hashlib.sha256(body).hexdigest()[:32]
    cache = FOR_EVER if hashed else ASK_AGAIN
    return File(body, compressed, media_type, digest, cache)


def folder(root: Path) -> dict[str, File]:
    """Return all files below `root` by their path, as `/assets/x.js`."""
    return {
        f"/{path.relative_to(root).as_posix()}": read(path)
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


def read(path: Path) -> File:
    """Return the file at `path`."""
    hashed = HASHED.search(path.name) is not None
    return file(path.read_bytes(), _media_type(path.name), hashed=hashed)


def serving(files: dict[str, File]) -> HTTPRouteHandler:
    """Return the handler that serves `files`."""

    @route(
        sorted(files),
        http_method=["GET", "HEAD"],
        include_in_schema=False,
        sync_to_thread=False,
    )
    def serve(request: Request[Any, Any, Any]) -> Response[bytes]:
        """Answer with a file, or that the browser has it."""
        # As Litestar has it: it takes `/x/` and `//x` for `/x`.
        return sent(files[request.url.path], dict(request.headers))

    return serve


def on_demand(path: str, write: Callable[[], bytes]) -> HTTPRouteHandler:
    """Return the handler that serves the JSON of `write` at `path`.

    Written when it is first asked for, in a thread: a description takes some hundredths
    of a second, and few brokers are ever asked.
    """
    written: list[File] = []

    @route(path, http_method=["GET", "HEAD"], include_in_schema=False)
    async def describe(request: Request[Any, Any, Any]) -> Response[bytes]:
        """Answer the description, or that the client has it."""
        if not written:
            body = await trio.to_thread.run_sync(write)
            written.append(file(body, "application/json"))
        return sent(written[0], dict(request.headers))

    return describe


def sent(wanted: File, headers: dict[str, str]) -> Response[bytes]:
    """Return the answer to a request for `wanted` (RFC 9110, 12.5.3 and 13.1.2)."""
    body, tag = wanted.body, f'"{wanted.digest}"'
    encoding: dict[str, str] = {}
    if wanted.compressed is not None and _takes_gzip(headers):
        body, tag = wanted.compressed, f'"{wanted.digest}-gzip"'
        encoding = {"Content-Encoding": "gzip"}
    answer = {"ETag": tag, "Cache-Control": wanted.cache}
    if wanted.compressed is not None:
        answer["Vary"] = "Accept-Encoding"
    if _has(tag, headers.get("if-none-match", "")):
        return Response(b"", status_code=304, headers=answer)
    headers = answer | encoding
    return Response(
        body, status_code=200, media_type=wanted.media_type, headers=headers
    )


def _takes_gzip(headers: dict[str, str]) -> bool:
    for part in headers.get("accept-encoding", "").lower().split(","):
        coding, _, weight = part.partition(";")
        if coding.strip() in {"gzip", "*"}:
            return weight.strip() not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}
    return False


def _has(tag: str, listed: str) -> bool:
    """Return whether a client has what `tag` stands for, weakly or strongly."""
    have = {each.strip().removeprefix("W/") for each in listed.split(",")}
    return tag in have or "*" in have


def _media_type(name: str) -> str:
    # Litestar says of texts that they are UTF-8.
    return mimetypes.guess_type(name)[0] or "application/octet-stream"
