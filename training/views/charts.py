"""Numbers that templates draw as inline SVG, each with rows of a table beside it.

Pictures are in the units of their view box; y grows downwards there.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import log

from training.ml.evaluation import Bin, Interval

LOSS_WIDTH, LOSS_HEIGHT, LOSS_MARGIN = 1000.0, 140.0, 4.0
TABLE_ROWS = 12
# Small, so that words in the picture stay readable where a phone shows it.
WIDTH, HEIGHT = 360.0, 240.0
LEFT, RIGHT, TOP, BOTTOM = 40.0, 96.0, 12.0, 34.0
# Of a target's picture: no ticks to the left, three words' room to the right.
STRIP_HEIGHT, STRIP_LEFT, STRIP_RIGHT, STRIP_EDGE = 150.0, 12.0, 120.0, 14.0
TICK_ROOM = 36.0  # between numbers under an axis
LINE_ROOM = 14.0  # between words that stand above each other
Point = tuple[float, float]


@dataclass(frozen=True)
class Axis:
    """Values from `low` to `high` lie from `start` to `end` in the picture."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        span = (self.high - self.low) or 1.0
        share = (value - self.low) / span
        return round(self.start + share * (self.end - self.start), 1)


@dataclass(frozen=True)
class Tick:
    at: float
    text: str


@dataclass(frozen=True)
class Curve:
    """points: an SVG polyline's. rows: (step, loss) of a table that says the same."""

    points: str
    rows: tuple[tuple[int, float], ...]
    last: tuple[int, float]
    highest: float
    width: float = LOSS_WIDTH
    height: float = LOSS_HEIGHT


@dataclass(frozen=True)
class Dot:
    """A value and the ends of its interval; the radius grows with n."""

    x: float
    y: float
    low: float
    high: float
    radius: float


@dataclass(frozen=True)
class Reliability:
    """How often answers of like confidence are right; the diagonal is perfect."""

    dots: tuple[Dot, ...]
    points: str
    before: str
    diagonal: tuple[Point, Point]
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    label: Point
    before_label: Point | None
    width: float = WIDTH
    height: float = HEIGHT


@dataclass(frozen=True)
class Arm:
    """One line with its band, and its name where it ends."""

    name: str
    points: str
    band: str
    label: Point


@dataclass(frozen=True)
class Learning:
    """Accuracy by the number of labels, one arm a way of choosing them."""

    arms: tuple[Arm, ...]
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    width: float = WIDTH
    height: float = HEIGHT


@dataclass(frozen=True)
class Named:
    """A line across the picture at `y`, and what it stands for, written at `text_y`."""

    y: float
    text: str
    text_y: float


@dataclass(frozen=True)
class Target:
    """A figure model by model, between where it was and where it should be.

    before: the plan's baseline, the upper and the lower end.
    """

    dots: tuple[Dot, ...]
    points: str
    plan: Named
    now: Named
    before: tuple[Named, float] | None
    width: float = WIDTH
    height: float = STRIP_HEIGHT
    right: float = WIDTH - STRIP_RIGHT


def polyline(points: Iterable[Point]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)


