"""A loss curve as numbers a template can draw: inline SVG, no script."""

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT, MARGIN = 1000.0, 140.0, 4.0
TABLE_ROWS = 12


@dataclass(frozen=True)
class Chart:
    """points: an SVG polyline's. rows: (step, loss) of a table that says the same."""

    points: str
    rows: tuple[tuple[int, float], ...]
    last: tuple[int, float]
    highest: float
    width: float = WIDTH
    height: float = HEIGHT


def draw(losses: Sequence[tuple[int, float]]) -> Chart | None:
    """The chart of (step, loss) pairs; None below two of them."""
    if len(losses) < 2:
        return None
    steps = [step for step, _ in losses]
    highest = max(loss for _, loss in losses) or 1.0
    span = max(steps[-1] - steps[0], 1)
    points = " ".join(
        f"{(step - steps[0]) / span * WIDTH:.1f},"
        f"{MARGIN + (1 - loss / highest) * (HEIGHT - MARGIN):.1f}"
        for step, loss in losses
    )
    every = max(1, -(-len(losses) // TABLE_ROWS))
    rows = tuple((step, loss) for step, loss in losses[::every])
    return Chart(points, rows, (losses[-1][0], losses[-1][1]), highest)
