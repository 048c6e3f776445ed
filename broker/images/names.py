"""What kind of image it is, and what to call it: never what its sender says."""

import re
from urllib.parse import quote, unquote

SNIFFED = 16
"""Bytes from the beginning that tell the kind."""
MOST_CHARS = 80
"""Of a file's name, without its ending."""
ENDINGS = {
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "image/gif": ".gif",
    "image/webp": ".webp",
}
UNSAFE = re.compile(r"[^\w .-]+")
"""What a name need not have, and some system or other takes for something else."""


def kind_of(head: bytes) -> str | None:
    """Return the media type of what begins with `head`; `None` if it is not taken."""
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if head.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if head.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    return None


def safe_name(given: str, mime: str) -> str:
    """Return what to call the file: the last part of `given`, in plain characters."""
    last = re.split(r"[/\\]", unquote(given))[-1]
    stem = UNSAFE.sub("_", last).rpartition(".")[0] or UNSAFE.sub("_", last)
    return (stem.strip(" ._-")[:MOST_CHARS].rstrip(" .") or "image") + ENDINGS[mime]


def disposition(name: str) -> str:
    """Return how a browser is told of it (RFC 6266)."""
    plain = name.encode("ascii", "replace").decode().replace("?", "_")
    return f"inline; filename=\"{plain}\"; filename*=UTF-8''{quote(name)}"
