"""A checkpoint's evaluation as pages show it, alone or beside another model's."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from annotations.services import catalogue
from training.ml.evaluation import (
    COUNT,
    DOLLARS,
    HIGHER,
    MILLISECONDS,
    SHARE,
    Confusion,
    Detail,
    Figure,
    Interval,
    Measure,
    ParameterLine,
    Slice,
)
from training.models import Evaluation
from training.views import charts

CUTS = {
    "domain": gettext_lazy("Domain"),
    "source": gettext_lazy("Source"),
    "speech": gettext_lazy("Speech recognition"),
}
PLAIN = ("macro_f1", "ece")  # read as numbers from 0 to 1, not as percentages
WORST = 10
SHADES = 5


@dataclass(frozen=True)
class Line:
    """One figure in words; `before` is the other model's."""

    title: str
    n: int
    now: str
    interval: str
    before: str
    difference: str
    baseline: str
    target: str
    is_reached: bool | None


@dataclass(frozen=True)
class Pair:
    """A row of this model and of the one it is compared with, where it has one."""

    now: Any
    before: Any = None


@dataclass(frozen=True)
class Cell:
    share: float
    n: int
    shade: int
    is_right: bool


@dataclass(frozen=True)
class MatrixRow:
    number: int
    title: str
    n: int
    cells: tuple[Cell, ...]


def build(
    evaluation: Evaluation | None, before: Evaluation | None = None
) -> dict[str, Any] | None:
    """Everything the report shows; None where no detail was kept."""
    if evaluation is None or not evaluation.detail:
        return None
    detail = Detail.from_json(evaluation.detail)
    other = Detail.from_json(before.detail) if before and before.detail else None
    titles = domain_titles()
    return {
        "evaluation": evaluation,
        "before": before if other else None,
        "about": detail.about,
        "lines": [
            line(one, other.figure(one.name) if other else None)
            for one in detail.figures
        ],
        "matrix": matrix(detail, titles),
        "domain_confusions": _confusions(detail, other, "domain", titles),
        "confusions": _confusions(detail, other, "intent", {}),
        "reliability": charts.reliability(
            detail.calibration, other.calibration if other else ()
        ),
        "bins": [one for one in detail.calibration if one.n],
        "ece": _said_of(detail.figure("ece")),
        "ece_before": _said_of(other.figure("ece") if other else None),
        "parameters": _parameters(detail, other),
        "cuts": _cuts(detail, other, titles),
        "intents": [Pair(one) for one in detail.slices.get("intent", ())],
        "tokens": detail.tokens,
    }


def accuracy(evaluation: Evaluation | None) -> Line | None:
    """The share of the exam that is right, as the report has it."""
    if evaluation is None:
        return None
    figures = Detail.from_json(evaluation.detail).figures if evaluation.detail else ()
    known = [one for one in figures if one.name == "intent_accuracy"]
    if known:
        return line(known[0], None)
    found = evaluation.report["intent"]
    interval = (
        tuple(found["accuracy_interval"]) if "accuracy_interval" in found else None
    )
    measure = Measure(found["accuracy"], interval)
    return line(Figure.of("intent_accuracy", evaluation.n, measure), None)


def domain_titles() -> dict[str, str]:
    return {card.domain: card.domain_title for card in catalogue.current().intents}


def line(figure: Figure, before: Figure | None) -> Line:
    difference = ""
    if before and before.value is not None and figure.value is not None:
        difference = _changed(figure, figure.value - before.value)
    baseline = target = ""
    if figure.baseline is not None:
        low, high = (said(figure, edge) for edge in figure.baseline)
        baseline = low if low == high else _span(low, high)
    if figure.target is not None:
        target = said(figure, figure.target)
        if figure.unit != COUNT and figure.better == HIGHER:
            target = _("over %(value)s") % {"value": target}
        elif figure.unit != COUNT:
            target = _("under %(value)s") % {"value": target}
    return Line(
        title=_(figure.title),
        n=figure.n,
        now=said(figure, figure.value),
        interval=span(figure, figure.interval),
        before=said(figure, before.value) if before else "",
        difference=difference,
        baseline=baseline,
        target=target,
        is_reached=is_reached(figure),
    )


def is_reached(figure: Figure) -> bool | None:
    """Whether the value is on the target's good side; None without either."""
    if figure.target is None or figure.value is None:
        return None
    if figure.better == HIGHER:
        return figure.value >= figure.target
    return figure.value <= figure.target


