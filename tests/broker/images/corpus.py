"""Images as cameras, programs and attackers make them; every one made here."""

import io
import struct
import zipfile
import zlib
from typing import Any

from PIL import Image, ImageDraw

SECRET = b"Lat 52.2297 Lon 21.0122"
"""Stands in every piece of metadata: it must be in nothing that is kept."""


def drawn(size: tuple[int, int] = (64, 48), mode: str = "RGB") -> Image.Image:
    image = Image.new("RGB", size, "navy")
    ImageDraw.Draw(image).ellipse((8, 8, size[0] - 8, size[1] - 8), fill="orange")
    return image.convert(mode)


def packed(image: Image.Image, kind: str, **options: Any) -> bytes:  # what Pillow takes
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def exif(orientation: int = 1) -> Image.Exif:
    notes = Image.Exif()
    notes[0x010E] = SECRET.decode()
    notes[0x0112] = orientation
    return notes


def png() -> bytes:
    return packed(drawn(), "PNG")


def png_with_notes() -> bytes:
    whole = packed(drawn(), "PNG", exif=exif())
    return whole[:33] + chunk(b"tEXt", b"Comment\0" + SECRET) + whole[33:]


def jpeg_with_notes(orientation: int = 1) -> bytes:
    notes = exif(orientation)
    return packed(drawn(), "JPEG", exif=notes, comment=SECRET, quality=90)


def webp_with_notes() -> bytes:
    return packed(drawn(), "WEBP", exif=exif(), xmp=SECRET)


def moving(kind: str, frames: int = 3, size: tuple[int, int] = (32, 24)) -> bytes:
    shown = [drawn(size).rotate(30 * number) for number in range(frames)]
    options: dict[str, Any] = {"comment": SECRET} if kind == "GIF" else {}
    return packed(
        shown[0],
        kind,
        save_all=True,
        append_images=shown[1:],
        duration=[40 + 10 * number for number in range(frames)],
        loop=0,
        **options,
    )


def chunk(name: bytes, content: bytes) -> bytes:
    checked = name + content
    return (
        struct.pack(">I", len(content))
        + checked
        + struct.pack(">I", zlib.crc32(checked))
    )


def png_of(width: int, height: int, rows: bytes = b"") -> bytes:
    """Return a PNG whose header says this size, and which holds `rows` packed."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(rows, 9))
        + chunk(b"IEND", b"")
    )


def zipped(text: bytes = b"alert(1)") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("evil.js", text)
    return out.getvalue()


def jpeg_and_zip() -> bytes:
    return packed(drawn(), "JPEG") + zipped()


def gif_and_script() -> bytes:
    """Return a GIF that a browser would run, were it told that it is a script."""
    real = bytearray(packed(drawn(), "GIF"))
    # Its width becomes the two characters of a comment's begin.
    real[6:8] = b"/*"
    return bytes(real) + b"*/=1;alert(1);"


def opened(content: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(content))
    image.load()
    return image


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HTML = b"<!doctype html><script>alert(1)</script>"
NO_IMAGES = {
    "svg": SVG,
    "html": HTML,
    "nothing": b"",
    "one byte": b"G",
    "pdf": b"%PDF-1.7\n" + b"x" * 100,
    "bmp": packed(drawn(), "BMP"),
    "tiff": packed(drawn(), "TIFF"),
    "ico": packed(drawn(), "ICO"),
    "zip": zipped(),
    "a png's first bytes": b"\x89PNG\r\n\x1a\n",
    "a jpeg's first bytes": b"\xff\xd8\xff\xe0" + b"\0" * 40,
    "a gif's first bytes": b"GIF89a" + b"\0" * 40,
    "a script behind a gif's first bytes": b"GIF89a/*" + b"x" * 40 + b"*/=1;alert(1)",
    "a webp's first bytes": b"RIFF\xff\0\0\0WEBPVP8 " + b"\0" * 40,
    "html behind a png's first bytes": b"\x89PNG\r\n\x1a\n" + HTML,
    "a png that is cut short": packed(drawn((500, 500)), "PNG")[:-400],
    "a jpeg that is cut short": packed(drawn((500, 500)), "JPEG")[:3000],
    "a webp that is cut short": packed(drawn((500, 500)), "WEBP")[:-500],
    "a png with nothing in it": png_of(100, 100),
    "a png of 400 MB": png_of(20_000, 20_000, b"\0" * 1_000_000),
    "a png of no width": png_of(0, 100),
    "a png wider than all memory": png_of(2**31 - 1, 2**31 - 1),
    "a gif of 4 Gpx": b"GIF89a\xff\xff\xff\xff\x80\0\0" + b"\0" * 6 + b",\0\0\0\0"
    b"\xff\xff\xff\xff\0\x02\x02\x4c\x01\0;",
}
IMAGES = {
    "png": png(),
    "png with notes": png_with_notes(),
    "png in 16 bits of grey": packed(Image.new("I;16", (40, 30), 40_000), "PNG"),
    "png with a palette": packed(drawn(mode="P"), "PNG", transparency=0),
    "png of one bit": packed(drawn(mode="1"), "PNG"),
    "png in grey and alpha": packed(drawn(mode="LA"), "PNG"),
    "moving png": moving("PNG"),
    "jpeg with notes": jpeg_with_notes(),
    "jpeg in grey": packed(drawn(mode="L"), "JPEG"),
    "jpeg for printers": packed(drawn(mode="CMYK"), "JPEG"),
    "progressive jpeg": packed(drawn(), "JPEG", progressive=True),
    "jpeg and zip": jpeg_and_zip(),
    "gif": packed(drawn(), "GIF"),
    "moving gif": moving("GIF"),
    "webp with notes": webp_with_notes(),
    "webp without loss": packed(drawn(mode="RGBA"), "WEBP", lossless=True),
    "moving webp": moving("WEBP"),
}
