from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.actors.hall import Hall
from tests.actors.world import World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A broker's worth of actors; nothing may be left half done in it."""
    made = World(tmp_path)
    yield made
    made.turn()
    made.close()


@pytest.fixture
def hall() -> Hall:
    """A run queue and actors that do as they are told."""
    return Hall()
