"""The table of all figures of `/metrics`, as one node that does nothing tells them."""

from collections.abc import Iterator

import trio
import trio.testing
from prometheus_client.core import Metric

from broker.cluster.figures import NodeFigures, Standing
from broker.metrics import Figures
from broker.server import Broker


def table() -> Iterator[str]:
    """Yield the lines of the table."""
    yield "| figure | kind | is |"
    yield "|---|---|---|"
    figures = trio.run(_figures, clock=trio.testing.MockClock(autojump_threshold=0))
    for figure in sorted(figures, key=lambda figure: figure.name):
        total = "_total" if figure.type == "counter" else ""
        labels = sorted({label for sample in figure.samples for label in sample.labels})
        by = "".join(f" By `{label}`." for label in labels if label != "le")
        yield f"| `{figure.name}{total}` | {figure.type} | {figure.documentation}{by} |"


async def _figures() -> list[Metric]:
    async with Broker.open(None, virtual=True) as broker:
        return [*Figures(broker).collect(), *NodeFigures(Standing).collect()]
