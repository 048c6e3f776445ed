"""Making what the file system was told outlive a power loss."""

import os
from pathlib import Path


def sync(path: Path) -> None:
    """Return when the file's bytes, or the names in the folder, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
