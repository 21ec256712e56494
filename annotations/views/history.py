"""A person's own last answers: a list, and one at a time for the desk."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from annotations.models import Annotation, Utterance
from annotations.services import revisions
from annotations.views.paging import page_of
from annotations.views.sent import whole

MOST_STEPS = 999
KINDS = (
    (Annotation.Kind.LABEL, _("Labels")),
    (Annotation.Kind.SKIP, _("Skips")),
    (Annotation.Kind.QUARANTINE, _("Personal data")),
)


def history(request: HttpRequest) -> HttpResponse:
    """The list, filtered; for the desk's script the answer ?back=N steps ago."""
    back = whole(request.GET.get("back", ""), MOST_STEPS)
    if request.htmx and back is not None:
        return _entry(request, back)
    kind, words = request.GET.get("kind", ""), request.GET.get("q", "").strip()[:200]
    recent = revisions.history(request.user)[: revisions.REMEMBERED]
    given = Annotation.objects.filter(pk__in=[one.pk for one in recent])
    if kind in Annotation.Kind.values:
        given = given.filter(kind=kind)
    if words:
        seen = given.exclude(utterance__status__in=Utterance.OUT_OF_SIGHT)
        given = seen.filter(utterance__text__icontains=words) | given.filter(
            intent__title__icontains=words
        )
    rows = (
        given.select_related("utterance", "intent")
        .prefetch_related("spans")
        .order_by("-created_at")
    )
    context = {
        "page": page_of(rows, request, size=50),
        "kinds": KINDS,
        "kind": kind,
        "words": words,
        "has_any": bool(recent),
        "hidden": Utterance.OUT_OF_SIGHT,
        "most": revisions.REMEMBERED,
    }
    return render(request, "annotations/history/history.html", context)


def _entry(request: HttpRequest, back: int) -> HttpResponse:
    found = revisions.look_back(request.user, back)
    if found is None:
        return HttpResponse(status=204)
    context = {"found": found, "given": found.answer, "hidden": Utterance.OUT_OF_SIGHT}
    response = render(request, "annotations/history/_entry.html", context)
    response["Vary"] = "HX-Request"
    return response
