"""Markdown tables, and numbers as a reader wants them."""

from collections.abc import Iterable, Sequence

from benchmarks.ratios import Spread


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; a cell's own bars are escaped."""
    lines = [_line(head), "|" + "---|" * len(head), *map(_line, rows)]
    return "\n".join(lines) + "\n"


def number(value: float, digits: int) -> str:
    """Return `value` with so many digits after the point, and thousands apart."""
    return f"{value:,.{digits}f}"


def ranged(spread: Spread, digits: int) -> str:
    """Return the median, and in brackets the lowest and highest."""
    low, high = number(spread.low, digits), number(spread.high, digits)
    return f"{number(spread.median, digits)} [{low}–{high}]"  # noqa: RUF001  # a range


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
