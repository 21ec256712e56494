"""The plan's targets: where we were, where we stand, what is still missing."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from annotations.models import Role
from training.ml.evaluation import ACCURACY_TARGET, SHARE, Figure, Interval
from training.services import checkpoints, forecast, plan
from training.services.plan import Standing
from training.views import charts, report

VERDICTS = {
    None: gettext_lazy("not measured"),
    True: gettext_lazy("met"),
    False: gettext_lazy("not yet"),
}
# Whoever may open /progress, as in the access table.
PROGRESS_READERS = (Role.REVIEWER, Role.PRODUCT_OWNER, Role.ML_ENGINEER, Role.ADMIN)


@dataclass(frozen=True)
class Row:
    """A target in words, its picture, and the rows of the table that says the same.

    rows: (model, value, interval, n) in words, oldest first.
    """

    name: str
    line: report.Line
    verdict: str
    is_met: bool | None
    is_in_doubt: bool
    source: str
    picture: charts.Target | None
    rows: tuple[tuple[str, str, str, int], ...]


def plan_page(request: HttpRequest) -> HttpResponse:
    found = forecast.latest()
    context = {
        "rows": [_row(one) for one in plan.standings()],
        "champion": checkpoints.champion(),
        "forecast": found,
        "target": forecast.labels_to(ACCURACY_TARGET, found) if found else None,
        "can_see_progress": request.user.has_role(*PROGRESS_READERS),
    }
    return render(request, "training/plan/plan.html", context)


def _row(standing: Standing) -> Row:
    figure = standing.figure
    line = report.line(figure, None)
    reached = report.is_reached(figure)
    return Row(
        name=figure.name,
        line=line,
        verdict=str(VERDICTS[reached]),
        is_met=reached,
        is_in_doubt=_is_in_doubt(figure),
        source=standing.source,
        picture=_picture(standing, line),
        rows=tuple(
            (
                mark.champion,
                report.said(figure, mark.value),
                report.span(figure, mark.interval),
                mark.n,
            )
            for mark in standing.history
        ),
    )


def _is_in_doubt(figure: Figure) -> bool:
    """Whether the interval lies on both sides of the target."""
    if figure.target is None or figure.interval is None:
        return False
    low, high = figure.interval
    return low < figure.target <= high


def _picture(standing: Standing, line: report.Line) -> charts.Target | None:
    """Nothing is drawn of what is not measured now."""
    figure = standing.figure
    if figure.value is None or figure.target is None:
        return None
    history: list[tuple[float, Interval | None]] = [
        (mark.value, mark.interval) for mark in standing.history
    ]
    if not history or history[-1][0] != figure.value:
        history.append((figure.value, figure.interval))
    return charts.target(
        history,
        plan=(
            figure.target,
            _("plan: %(value)s") % {"value": _short(line.target)},
        ),
        now=_("now: %(value)s") % {"value": line.now},
        before=(
            figure.baseline,
            _("before: %(value)s") % {"value": _short(line.baseline)},
        )
        if figure.baseline
        else None,
        most=1.0 if figure.unit == SHARE else None,
    )


def _short(words: str) -> str:
    """70.0 % to 80.0 % -> 70 to 80 %: there is little room beside a picture."""
    words = words.replace(".0 %", " %")
    return words.replace(" % to ", " to ")
