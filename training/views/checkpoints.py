"""A page for each model: what it is, how it did, when it served."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from annotations.errors import NotFoundError
from training.models import Checkpoint, Promotion
from training.views import report, round_facts


def checkpoint_page(request: HttpRequest, name: str) -> HttpResponse:
    found = Checkpoint.objects.select_related("round").filter(name=name).first()
    if found is None:
        raise NotFoundError(_("There is no such model."))
    evaluation = round_facts.latest_evaluation(found)
    served = Promotion.objects.filter(checkpoint=found).select_related("decided_by")
    context = {
        "checkpoint": found,
        "megabytes": round(found.size_bytes / 1_000_000),
        "served": served,
        "evaluation": evaluation,
        "report": report.build(evaluation),
    }
    return render(request, "training/rounds/checkpoint.html", context)
