"""A ticket as the inbox keeps it."""

from typing import Any

import msgspec

from actors.desk.views import Key, Standing
from actors.ids import Millis

NOBODY: dict[str, int] = {}
"""The readers of most tickets: shared, never changed."""


class Listing(msgspec.Struct, gc=False):
    """Changed by the inbox alone; `gc=False`: it holds nothing that could hold it."""

    stream: int
    standing: Standing
    key: Key
    profile: str
    name: str
    """What its shopper is called."""
    seq: int
    """How new it is: what comes late is older."""
    said: int
    """Seq of the shopper's last message."""
    overdue: bool
    until: Millis | None
    row: Any
    """What there is to show: of no concern here."""
    readers: dict[str, int] = NOBODY
    """Up to where agents have read, whoever has; replaced, never changed."""
    online: bool = False
    ix: int = 0
    """The site's count of changes when this last did."""
