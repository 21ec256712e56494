"""Where we stand against the plan: its targets are `training.ml.evaluation.PLAN`."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models.fields.json import KT
from django.utils.translation import gettext as _

from annotations.models import Domain, SchemaVersion
from annotations.services import outcomes
from training.ml.evaluation import Figure, Interval, Measure
from training.models import FAMILY, Evaluation, LiveTurn, Promotion
from training.services import datasets

CHAMPIONS = 8  # the latest so many models that served
LATEST_TURNS = 20_000
LEAST_TURNS = 50  # fewer answers do not tell the slowest twentieth
FROM_EXAM = ("intent_accuracy", "parameter_exact", "macro_f1", "token_reduction")

# The interval of a percentile is that between two order statistics (Conover,
# Practical Nonparametric Statistics, 1999, 3.2).
SLOWEST = f"""
WITH latest AS (
    SELECT checkpoint_id, milliseconds FROM {LiveTurn._meta.db_table}
    ORDER BY created_at DESC LIMIT %(turns)s
), counted AS (
    SELECT checkpoint_id, milliseconds,
        count(*) OVER (PARTITION BY checkpoint_id) AS n FROM latest
)
SELECT checkpoint_id, n,
    percentile_disc(0.95) WITHIN GROUP (ORDER BY milliseconds),
    percentile_disc(0.95 - least(0.95, 1.96 * sqrt(0.0475 / n)))
        WITHIN GROUP (ORDER BY milliseconds),
    percentile_disc(0.95 + least(0.05, 1.96 * sqrt(0.0475 / n)))
        WITHIN GROUP (ORDER BY milliseconds)
FROM counted WHERE n >= %(least)s GROUP BY checkpoint_id, n
"""


@dataclass(frozen=True)
class Served:
    """A model that served, and what its newest exam found: figures by name."""

    checkpoint_id: int
    name: str
    n_labels: int | None
    figures: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Mark:
    """What a figure was while a model served."""

    champion: str
    n: int
    value: float
    interval: Interval | None = None


@dataclass(frozen=True)
class Standing:
    """One target of the plan.

    history: a mark for each champion that has one, the one that serves last.
    source: what the figure was measured on or, without one, what would measure it.
    """

    figure: Figure
    source: str
    history: tuple[Mark, ...] = ()


def standings() -> list[Standing]:
    """Every target of the plan, measured or not."""
    served = champions()
    return [
        *(_on_exam(name, served) for name in FROM_EXAM),
        _latency(served),
        _containment(),
        _call_cost(),
        _labels(served),
        _domains(),
        _functions(),
    ]


def champions(family: str = FAMILY) -> list[Served]:
    """The models that served, in the order of their last promotion."""
    promotions = Promotion.objects.filter(family=family).order_by("from_at")
    rows = promotions.values_list(
        "checkpoint_id", "checkpoint__name", "checkpoint__round__snapshot__n"
    )
    last: dict[int, tuple[str, int | None]] = {}
    for pk, name, n_labels in rows:
        last.pop(pk, None)
        last[pk] = (name, n_labels)
    kept = list(last.items())[-CHAMPIONS:]
    figures = _figures([pk for pk, _ in kept])
    return [
        Served(pk, name, n_labels, figures.get(pk, {})) for pk, (name, n_labels) in kept
    ]


def _figures(ids: Sequence[int]) -> dict[int, dict[str, Mapping[str, Any]]]:
    """The figures of the newest evaluation of each; the rest of it stays unread."""
    measured = (
        Evaluation.objects.filter(checkpoint__in=ids, detail__has_key="figures")
        .order_by("checkpoint_id", "-created_at")
        .distinct("checkpoint_id")
        .annotate(figures=KT("detail__figures"))
    )
    return {
        pk: {one["name"]: one for one in json.loads(figures)}
        for pk, figures in measured.values_list("checkpoint_id", "figures")
    }


def _on_exam(name: str, served: Sequence[Served]) -> Standing:
    if not served:
        return _open(
            name, _("No model has served yet; the first round's exam will tell.")
        )
    history = _history((one, one.figures.get(name)) for one in served)
    if not _is_now(history, served):
        return _open(
            name,
            _("The champion's exam has nothing to measure it on: label exam items."),
            history,
        )
    source = _("The champion on %(n)s exam items") % {"n": f"{history[-1].n:,}"}
    return _standing(name, source, history)


def _history(
    found: Iterable[tuple[Served, Mapping[str, Any] | None]],
) -> tuple[Mark, ...]:
    return tuple(
        Mark(
            one.name,
            row["n"],
            row["value"],
            tuple(row["interval"]) if row["interval"] else None,
        )
        for one, row in found
        if row is not None and row["value"] is not None
    )


def _is_now(history: Sequence[Mark], served: Sequence[Served]) -> bool:
    """Whether the last mark is of the model that serves."""
    return bool(history and served and history[-1].champion == served[-1].name)


def _latency(served: Sequence[Served]) -> Standing:
    """Of live turns; of the exam's until there are enough."""
    name = "latency_p95_ms"
    with connection.cursor() as cursor:
        cursor.execute(SLOWEST, {"turns": LATEST_TURNS, "least": LEAST_TURNS})
        found = {
            pk: {"n": n, "value": slowest, "interval": [low, high]}
            for pk, n, slowest, low, high in cursor.fetchall()
        }
    live = _history((one, found.get(one.checkpoint_id)) for one in served)
    if _is_now(live, served):
        source = _("The champion's %(n)s latest live turns, redaction included")
        source %= {"n": f"{live[-1].n:,}"}
        return _standing(name, source, live)
    on_exam = _on_exam(name, served)
    if on_exam.figure.value is None:
        return on_exam
    return Standing(
        on_exam.figure,
        _("%(source)s; %(n)s live turns would say it better")
        % {"source": on_exam.source, "n": LEAST_TURNS},
        on_exam.history,
    )


