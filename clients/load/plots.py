"""Lines over time as SVG: drawn here, so that a report is one file that needs nothing.

A quiet chart: few grid lines, a name at the end of each line, no legend to look up.
"""

import math
from collections.abc import Sequence
from html import escape
from typing import NamedTuple

WIDTH, HEIGHT = 720, 200
LEFT, RIGHT, TOP, BOTTOM = 52, 96, 12, 24
"""Around the lines: figures at the left, names at the right, seconds below."""
TICKS = 4
"""Grid lines, about."""
LABEL_APART = 13
"""Between two names, or they cannot be read."""

Values = Sequence[float | None]


class Series(NamedTuple):
    """One line; `None` is a gap."""

    name: str
    style: str
    """The class that colours it."""
    values: Values


class Chart(NamedTuple):
    """Several lines with one scale, a value a second or what else `clock` says."""

    title: str
    unit: str
    series: tuple[Series, ...]
    clock: str = "s"


def drawn(chart: Chart) -> str:
    """Return the chart as an SVG element."""
    seconds = max((len(line.values) for line in chart.series), default=0)
    highest = max(
        (v for line in chart.series for v in line.values if v is not None), default=0
    )
    step = _step(highest)
    top = step * max(math.ceil(highest / step), 1)
    area = _Area(max(seconds - 1, 1), top)
    parts = [_grid(area, step), _clock(area, chart.clock)]
    parts += [_line(area, line) for line in chart.series]
    parts.append(_names(area, chart.series))
    said = escape(f"{chart.title}, {chart.unit}")
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{said}">'
        + "".join(parts)
        + "</svg>"
    )


class _Area(NamedTuple):
    """Where values are."""

    seconds: int
    top: float

    def x(self, second: float) -> float:
        return round(LEFT + (WIDTH - LEFT - RIGHT) * second / self.seconds, 1)

    def y(self, value: float) -> float:
        return round(HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * value / self.top, 1)


def _step(highest: float) -> float:
    """Return a round distance between grid lines."""
    if highest <= 0:
        return 1.0
    rough = highest / TICKS
    size: float = 10.0 ** math.floor(math.log10(rough))
    return next(size * n for n in (1, 2, 5, 10) if size * n >= rough)


def _grid(area: _Area, step: float) -> str:
    parts: list[str] = []
    for number in range(round(area.top / step) + 1):
        y = area.y(number * step)
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}"')
        parts.append(f' y2="{y}"/><text class="scale" x="{LEFT - 8}" y="{y + 4}"')
        parts.append(f' text-anchor="end">{number * step:g}</text>')
    return "".join(parts)


def _clock(area: _Area, unit: str) -> str:
    step = max(round(_step(area.seconds)), 1)
    return "".join(
        f'<text class="scale" x="{area.x(second)}" y="{HEIGHT - 6}"'
        f' text-anchor="middle">{second} {unit}</text>'
        for second in range(0, area.seconds + 1, step)
    )


def _line(area: _Area, line: Series) -> str:
    path, pen = "", "M"
    for second, value in enumerate(line.values):
        if value is None:
            pen = "M"
            continue
        path += f"{pen}{area.x(second)} {area.y(value)}"
        pen = "L"
    return f'<path class="line {line.style}" d="{path}"/>'


def _names(area: _Area, series: Sequence[Series]) -> str:
    """Return each line's name at its end, none over another."""
    ends = [
        (area.y(next(v for v in reversed(line.values) if v is not None)), line)
        for line in series
        if any(v is not None for v in line.values)
    ]
    parts: list[str] = []
    lowest = -math.inf
    for wanted, line in sorted(ends, key=lambda end: end[0]):
        y = lowest = max(wanted, lowest + LABEL_APART)
        parts.append(f'<text class="name {line.style}" x="{WIDTH - RIGHT + 8}"')
        parts.append(f' y="{y + 4}">{escape(line.name)}</text>')
    return "".join(parts)
