"""Where the journal is shipped to, if it is: see `storage.shipping`."""

from pathlib import Path

from broker.config import ConfigError, ShipConfig
from storage.shipping import Ship


def ship_of(config: ShipConfig, folder: Path, *, alone: bool) -> Ship | None:
    """Return what ships the journal of `folder`, or `None` if nothing is to.

    Raises:
        ConfigError: there is no such folder, it is not another one, or the broker does
            not stand `alone`.
    """
    if config.to is None:
        return None
    target = Path(config.to)
    if not alone:
        why = "the nodes of a cluster have a copy each. Remove it, or the cluster."
        raise ConfigError(f"ship.to: {why}")
    if not target.is_dir():
        # None is made: where a disk is not mounted, it would be on the wrong one.
        why = f"{target} is not there. Mount its disk, or make the folder."
        raise ConfigError(f"ship.to: {why}")
    if target.resolve().is_relative_to(folder.resolve()):
        why = f"{target} lies in the folder itself. Name one on another disk."
        raise ConfigError(f"ship.to: {why}")
    return Ship(target.absolute(), keep_s=config.keep_h * 3600)
