"""Bars as SVG: one panel a figure, one bar a server, a whisker from best to worst."""

from collections.abc import Sequence
from typing import NamedTuple
from xml.sax.saxutils import escape

from benchmarks.ratios import Spread

WIDTH, NAMES, VALUES = 720, 150, 100
"""Of the picture, and of what stands left and right of the bars."""
ROW, BAR, TITLE, GAP = 20, 12, 26, 14
STYLE = """
text { font: 12px system-ui, sans-serif; fill: #444 }
.title { font-weight: 600; fill: #222 }
.ours { fill: #2f6fde }
.peer { fill: #a9b1bd }
.whisker { stroke: #444; stroke-width: 1 }
@media (prefers-color-scheme: dark) {
  text { fill: #bbb } .title { fill: #eee }
  .ours { fill: #6ea0ff } .peer { fill: #5c6470 } .whisker { stroke: #ccc }
}
"""
RECTANGLE = (
    '<rect class="{kind}" x="{x}" y="{y:.1f}" width="{width:.1f}" '
    f'height="{BAR}" rx="2"/>'
)
WHISKER = '<line class="whisker" x1="{low:.1f}" x2="{high:.1f}" y1="{y}" y2="{y}"/>'


class Bar(NamedTuple):
    """One server's figure."""

    name: str
    spread: Spread
    ours: bool


class Panel(NamedTuple):
    """One figure of all servers."""

    title: str
    unit: str
    digits: int
    bars: Sequence[Bar]


def draw(panels: Sequence[Panel]) -> str:
    """Return the picture; each panel has a scale of its own, from zero."""
    parts: list[str] = []
    top = 0.0
    for panel in panels:
        parts += _panel(panel, top)
        top += TITLE + ROW * len(panel.bars) + GAP
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {top:.0f}" '
        f'width="{WIDTH}" role="img">\n<style>{STYLE}</style>\n'
        + "\n".join(parts)
        + "\n</svg>\n"
    )


def _panel(panel: Panel, top: float) -> list[str]:
    longest = max((bar.spread.high for bar in panel.bars), default=0) or 1
    scale = (WIDTH - NAMES - VALUES) / longest
    lines = [_text(0, top + TITLE - 10, f"{panel.title}, {panel.unit}", "title")]
    for number, bar in enumerate(panel.bars):
        middle = top + TITLE + ROW * number + ROW / 2
        lines += _bar(bar, middle, scale, panel.digits)
    return lines


def _bar(bar: Bar, middle: float, scale: float, digits: int) -> list[str]:
    kind = "ours" if bar.ours else "peer"
    low, high = NAMES + bar.spread.low * scale, NAMES + bar.spread.high * scale
    length = max(bar.spread.median * scale, 1)
    return [
        _text(NAMES - 8, middle + 4, bar.name, "", anchor="end"),
        RECTANGLE.format(kind=kind, x=NAMES, y=middle - BAR / 2, width=length),
        WHISKER.format(low=low, high=high, y=middle),
        _text(high + 6, middle + 4, f"{bar.spread.median:,.{digits}f}", ""),
    ]


def _text(x: float, y: float, text: str, kind: str, *, anchor: str = "start") -> str:
    return (
        f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">'
        f"{escape(text)}</text>"
    )
