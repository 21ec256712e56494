"""How far the labels are: for those who plan the work, and where an hour pays most."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from annotations.models import Domain, Intent, Iteration, Role
from annotations.services import catalogue, queue, sway, team_progress
from annotations.views.paging import page_of
from training.ml.evaluation import ACCURACY_TARGET
from training.services import forecast

PAGE_SIZE = 40
WORTH_SHOWN = 20
CHART_WIDTH, CHART_HEIGHT = 640.0, 120.0


def progress(request: HttpRequest) -> HttpResponse:
    domain, iteration = request.GET.get("domain", ""), request.GET.get("iteration", "")
    days = team_progress.days()
    context = {
        "days": days,
        "bars": _bars(days),
        "waiting": team_progress.waiting(),
        "held": list(team_progress.held()),
        "may_release": request.user.has_role(Role.REVIEWER, Role.ML_ENGINEER),
        "page": page_of(
            team_progress.coverage(domain, iteration), request, size=PAGE_SIZE
        ),
        "domains": Domain.objects.order_by("title"),
        "domain": domain,
        "iterations": Iteration.choices,
        "iteration": iteration,
        "sway": sway.overall(),
        "sway_by_domain": sway.by_domain(),
        "sway_days": sway.DAYS,
        "worker_alive": queue.worker_alive(),
        **_forecast(),
    }
    return render(request, "training/progress/progress.html", context)


def worth(request: HttpRequest) -> HttpResponse:
    """Which intents twenty more labels would help most, by the last forecast."""
    return render(request, "training/progress/worth.html", _forecast())


@require_POST
def progress_release(request: HttpRequest, item_id: int) -> HttpResponse:
    team_progress.release(item_id=item_id, by=request.user)
    messages.success(request, _("The item is ready for others again."))
    return HttpResponseRedirect(reverse("progress"))


def _forecast() -> dict[str, Any]:
    found = forecast.latest()
    if found is None:
        return {"forecast": None}
    cards = catalogue.current().by_name
    titles = dict(Intent.objects.values_list("name", "title"))
    return {
        "forecast": found,
        "target": forecast.labels_to(ACCURACY_TARGET, found),
        "now": found.curve["measured"][-1],
        "worth": [
            {
                **row,
                "title": titles.get(row["intent"], row["intent"]),
                "is_open": row["intent"] in cards,
            }
            for row in found.intents[:WORTH_SHOWN]
        ],
    }


def _bars(days: list[team_progress.Day]) -> list[dict[str, Any]]:
    """Each day's bar, in the units of the chart."""
    highest = max((day.labels for day in days), default=0) or 1
    step = CHART_WIDTH / len(days)
    return [
        {
            "x": round(i * step + 0.15 * step, 1),
            "width": round(0.7 * step, 1),
            "y": round(CHART_HEIGHT * (1 - day.labels / highest), 1),
            "height": round(CHART_HEIGHT * day.labels / highest, 1),
        }
        for i, day in enumerate(days)
    ]