def loss(losses: Sequence[tuple[int, float]]) -> Curve | None:
    """The curve of (step, loss) pairs; None below two of them."""
    if len(losses) < 2:
        return None
    highest = max(value for _, value in losses) or 1.0
    across = Axis(losses[0][0], losses[-1][0], 0.0, LOSS_WIDTH)
    down = Axis(0.0, highest, LOSS_HEIGHT, LOSS_MARGIN)
    points = polyline((across.at(step), down.at(value)) for step, value in losses)
    every = max(1, -(-len(losses) // TABLE_ROWS))
    rows = tuple((step, value) for step, value in losses[::every])
    return Curve(points, rows, (losses[-1][0], losses[-1][1]), highest)


def reliability(bins: Sequence[Bin], before: Sequence[Bin] = ()) -> Reliability | None:
    """The diagram of Niculescu-Mizil and Caruana (2005); None where nothing was seen.

    before: the bins of the model it is compared with.
    """
    seen = _seen(bins)
    if not seen:
        return None
    across = Axis(0.0, 1.0, LEFT, WIDTH - RIGHT)
    down = Axis(0.0, 1.0, HEIGHT - BOTTOM, TOP)
    most = max(n for _, _, n, _ in seen)
    dots = tuple(
        Dot(
            across.at(confidence),
            down.at(accuracy),
            down.at(interval[0] if interval else accuracy),
            down.at(interval[1] if interval else accuracy),
            round(2.0 + 4.0 * (n / most) ** 0.5, 1),
        )
        for confidence, accuracy, n, interval in seen
    )
    theirs = [(across.at(c), down.at(a)) for c, a, _, _ in _seen(before)]
    label = (dots[-1].x + 10, dots[-1].y + 4)
    return Reliability(
        dots=dots,
        points=polyline((dot.x, dot.y) for dot in dots),
        before=polyline(theirs),
        diagonal=((across.at(0), down.at(0)), (across.at(1), down.at(1))),
        x_ticks=_percent_ticks(across, (0.0, 0.5, 1.0)),
        y_ticks=_percent_ticks(down, (0.0, 0.5, 1.0)),
        label=label,
        before_label=_apart(theirs[-1], label) if theirs else None,
    )


def learning(
    arms: Sequence[tuple[str, Sequence[tuple[int, float, Interval]]]],
) -> Learning | None:
    """arms: names with (labels, accuracy, interval), fewest labels first.

    Equal steps to the right are equal factors of labels.
    """
    drawn = [(name, points) for name, points in arms if len(points) > 1]
    if not drawn:
        return None
    sizes = sorted({n for _, points in drawn for n, _, _ in points})
    edges = [edge for _, points in drawn for _, _, found in points for edge in found]
    low, high = int(10 * min(edges)) / 10, -(int(-10 * max(edges))) / 10
    high = min(1.0, high if high >= max(edges) else high + 0.1)
    across = Axis(log(sizes[0]), log(sizes[-1]), LEFT, WIDTH - RIGHT)
    down = Axis(low, high, HEIGHT - BOTTOM, TOP)
    found: list[Arm] = []
    for name, points in drawn:
        line = [(across.at(log(n)), down.at(value)) for n, value, _ in points]
        there = [(across.at(log(n)), down.at(edge[1])) for n, _, edge in points]
        back = [
            (across.at(log(n)), down.at(edge[0])) for n, _, edge in reversed(points)
        ]
        label = (line[-1][0] + 6, line[-1][1] + 4)
        if found:
            label = _apart(label, found[-1].label)
        found.append(Arm(name, polyline(line), polyline([*there, *back]), label))
    middle = round((low + high) / 2, 2)
    return Learning(
        arms=tuple(found),
        x_ticks=tuple(
            Tick(across.at(log(n)), f"{n:,}") for n in _with_room(sizes, across)
        ),
        y_ticks=_percent_ticks(down, (low, middle, high)),
    )


def _with_room(sizes: Sequence[int], across: Axis) -> list[int]:
    """The first and the last size, and those between that have room."""
    kept, end = [sizes[0]], across.at(log(sizes[-1]))
    for n in sizes[1:-1]:
        at = across.at(log(n))
        if at - across.at(log(kept[-1])) >= TICK_ROOM and end - at >= TICK_ROOM:
            kept.append(n)
    return [*kept, sizes[-1]]


def target(
    history: Sequence[tuple[float, Interval | None]],
    *,
    plan: tuple[float, str],
    now: str,
    before: tuple[Interval, str] | None = None,
    most: float | None = None,
) -> Target | None:
    """history: values with their intervals, the one of now last; None without any.

    plan, now, before: values with the words beside them. most: no value is above it.
    """
    if not history:
        return None
    values = [value for value, _ in history] + [plan[0]]
    values += [edge for _, found in history for edge in found or ()]
    values += before[0] if before else (0.0,)
    room = 0.06 * (max(values) - min(values) or 1.0)
    high = max(values) + room
    low = max(0.0, min(values) - room)
    down = Axis(
        low,
        high if most is None else min(high, most),
        STRIP_HEIGHT - STRIP_EDGE,
        STRIP_EDGE,
    )
    dots = _along(history, down)
    words = [(down.at(plan[0]), plan[1]), (dots[-1].y, now)]
    if before:
        words.append((down.at(sum(before[0]) / 2), before[1]))
    placed = _stacked(words)
    return Target(
        dots=dots,
        points=polyline((dot.x, dot.y) for dot in dots),
        plan=placed[0],
        now=placed[1],
        before=_band(placed[2], down, before[0]) if before else None,
    )


def _band(words: Named, down: Axis, ends: Interval) -> tuple[Named, float]:
    """The upper end's line with the words, and how far down the lower end is."""
    upper = down.at(ends[1])
    height = max(1.5, down.at(ends[0]) - upper)
    return Named(upper, words.text, words.text_y), round(height, 1)


def _along(
    history: Sequence[tuple[float, Interval | None]], down: Axis
) -> tuple[Dot, ...]:
    """One dot a value from left to right; a single one stands on the right."""
    n = len(history)
    ends = (STRIP_LEFT, WIDTH - STRIP_RIGHT - 12.0)
    across = Axis(0.0, n - 1.0, *ends) if n > 1 else Axis(-1.0, 0.0, *ends)
    return tuple(
        Dot(
            across.at(i),
            down.at(value),
            down.at(found[0] if found else value),
            down.at(found[1] if found else value),
            3.5 if i == n - 1 else 2.5,
        )
        for i, (value, found) in enumerate(history)
    )


def _stacked(words: Sequence[tuple[float, str]]) -> list[Named]:
    """Words as near to their lines as they can be without lying on each other."""
    order = sorted(range(len(words)), key=lambda i: words[i][0])
    places: dict[int, float] = {}
    lowest = 0.0
    for i in order:
        lowest = max(words[i][0], lowest + LINE_ROOM) if places else words[i][0]
        places[i] = lowest
    floor = STRIP_HEIGHT - STRIP_EDGE / 2
    for i in reversed(order):
        places[i] = min(places[i], floor)
        floor = places[i] - LINE_ROOM
    return [Named(y, text, round(places[i], 1)) for i, (y, text) in enumerate(words)]


def _seen(
    bins: Sequence[Bin],
) -> list[tuple[float, float, int, Interval | None]]:
    """(confidence, accuracy, n, interval) of the bins that hold anything."""
    return [
        (one.confidence, one.accuracy, one.n, one.interval)
        for one in bins
        if one.confidence is not None and one.accuracy is not None
    ]


def _percent_ticks(axis: Axis, values: Sequence[float]) -> tuple[Tick, ...]:
    return tuple(Tick(axis.at(value), f"{100 * value:.0f} %") for value in values)


def _apart(label: Point, other: Point, room: float = 13.0) -> Point:
    """The label moved up or down so that it does not lie on the other."""
    x, y = label[0], label[1]
    if abs(y - other[1]) < room:
        has_room_above = other[1] - room >= TOP
        is_above = y < other[1] and has_room_above
        y = other[1] + (-room if is_above else room)
    return (x, round(y, 1))
