"""A person's own answers."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from annotations.models import Annotation, Utterance
from annotations.services import own_progress, proposals, questions
from annotations.views.label_forms import new_uuid
from annotations.views.paging import page_of

MOST = 200
PROPOSALS_SHOWN = 5
MOST_QUESTIONS = 20


def me(request: HttpRequest) -> HttpResponse:
    """Today's count and the last MOST answers, newest first."""
    given = Annotation.objects.standing().filter(annotator=request.user)
    recent = (
        given.select_related("utterance", "intent")
        .prefetch_related("spans")
        .order_by("-created_at")[:MOST]
    )
    page = page_of(recent, request, size=50)
    context = {
        "own": own_progress.of(request.user),
        "days": own_progress.DAYS,
        "paces": own_progress.paces(request.user),
        "pace_days": own_progress.PACE_DAYS,
        "total": given.count(),
        "page": page,
        "hidden": Utterance.OUT_OF_SIGHT,
        "uuid": new_uuid(),
        "most": MOST,
        "proposals": proposals.of(request.user)[:PROPOSALS_SHOWN],
        "questions": questions.of(request.user)[:MOST_QUESTIONS],
        "n_unread": questions.n_unread(request.user),
    }
    return render(request, "annotations/me/me.html", context)
