"""Drift: what was looked at, what changed, and what to do about it."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from annotations.models import Role, Utterance
from annotations.services import catalogue
from annotations.views.paging import page_of
from annotations.views.polling import polled
from training.models import DriftCheck
from training.services import checkpoints, drift
from training.views import drift_charts

PAGE_SIZE = 20
LEVEL = 0.05  # below it a small change is not told as none
TITLES = {
    "embeddings": (gettext_lazy("What callers say"), gettext_lazy("told apart, AUC")),
    "intents": (gettext_lazy("Mix of intents"), gettext_lazy("Cramér's V")),
    "stability": (gettext_lazy("Mix of intents"), gettext_lazy("stability index")),
    "confidence": (gettext_lazy("How sure the model is"), gettext_lazy("largest gap")),
}
# Whoever may read what callers said, as in the access table.
READERS = (Role.ANNOTATOR, Role.REVIEWER, Role.PRODUCT_OWNER, Role.ML_ENGINEER)


def drift_page(request: HttpRequest) -> HttpResponse:
    """The newest finished check, and all there were."""
    checks = DriftCheck.objects.select_related("checkpoint", "requested_by", "round")
    latest = checks.filter(status=DriftCheck.Status.DONE).first()
    context = _context(request, latest) if latest else {"may_act": _may_act(request)}
    context |= {
        "page": page_of(checks.order_by("-pk"), request, size=PAGE_SIZE),
        "open": checks.filter(status__in=DriftCheck.OPEN).first(),
        "trend": drift_charts.trend(
            list(checks.filter(status=DriftCheck.Status.DONE)[:24])
        ),
    }
    return render(request, "training/drift/drift.html", context)


@polled
def drift_check_page(request: HttpRequest, check_id: int) -> HttpResponse:
    check = get_object_or_404(
        DriftCheck.objects.select_related("checkpoint", "round"), pk=check_id
    )
    return render(request, "training/drift/check.html", _context(request, check))


@require_POST
def drift_start(request: HttpRequest) -> HttpResponse:
    check = drift.request(by=request.user, cause=f"{request.user.name} asked for it")
    messages.success(request, _("Check requested; a worker takes it within a minute."))
    return HttpResponseRedirect(reverse("drift_check", args=[check.pk]))


@require_POST
def drift_sample(request: HttpRequest, check_id: int) -> HttpResponse:
    """Put exam items of the window in front of people."""
    check = get_object_or_404(DriftCheck, pk=check_id)
    n = drift.label_fresh_sample(check=check, by=request.user)
    if n:
        said = ngettext(
            "%(n)s item of this window is in the queue, blind.",
            "%(n)s items of this window are in the queue, blind.",
            n,
        )
        messages.success(request, said % {"n": n})
    else:
        messages.info(
            request, _("Every exam item of this window is labeled or queued already.")
        )
    return HttpResponseRedirect(reverse("drift_check", args=[check.pk]))


def _context(request: HttpRequest, check: DriftCheck) -> dict[str, Any]:
    cards = catalogue.current().by_name
    champion = checkpoints.champion()
    return {
        "check": check,
        "is_open": check.status in DriftCheck.OPEN,
        # The figures are of a model that does not answer callers any more.
        "serves_instead": champion if champion != check.checkpoint else None,
        "tests": [_test(test) for test in check.tests],
        "intents": drift_charts.intents(check.detail.get("intents", []), cards),
        "confidence": drift_charts.confidence(check.detail.get("confidence")),
        "newest": _newest(request, check),
        "may_act": _may_act(request),
    }


def _test(test: dict[str, Any]) -> dict[str, Any]:
    title, unit = TITLES[test["name"]]
    if test["persists"]:
        verdict = _("changed, in both halves of the window")
    elif test["changed"]:
        verdict = _("changed, but not in both halves: no alarm yet")
    elif test["effect"] >= test["matters_from"]:
        verdict = _("large, but chance would do it")
    elif test["p_value"] < LEVEL:
        verdict = _("changed, but too little to matter")
    else:
        verdict = _("as before")
    return {**test, "title": title, "unit": unit, "verdict": verdict}


def _newest(request: HttpRequest, check: DriftCheck) -> list[Utterance]:
    if not request.user.has_role(*READERS):
        return []
    ids = check.detail.get("newest", [])
    found = Utterance.objects.visible().in_bulk(ids)
    return [found[i] for i in ids if i in found]


def _may_act(request: HttpRequest) -> bool:
    return request.user.has_role(Role.ML_ENGINEER)
