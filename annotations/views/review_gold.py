"""Gold labels with their rule and history, and the way to open one again."""

import json

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from annotations.errors import DomainError
from annotations.models import Annotation, AuditEvent, ErrorCandidate, GoldLabel
from annotations.services import review, review_queues
from annotations.views import label_forms as forms
from annotations.views import review_frame as frame

DECIDED = {
    "candidate.confirmed": gettext_lazy("Suspicion confirmed"),
    "candidate.dismissed": gettext_lazy("Suspicion dismissed"),
    "candidate.reopened": gettext_lazy("Suspicion reopened"),
}
# In a word, what spoke against the label.
KINDS = {
    ErrorCandidate.Kind.MODEL: gettext_lazy("model"),
    ErrorCandidate.Kind.TWIN: gettext_lazy("twin"),
    ErrorCandidate.Kind.PARAMETER: gettext_lazy("parameter"),
    ErrorCandidate.Kind.MARKS: gettext_lazy("marks"),
}


def gold(request: HttpRequest) -> HttpResponse:
    """Gold labels, newest first; the open one with every event of its utterance."""
    found = frame.open_item(_rows(request), request)
    events = _history(found.item) if found.item else []
    rule = request.GET.get("rule", "")
    context = frame.context(
        request,
        "gold",
        found,
        rule=rule if rule in GoldLabel.Rule.values else "",
        rules=GoldLabel.Rule.choices,
        listed=[(row.pk, row.utterance.text) for row in found.page.rows],
        events=events,
        candidates=_candidates(found.item),
    )
    return render(request, "annotations/review/gold.html", context)


def reopen(request: HttpRequest, utterance_id: int) -> HttpResponse:
    """The label waits for a reviewer once more."""
    try:
        event = review.reopen(
            by=request.user,
            uuid=forms.uuid_of(request.POST),
            utterance_id=utterance_id,
            reason=request.POST.get("reason", ""),
        )
    except DomainError as error:
        messages.error(request, error.message)
        return redirect(frame.back(request, "gold"))
    messages.success(request, _("Opened again: it waits among the disagreements."))
    return redirect(frame.back(request, "gold", done=event.pk))


def _rows(request: HttpRequest) -> QuerySet[GoldLabel]:
    by, rule = frame.filters(request), request.GET.get("rule", "")
    wanted: dict[str, object] = {
        "intent__domain__name": by.domain,
        "intent__name": by.intent,
        "annotation__annotator__username": by.annotator,
        "rule": rule if rule in GoldLabel.Rule.values else "",
        "resolved_at__lte": review_queues.days_ago(by.days) if by.days else "",
    }
    return review_queues.gold().filter(
        **{name: value for name, value in wanted.items() if value}
    )


def _history(label: GoldLabel) -> list[Annotation]:
    return list(
        Annotation.objects.filter(utterance=label.utterance_id)
        .select_related("annotator", "intent", "undoes__annotator", "undone_by")
        .prefetch_related("spans")
        .order_by("created_at")
    )


def _candidates(label: GoldLabel | None) -> list[tuple[AuditEvent, str, str]]:
    """Decisions about suspicions of this utterance, from the trail."""
    if label is None:
        return []
    ids = label.utterance.errorcandidate_set.exclude(status=ErrorCandidate.Status.OPEN)
    objects = [f"candidate:{pk}" for pk in ids.values_list("pk", flat=True)]
    events = AuditEvent.objects.filter(object__in=objects).order_by("id")
    return [
        (event, DECIDED[event.action], KINDS[json.loads(event.payload)["kind"]])
        for event in events
    ]
