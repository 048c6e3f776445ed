"""Virtual time is asked for as in the tests of the whole."""

from tests.system.conftest import (
    pytest_collection_modifyitems,
    quick_shop,
    virtual_time,
)

__all__ = ["pytest_collection_modifyitems", "quick_shop", "virtual_time"]