def said(figure: Figure, value: float | None) -> str:
    """The value in the figure's unit; nothing measured is a dash."""
    if value is None:
        return "—"
    if figure.name in PLAIN:
        return f"{value:.3f}"
    if figure.unit == SHARE:
        return f"{100 * value:.1f} %"
    if figure.unit == DOLLARS:
        return f"${value:.2f}"
    whole = f"{value:,.0f}"
    if figure.unit == COUNT:
        return whole
    if figure.unit == MILLISECONDS:
        return _("%(n)s ms") % {"n": whole}
    return _("%(n)s tokens") % {"n": whole}


def span(figure: Figure, interval: Interval | None) -> str:
    if interval is None:
        return ""
    return _span(said(figure, interval[0]), said(figure, interval[1]))


def _span(low: str, high: str) -> str:
    return _("%(low)s to %(high)s") % {"low": low, "high": high}


def matrix(detail: Detail, titles: Mapping[str, str]) -> list[MatrixRow]:
    """Of each domain's utterances, the share taken for each domain.

    Right by domain is what is in no confusion of domains: a wrong intent of the same
    domain counts as right here.
    """
    slices = {one.name: one for one in detail.slices.get("domain", ())}
    confused = {(c.truth, c.predicted): c.n for c in detail.confusions["domain"]}
    names = sorted(
        {*slices, *(name for pair in confused for name in pair)},
        key=lambda name: titles.get(name, name),
    )
    if len(names) < 2:
        return []
    rows = []
    for number, true in enumerate(names, start=1):
        n = slices[true].n if true in slices else 0
        wrong = sum(count for (one, __), count in confused.items() if one == true)
        counts = [
            n - wrong if true == said else confused.get((true, said), 0)
            for said in names
        ]
        cells = tuple(
            _cell(count, n, said == true)
            for said, count in zip(names, counts, strict=True)
        )
        rows.append(MatrixRow(number, titles.get(true, true), n, cells))
    return rows


def _cell(count: int, n: int, is_right: bool) -> Cell:
    share = count / n if n else 0.0
    # A quarter of a domain taken for another is as dark as it gets.
    strength = share if is_right else min(1.0, 4 * share)
    shade = -(-int(1000 * strength) * SHADES // 1000) if count else 0
    return Cell(share, count, shade, is_right)


def _changed(figure: Figure, change: float) -> str:
    if figure.name in PLAIN:
        return f"{change:+.3f}"
    if figure.unit == SHARE:
        return _("%(change)s points") % {"change": f"{100 * change:+.1f}"}
    return f"{change:+,.0f}"


def _said_of(figure: Figure | None) -> str:
    return said(figure, figure.value) if figure else ""


def _confusions(
    detail: Detail, other: Detail | None, cut: str, titles: Mapping[str, str]
) -> list[dict[str, Any]]:
    theirs = {(c.truth, c.predicted): c for c in _of(other, cut)}
    return [
        {
            "truth": titles.get(one.truth, one.truth),
            "predicted": titles.get(one.predicted, one.predicted),
            "now": one,
            "before": theirs.get((one.truth, one.predicted)),
            "example": one.examples[0] if one.examples else None,
        }
        for one in detail.confusions.get(cut, ())
    ]


def _of(detail: Detail | None, cut: str) -> Sequence[Confusion]:
    return detail.confusions.get(cut, ()) if detail else ()


def _parameters(detail: Detail, other: Detail | None) -> list[Pair]:
    theirs: dict[tuple[str, str], ParameterLine] = {
        (one.intent, one.parameter): one for one in (other.parameters if other else ())
    }
    return [
        Pair(one, theirs.get((one.intent, one.parameter))) for one in detail.parameters
    ]


def _cuts(
    detail: Detail, other: Detail | None, titles: Mapping[str, str]
) -> list[dict[str, Any]]:
    found = []
    for cut, title in CUTS.items():
        theirs: dict[str, Slice] = {
            one.name: one for one in (other.slices.get(cut, ()) if other else ())
        }
        rows = [
            {
                "title": titles.get(one.name, one.name),
                "now": one,
                "before": theirs.get(one.name),
            }
            for one in detail.slices.get(cut, ())
        ]
        found.append({"name": cut, "title": title, "rows": rows})
    return found
