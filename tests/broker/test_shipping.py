"""Where to a journal may be shipped."""

from pathlib import Path

import pytest

from broker.config import Config, ConfigError, ShipConfig
from broker.server import Broker
from broker.shipping import ship_of
from storage.generations import newest


@pytest.mark.parametrize("place", ["missing", "data/inside", "file"])
def test_a_folder_that_cannot_be_is_named_with_its_key(
    tmp_path: Path, place: str
) -> None:
    (tmp_path / "data/inside").mkdir(parents=True)
    (tmp_path / "file").touch()
    config = ShipConfig(to=str(tmp_path / place))
    with pytest.raises(ConfigError, match=r"ship\.to: .*(missing|inside|file)"):
        ship_of(config, tmp_path / "data", alone=True)


def test_a_node_of_a_cluster_ships_nothing(tmp_path: Path) -> None:
    config = ShipConfig(to=str(tmp_path))
    with pytest.raises(ConfigError, match="cluster"):
        ship_of(config, tmp_path / "data", alone=False)


async def test_a_broker_leaves_all_that_it_was_told_there(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    config = Config(ship=ShipConfig(to=str(tmp_path / "other")))
    async with Broker.open(tmp_path / "data", config) as broker:
        assert broker.ship is not None
    stats = broker.ship.stats()
    assert (stats.waiting, stats.generations) == (0, 1)
    assert newest(tmp_path / "other") is not None
