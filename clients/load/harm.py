"""What may be done to a connection."""

from collections.abc import Callable

from clients.load.line import Line
from clients.load.traffic import What

STALL_S, DELAY_S, SPLIT_FRAMES = 2.0, 0.5, 20
"""How long harm lasts."""

HARMS: dict[What, Callable[[Line], None]] = {
    What.CUT: Line.cut,
    What.STALL: lambda line: line.stall(STALL_S),
    What.DELAY: lambda line: line.delay(DELAY_S),
    What.SPLIT: lambda line: line.split(SPLIT_FRAMES),
}
"""By the move that does it."""