def _containment() -> Standing:
    share = outcomes.contained()
    if share.value is None:
        return _open(
            "containment",
            _("No source says how calls ended: imported calls may have an “outcome”."),
        )
    return _standing(
        "containment",
        _("The %(n)s latest calls whose source says how they ended")
        % {"n": f"{share.n:,}"},
        now=Mark("", share.n, share.value, share.interval),
    )


def _call_cost() -> Standing:
    return _open(
        "call_cost",
        _(
            "Call costs are not imported; the call centre's accounts would tell. "
            "Read the other way, the plan wants a call to cost $2.85 to $3.10 less."
        ),
    )


def _labels(served: Sequence[Served]) -> Standing:
    n = datasets.gold().count()
    history = tuple(
        Mark(one.name, one.n_labels, float(one.n_labels))
        for one in served
        if one.n_labels is not None
    )
    return _standing(
        "gold_labels",
        _("Gold labels, to train on and of the exam"),
        history,
        now=Mark("", n, float(n)),
    )


def _domains() -> Standing:
    used = Domain.objects.filter(
        intent__is_active=True, intent__is_out_of_scope=False
    ).distinct()
    n = used.count()
    return _standing(
        "domains", _("Domains with an intent in use"), now=Mark("", n, float(n))
    )


def _functions() -> Standing:
    live = SchemaVersion.objects.filter(status=SchemaVersion.Status.LIVE)
    n = live.count()
    return _standing(
        "functions", _("Functions whose schema was approved"), now=Mark("", n, float(n))
    )


def _standing(
    name: str, source: str, history: tuple[Mark, ...] = (), now: Mark | None = None
) -> Standing:
    """now: the value of this moment, where it is not the last champion's."""
    mark = now or history[-1]
    measure = Measure(mark.value, mark.interval)
    return Standing(Figure.of(name, mark.n, measure), source, history)


def _open(name: str, missing: str, history: tuple[Mark, ...] = ()) -> Standing:
    return Standing(Figure.of(name, 0, Measure(None)), missing, history)
