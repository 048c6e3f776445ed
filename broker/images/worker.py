"""Reads images that strangers have sent, in a process of its own; run as a program.

    python -I worker.py

A line of JSON asks for one image, a line answers. Whatever is in the image besides its
pixels stays behind: it is decoded and written anew, never copied. The process gives up
its rights to much memory and to large files first; who asks kills it when it takes too
long. It imports nothing of ours, so that it starts quickly and has nothing to lose.
"""

import contextlib
import json
import os
import resource
import sys
import warnings
from collections.abc import Iterator
from typing import Any

MEMORY_BYTES = 1024 * 1024 * 1024
"""Of address space: decoded, 25 Mpx are 100 MB, held up to four times."""
FILE_BYTES = 20 * 1024 * 1024
"""Of one result: what was packed well may come out larger, but not for ever."""
PIXELS = 25_000_000
"""Of one frame (spec F10): refused by the header, before anything is decoded."""
FRAMES = 300
FRAME_PIXELS = 50_000_000
"""Of all frames of a moving picture together."""
LOOKED_AT = 128
"""Bytes of a WebP in which its first frame begins, if it has no colour profile."""
NICER = 10
"""Chats go first."""
FORMATS = {
    "image/png": "PNG",
    "image/jpeg": "JPEG",
    "image/gif": "GIF",
    "image/webp": "WEBP",
}


class Unfit(Exception):
    """The image is not taken; the text says why."""


def limit() -> None:
    """Give up what the work does not need."""
    os.nice(NICER)
    for what, most in (
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_FSIZE, FILE_BYTES),
        (resource.RLIMIT_CORE, 0),
    ):
        # Some systems have no such limit; the time limit holds everywhere.
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(what, (most, most))


def cleaned(source: str, target: str, mime: str) -> dict[str, object]:
    """Write the pixels of `source` to `target`; return what they are.

    Raises:
        Unfit: it is no image of this kind, or too large a one.
    """
    from PIL import Image  # noqa: PLC0415  # after the limits are set

    Image.MAX_IMAGE_PIXELS = PIXELS
    kind = FORMATS[mime]
    with Image.open(source, formats=[kind]) as image:
        width, height = image.size
        if width * height > PIXELS:
            raise Unfit(f"has more than {PIXELS} pixels")
        frames = getattr(image, "n_frames", 1)
        if kind == "JPEG":
            # Cameras put previews behind the picture and call them frames.
            frames = 1
        if frames > FRAMES or width * height * frames > max(FRAME_PIXELS, PIXELS):
            raise Unfit("moves for too long")
        if frames > 1:
            _write_moving(image, target, kind, frames)
        else:
            _write_still(image, target, kind)
    with Image.open(target, formats=[kind]) as image:
        width, height = image.size
    return {"width": width, "height": height}


def _write_still(image: Any, target: str, kind: str) -> None:  # noqa: ANN401  # Pillow's kinds of images have no common type that says enough
    from PIL import ImageOps  # noqa: PLC0415  # likewise

    options: dict[str, Any] = {}
    if kind == "JPEG":
        options = _jpeg_options(image)
    elif kind == "WEBP":
        options = _webp_options(image)
    image.load()
    profile = image.info.get("icc_profile")
    # Cameras note which way is up beside the pixels; that note stays behind.
    upright = ImageOps.exif_transpose(image)
    plain = _in_common_colours(upright, profile)
    if kind == "JPEG" and plain.mode not in {"L", "RGB"}:
        plain = plain.convert("RGB")
    if plain.mode != image.mode:
        options.pop("qtables", None)
        options.pop("subsampling", None)
    transparency = image.info.get("transparency")
    plain.info = {}
    if transparency is not None and kind in {"PNG", "GIF"}:
        plain.info["transparency"] = transparency
    plain.save(target, kind, **options)


def _jpeg_options(image: Any) -> dict[str, Any]:  # noqa: ANN401  # likewise
    """Return how to lose as little again as can be: by the same tables."""
    from PIL import JpegImagePlugin  # noqa: PLC0415  # likewise

    sampling = JpegImagePlugin.get_sampling(image)
    options: dict[str, Any] = {"qtables": image.quantization, "optimize": True}
    if sampling >= 0:
        options["subsampling"] = sampling
    return options


def _webp_options(image: Any) -> dict[str, Any]:  # noqa: ANN401  # likewise
    """Return whether it was packed without loss, which Pillow does not tell."""
    with open(image.filename, "rb") as file:  # noqa: PTH123  # imports as little as can be
        lossless = b"VP8L" in file.read(LOOKED_AT)
    return {"lossless": lossless, "quality": 85, "method": 2, "exact": lossless}


def _in_common_colours(image: Any, profile: bytes | None) -> Any:  # noqa: ANN401  # likewise
    """Return the image as screens show it that know no profile: it stays behind too."""
    if profile is None or image.mode not in {"RGB", "RGBA", "CMYK"}:
        return image
    import io  # noqa: PLC0415  # for the few that have a profile

    from PIL import ImageCms  # noqa: PLC0415  # likewise

    mode = "RGB" if image.mode == "CMYK" else image.mode
    try:
        return ImageCms.profileToProfile(
            image,
            ImageCms.ImageCmsProfile(io.BytesIO(profile)),
            ImageCms.createProfile("sRGB"),  # pyright: ignore[reportUnknownArgumentType]  # Pillow leaves it open
            outputMode=mode,
        )
    except (ImageCms.PyCMSError, OSError):
        return image


def _write_moving(image: Any, target: str, kind: str, frames: int) -> None:  # noqa: ANN401  # likewise
    options: dict[str, Any] = {
        "save_all": True,
        "duration": _durations(image, frames),
        "loop": image.info.get("loop", 0 if kind != "GIF" else 1),
    }
    if kind == "GIF":
        if "loop" not in image.info:
            del options["loop"]
        options |= {"comment": b"", "optimize": False}
    elif kind == "WEBP":
        options |= _webp_options(image)
    else:
        options |= {"default_image": False, "disposal": 0, "blend": 0}
    # All of them at once: Pillow looks through them twice.
    first, *others = _shown(image, frames, kind)
    first.save(target, kind, append_images=others, **options)


def _durations(image: Any, frames: int) -> list[int]:  # noqa: ANN401  # likewise
    durations: list[int] = []
    for number in range(frames):
        image.seek(number)
        # A WebP says how long a frame lasts only once it is decoded.
        image.load()
        durations.append(int(image.info.get("duration", 100)))
    image.seek(0)
    return durations


def _shown(image: Any, frames: int, kind: str) -> Iterator[Any]:  # noqa: ANN401  # likewise
    """Yield each frame as it is shown, with nothing but its pixels."""
    for number in range(frames):
        image.seek(number)
        frame = image.copy() if kind == "GIF" else image.convert("RGBA")
        kept = image.info.get("transparency") if kind == "GIF" else None
        frame.info = {} if kept is None else {"transparency": kept}
        yield frame


def answered(line: str) -> dict[str, object]:
    """Return the answer to one question; a broken image is no fault of ours."""
    asked = json.loads(line)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return cleaned(asked["source"], asked["target"], asked["mime"])
        except Unfit as unfit:
            return {"reason": str(unfit)}
        except MemoryError:
            return {"reason": "takes too much memory"}
        # Of Pillow's readers anything may come: each has its own errors.
        except Exception:  # noqa: BLE001
            return {"reason": "cannot be read"}


def main() -> None:
    """Answer until nobody asks any more."""
    limit()
    for line in sys.stdin:
        sys.stdout.write(json.dumps(answered(line)) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
