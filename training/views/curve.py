"""What active learning is worth: its learning curve beside that of chance."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from annotations.services import queue
from annotations.views.polling import polled
from training.ml.evaluation import Interval
from training.models import LearningComparison
from training.services import learning_comparison
from training.views import charts

CHOSEN, CONTROL = gettext_lazy("chosen"), gettext_lazy("random")
Band = dict[str, Any]


@dataclass(frozen=True)
class Row:
    """One count of labels; a kind that was not measured at it is None."""

    labels: int
    chosen: Band | None
    control: Band | None


@dataclass(frozen=True)
class Kind:
    """Labels there are, and how many of them a comparison takes at least."""

    title: str
    n: int
    least: int


@polled
def curve_page(request: HttpRequest) -> HttpResponse:
    found = learning_comparison.latest()
    newest = LearningComparison.objects.first()
    context = {
        "comparison": found,
        "newest": newest,
        "is_running": newest is not None and newest.status == newest.Status.RUNNING,
        "worker_alive": queue.worker_alive("gpu"),
    }
    if found is not None:
        context |= {"chart": _chart(found), "rows": _rows(found)}
    else:
        context |= {"kinds": kinds()}
    return render(request, "training/plan/curve.html", context)


def kinds() -> list[Kind]:
    titles = {
        "n_chosen": _("chosen by active learning"),
        "n_control": _("of the random control"),
        "n_exam": _("of the exam"),
    }
    now, least = learning_comparison.counts(), learning_comparison.least()
    return [Kind(title, now[name], least[name]) for name, title in titles.items()]


def _chart(found: LearningComparison) -> charts.Learning | None:
    arms = ((CHOSEN, "chosen"), (CONTROL, "control"))
    return charts.learning(
        [(str(name), _points(found.curves[key])) for name, key in arms]
    )


def _points(bands: list[Band]) -> list[tuple[int, float, Interval]]:
    return [
        (band["labels"], band["accuracy"], (band["low"], band["high"]))
        for band in bands
    ]


def _rows(found: LearningComparison) -> list[Row]:
    chosen = {band["labels"]: band for band in found.curves["chosen"]}
    control = {band["labels"]: band for band in found.curves["control"]}
    return [Row(n, chosen.get(n), control.get(n)) for n in sorted({*chosen, *control})]
