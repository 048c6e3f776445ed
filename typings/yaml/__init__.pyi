# What the tests use of PyYAML, which ships no annotations.
from collections.abc import Callable

class Node:
    value: list[Node]

class SafeLoader:
    def construct_object(self, node: Node, deep: bool = ...) -> object: ...
    @classmethod
    def add_constructor(
        cls, tag: str, constructor: Callable[[SafeLoader, Node], object]
    ) -> None: ...

def load(stream: str, Loader: type[SafeLoader]) -> object: ...  # noqa: N803  # its name
