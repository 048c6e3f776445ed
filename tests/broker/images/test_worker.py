import json
from pathlib import Path

import pytest

from broker.images import worker
from broker.images.names import kind_of
from tests.broker.images import corpus
from tests.broker.images.corpus import IMAGES, NO_IMAGES, SECRET, opened


def cleaned(folder: Path, content: bytes, mime: str | None = None) -> bytes | str:
    """Return what is kept of `content`, or why nothing is."""
    source, target = folder / "in", folder / "out"
    source.write_bytes(content)
    kind = mime or kind_of(content[:16])
    if kind is None:
        return "is of no kind"
    asked = {"source": str(source), "target": str(target), "mime": kind}
    answer = worker.answered(json.dumps(asked))
    if "reason" in answer:
        return str(answer["reason"])
    kept = target.read_bytes()
    assert (answer["width"], answer["height"]) == opened(kept).size
    assert kind_of(kept[:16]) == kind
    return kept


@pytest.mark.parametrize("name", IMAGES)
def test_an_image_comes_out_as_its_pixels_and_nothing_else(
    tmp_path: Path, name: str
) -> None:
    kept = cleaned(tmp_path, IMAGES[name])
    assert isinstance(kept, bytes), kept
    before, after = opened(IMAGES[name]), opened(kept)
    assert after.size == before.size
    assert getattr(after, "n_frames", 1) == getattr(before, "n_frames", 1)
    assert SECRET not in kept
    assert b"evil.js" not in kept
    assert not after.getexif()
    assert not {"comment", "xmp", "icc_profile", "exif"} & after.info.keys()
    near = zip(
        before.convert("RGB").resize((8, 8)).tobytes(),
        after.convert("RGB").resize((8, 8)).tobytes(),
        strict=True,
    )
    assert max(abs(a - b) for a, b in near) < 40


@pytest.mark.parametrize("name", NO_IMAGES)
def test_what_is_no_image_is_refused(tmp_path: Path, name: str) -> None:
    assert isinstance(cleaned(tmp_path, NO_IMAGES[name]), str)


def test_an_image_is_what_its_bytes_say_and_nothing_else(tmp_path: Path) -> None:
    assert cleaned(tmp_path, corpus.png(), "image/jpeg") == "cannot be read"


def test_the_same_bytes_come_out_the_same_each_time(tmp_path: Path) -> None:
    for content in IMAGES.values():
        assert cleaned(tmp_path, content) == cleaned(tmp_path, content)


def test_a_photo_is_turned_the_right_way_up(tmp_path: Path) -> None:
    kept = cleaned(tmp_path, corpus.jpeg_with_notes(orientation=6))
    assert isinstance(kept, bytes)
    assert opened(kept).size == (48, 64)


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP"])
def test_a_moving_picture_moves_as_before(tmp_path: Path, kind: str) -> None:
    kept = cleaned(tmp_path, corpus.moving(kind, 5))
    assert isinstance(kept, bytes)
    durations = []
    image = opened(kept)
    for number in range(5):
        image.seek(number)
        image.load()
        durations.append(image.info["duration"])
    assert durations == [40, 50, 60, 70, 80]
    assert image.info.get("loop") == 0


def test_a_picture_that_moves_for_too_long_is_refused(tmp_path: Path) -> None:
    long = corpus.moving("GIF", worker.FRAMES + 1, (16, 16))
    assert cleaned(tmp_path, long) == "moves for too long"


def test_more_pixels_than_are_taken_are_refused_by_the_header(tmp_path: Path) -> None:
    assert cleaned(tmp_path, corpus.png_of(5001, 5000)) == (
        "has more than 25000000 pixels"
    )


def test_a_gif_that_is_a_script_too_comes_out_as_a_gif(tmp_path: Path) -> None:
    kept = cleaned(tmp_path, corpus.gif_and_script())
    # If it is taken at all: its width is no longer true.
    assert isinstance(kept, str) or b"alert" not in kept
