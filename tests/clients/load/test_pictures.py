"""Images that a run sends."""

from io import BytesIO

from PIL import Image

from clients.load.pictures import png
from clients.load.texts import AGENT, Mark


def test_images_are_the_seeds_and_no_two_are_alike() -> None:
    one = png(1, Mark(0, AGENT, 1))
    assert one == png(1, Mark(0, AGENT, 1))
    assert len({one, png(2, Mark(0, AGENT, 1)), png(1, Mark(0, AGENT, 2))}) == 3


def test_an_image_is_one() -> None:
    with Image.open(BytesIO(png(1, Mark(0, AGENT, 1)))) as image:
        image.load()
        assert (image.format, image.mode) == ("PNG", "RGB")
