"""Numbers a template can draw as inline SVG, beside the table that says the same."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from annotations.services.catalogue import IntentCard
from training.models import DriftCheck
from training.views.charts import Axis, polyline

WIDTH, HEIGHT, BAR = 640.0, 120.0, 18.0
INTENTS_DRAWN = 10


@dataclass(frozen=True)
class Pair:
    """Two bars of one name: lengths in the chart's units, shares as fractions."""

    name: str
    reference: float
    window: float
    reference_length: float
    window_length: float
    y: float


@dataclass(frozen=True)
class Trend:
    """Stability indices of the checks, oldest first; `line` is where it matters."""

    points: str
    dots: tuple[tuple[float, float, float], ...]
    line: float
    rows: tuple[tuple[DriftCheck, float], ...]
    width: float = WIDTH
    height: float = HEIGHT


def intents(
    rows: Sequence[Mapping[str, Any]], cards: Mapping[str, IntentCard]
) -> list[Pair]:
    """The intents whose share changed most, titles where the catalogue has them."""
    titled = [
        (cards[row["name"]].title if row["name"] in cards else row["name"], row)
        for row in rows[:INTENTS_DRAWN]
    ]
    return _pairs([(n, r["reference"], r["window"]) for n, r in titled])


def confidence(shares: Mapping[str, Sequence[float]] | None) -> list[Pair]:
    if not shares:
        return []
    n = len(shares["reference"])
    return _pairs(
        [
            (_share(100 * i // n, 100 * (i + 1) // n), before, now)
            for i, (before, now) in enumerate(
                zip(shares["reference"], shares["window"], strict=True)
            )
        ]
    )


def _share(low: int, high: int) -> str:
    return _("%(low)s to %(high)s %%") % {"low": low, "high": high}


def trend(checks: Sequence[DriftCheck]) -> Trend | None:
    """None below two finished checks."""
    rows = [
        (check, test["effect"], test["matters_from"])
        for check in reversed(checks)
        for test in check.tests
        if test["name"] == "stability"
    ]
    if len(rows) < 2:
        return None
    highest = max(max(effect, limit) for __, effect, limit in rows) * 1.1
    across, down = Axis(0, len(rows) - 1, 0.0, WIDTH), Axis(0.0, highest, HEIGHT, 0.0)
    dots = tuple(
        (across.at(i), down.at(effect), effect)
        for i, (__, effect, __) in enumerate(rows)
    )
    return Trend(
        points=polyline((x, y) for x, y, __ in dots),
        dots=dots,
        line=down.at(rows[0][2]),
        rows=tuple((check, effect) for check, effect, __ in rows),
    )


def _pairs(rows: Sequence[tuple[str, float, float]]) -> list[Pair]:
    longest = max((max(a, b) for __, a, b in rows), default=0.0) or 1.0
    along = Axis(0.0, longest, 0.0, WIDTH)
    return [
        Pair(
            name,
            before,
            now,
            along.at(before),
            along.at(now),
            i * 2.4 * BAR,
        )
        for i, (name, before, now) in enumerate(rows)
    ]
