"""The page for those who write a desk."""

import re
from pathlib import Path

from broker.wire.codec import JSON
from broker.wire.frames import OPERATIONS, FromClient
from broker.wire.operations.session import Hello

PAGE = Path(__file__).parents[2] / "docs" / "desk.md"


def test_every_frame_on_it_is_one() -> None:
    frames = re.findall(r'^\{"op".*\}$', PAGE.read_text(), re.MULTILINE)
    assert len(frames) > 5
    for frame in frames:
        assert isinstance(JSON.decode(frame.encode()), FromClient), frame


def test_it_names_no_operation_that_is_not_there() -> None:
    named = set(re.findall(r"`([a-z]+\.[a-z]+)[ `]", PAGE.read_text()))
    settings = {"assignment.routing"}
    assert named - settings <= OPERATIONS.keys()
    assert Hello.__struct_config__.tag in OPERATIONS
