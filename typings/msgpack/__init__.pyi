# msgpack ships no annotations. These are the few names that this project uses, with
# `object` where its `Any` would spread.
from collections.abc import Callable, Iterator
from typing import BinaryIO

from typing_extensions import Buffer

class UnpackException(Exception): ...
class ExtraData(ValueError): ...
class FormatError(ValueError, UnpackException): ...
class OutOfData(UnpackException): ...
class StackError(ValueError, UnpackException): ...

def packb(
    o: object,
    *,
    default: Callable[[object], object] | None = ...,
    use_bin_type: bool = ...,
    strict_types: bool = ...,
) -> bytes: ...
def unpackb(
    packed: Buffer,
    *,
    raw: bool = ...,
    use_list: bool = ...,
    strict_map_key: bool = ...,
    max_buffer_size: int = ...,
) -> object: ...

class Packer:
    def __init__(
        self,
        *,
        default: Callable[[object], object] | None = ...,
        use_bin_type: bool = ...,
        strict_types: bool = ...,
    ) -> None: ...
    def pack(self, obj: object) -> bytes: ...

class Unpacker(Iterator[object]):
    def __init__(
        self,
        file_like: BinaryIO | None = ...,
        *,
        raw: bool = ...,
        use_list: bool = ...,
        strict_map_key: bool = ...,
        max_buffer_size: int = ...,
    ) -> None: ...
    def feed(self, next_bytes: Buffer) -> None: ...
    def tell(self) -> int: ...
    def __next__(self) -> object: ...
