"""The dashboard and the rules name figures that there are."""

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import trio
import trio.testing

from broker.cluster.figures import NodeFigures, Standing
from broker.metrics import PREFIX, Figures
from broker.server import Broker
from tests.faults.processes import ROOT

GRAFANA = ROOT / "deploy/grafana"
NAMED = re.compile(r"\b(?:shopwire|process)_[a-z0-9_]+")


@cache
def families() -> dict[str, frozenset[str]]:
    """Return the figures of a broker, each with the names of its samples."""
    collected = trio.run(_collected, clock=trio.testing.MockClock(autojump_threshold=0))
    return {each.name: _samples(each.name, each.type) for each in collected}


async def _collected() -> list[Any]:
    async with Broker.open(None, virtual=True) as broker:
        return [*Figures(broker).collect(), *NodeFigures(Standing).collect()]


def _samples(name: str, kind: str) -> frozenset[str]:
    if kind == "counter":
        return frozenset({f"{name}_total"})
    if kind == "histogram":
        return frozenset(f"{name}_{end}" for end in ("bucket", "sum", "count"))
    return frozenset({name})


def dashboard() -> Any:  # noqa: ANN401  # JSON
    return json.loads((GRAFANA / "shopwire.json").read_text())


def asked() -> Iterator[str]:
    """Yield every expression of the dashboard."""
    for panel in dashboard()["panels"]:
        for target in panel.get("targets", ()):
            yield target["expr"]


def test_every_figure_that_is_asked_for_is_there() -> None:
    known = {name for samples in families().values() for name in samples}
    rules = (GRAFANA / "alerts.yaml").read_text()
    named = {name for text in (*asked(), rules) for name in NAMED.findall(text)}
    assert len(named) > 40
    assert named - known == set()


def test_every_figure_of_ours_is_on_the_dashboard() -> None:
    named = {
        name
        for text in (*asked(), json.dumps(dashboard()))
        for name in NAMED.findall(text)
    }
    missing = [
        name
        for name, samples in families().items()
        if name.startswith(PREFIX) and not samples & named
    ]
    assert missing == []


def test_figures_are_named_as_prometheus_asks() -> None:
    for name in families():
        assert re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)+", name)
        # Base units alone, and no kind in a name.
        assert not re.search(r"_(ms|millis|minutes|kb|mb|gauge|counter|count)$", name)


def test_panels_have_ids_of_their_own_and_do_not_overlap() -> None:
    panels = dashboard()["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    cells = [
        (x, y)
        for panel in panels
        for at in [panel["gridPos"]]
        for x in range(at["x"], at["x"] + at["w"])
        for y in range(at["y"], at["y"] + at["h"])
    ]
    assert len(set(cells)) == len(cells)
    assert max(x for x, _ in cells) < 24
