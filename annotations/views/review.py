"""The reviewer's cases: disagreements, suspected labels, late answers."""

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from annotations.errors import DomainError, InvalidError, NotFoundError
from annotations.models import (
    ErrorCandidate,
    GoldLabel,
    Role,
    Suggestion,
    Utterance,
)
from annotations.services import error_candidates, queue, review, review_queues
from annotations.services.review import Verdict
from annotations.views import label_forms as forms
from annotations.views import review_frame as frame
from annotations.views.review_case import shown


def overview(request: HttpRequest) -> HttpResponseBase:
    """The first queue that has something; who reviews nothing sees the agreement."""
    if not request.user.has_role(Role.REVIEWER):
        return redirect("review_agreement")
    waiting = [tab for tab in frame.tabs(request, "") if tab.count]
    return redirect(waiting[0].url if waiting else reverse("review_disagreements"))


def disagreements(request: HttpRequest) -> HttpResponse:
    rows = review_queues.narrow(review_queues.disagreements(), frame.filters(request))
    return _cases(request, "disagreements", rows)


def late(request: HttpRequest) -> HttpResponse:
    rows = review_queues.narrow(review_queues.late(), frame.filters(request))
    return _cases(request, "late", rows)


def _cases(request: HttpRequest, name: str, rows: Any) -> HttpResponse:
    found = frame.open_item(rows, request)
    opened = review_queues.as_case(found.item) if found.item else None
    context = frame.context(
        request,
        name,
        found,
        listed=[(row.pk, row.text) for row in found.page.rows],
        **shown(opened, by=request.user),
    )
    return render(request, f"annotations/review/{name}.html", context)


def errors(request: HttpRequest) -> HttpResponse:
    kind = request.GET.get("kind", "")
    kind = kind if kind in ErrorCandidate.Kind.values else ""
    rows = review_queues.errors().select_related("utterance")
    rows = review_queues.narrow_errors(rows, frame.filters(request), kind)
    found = frame.open_item(rows, request)
    opened = review_queues.case(found.item.utterance_id) if found.item else None
    context = frame.context(
        request,
        "errors",
        found,
        kind=kind,
        kinds=ErrorCandidate.Kind.choices,
        search=error_candidates.last_search(),
        worker_alive=queue.worker_alive(),
        listed=[(row.pk, row.utterance.text) for row in found.page.rows],
        candidate=found.item,
        twins=_twins(found.item),
        differ=_differ(found.item),
        **shown(opened, by=request.user),
    )
    return render(request, "annotations/review/errors.html", context)


def resolve(request: HttpRequest) -> HttpResponse:
    """A choice among the answers, or `neither` with a label of the reviewer's own."""
    queue_name = request.GET.get("queue", "")
    try:
        done = _decide(request)
    except DomainError as error:
        messages.error(request, error.message)
        return redirect(frame.back(request, queue_name))
    return redirect(frame.back(request, queue_name, done=done))


def _decide(request: HttpRequest) -> object:
    form, by = request.POST, request.user
    candidate_id = forms.item_of({"item": form.get("candidate", "")}) or None
    verdict = Verdict(
        reason=form.get("reason", ""),
        is_teaching=bool(form.get("teaching")),
        seen=form.get("seen", ""),
        candidate_id=candidate_id,
    )
    if form.get("answer") == "neither":
        sent = forms.answer(form)
        event = review.relabel(
            by=by, utterance_id=sent.item_id, answer=sent, verdict=verdict
        )
        messages.success(request, _("Settled with your own label."))
        return event.pk
    try:
        answer_id = uuid.UUID(form.get("answer", ""))
    except ValueError as error:
        raise InvalidError(_("Choose one of the answers shown.")) from error
    if candidate_id and form.get("suspected") == str(answer_id):
        review.dismiss(by=by, candidate_id=candidate_id)
        messages.success(request, _("The label is right: it will not be asked again."))
        return f"{frame.SUSPICION}{candidate_id}"
    event = review.resolve(
        by=by, uuid=forms.uuid_of(form), answer_id=answer_id, verdict=verdict
    )
    messages.success(request, _("Settled. The chosen answer is gold now."))
    return event.pk


def take_back(request: HttpRequest) -> HttpResponse:
    """The reviewer's own decision, taken back; its case is open again."""
    queue_name = request.GET.get("queue", "")
    sent = frame.decision(request.POST.get("event", ""))
    item = None
    if sent.startswith(frame.SUSPICION):
        item = int(sent.removeprefix(frame.SUSPICION))
        review.suspect_again(by=request.user, candidate_id=item)
    elif sent:
        key = forms.uuid_of(request.POST)
        review.take_back(by=request.user, uuid=key, event_id=uuid.UUID(sent))
    else:
        raise InvalidError(_("There is nothing to take back."))
    messages.success(request, _("Taken back."))
    return redirect(frame.back(request, queue_name, item=item))


def vote(request: HttpRequest, utterance_id: int) -> JsonResponse:
    """What the model says; the page asks once the reviewer has chosen."""
    utterance = Utterance.objects.visible().filter(pk=utterance_id).first()
    if utterance is None:
        raise NotFoundError(_("This utterance is not there any more."))
    candidate = (
        ErrorCandidate.objects.filter(
            utterance=utterance, kind=ErrorCandidate.Kind.MODEL
        )
        .order_by("-found_at")
        .first()
    )
    if candidate:
        said = candidate.evidence
        votes = [{"intent": said["predicted"], "confidence": said["confidence"]}]
        source = _("A model that never saw this label")
    else:
        guess = Suggestion.objects.filter(utterance=utterance).first()
        votes = guess.intents[:3] if guess else []
        source = _("The model %(name)s") % {"name": guess.model_name} if guess else ""
    return JsonResponse({"votes": votes, "source": source})


def search(request: HttpRequest) -> HttpResponse:
    """A worker will search for label errors anew."""
    error_candidates.request(by=request.user, cause="asked for")
    messages.success(request, _("Search requested. A worker starts it within seconds."))
    return redirect("review_errors")


DIFFER = {
    "marks": gettext_lazy("the parameters"),
    "act": gettext_lazy("what the turn does"),
    "hearing": gettext_lazy("whether a word was misheard"),
}


def _differ(candidate: ErrorCandidate | None) -> str:
    """In what the answers to a suspicion differ, as people list it."""
    said = candidate.evidence.get("differ", []) if candidate else []
    return get_text_list([DIFFER[name] for name in said or ["marks"]], _("and"))


def _twins(candidate: ErrorCandidate | None) -> list[GoldLabel]:
    """The near-duplicates that speak against the label, with theirs."""
    ids = candidate.evidence.get("twins", []) if candidate else []
    return list(
        GoldLabel.objects.filter(
            utterance__in=Utterance.objects.visible().filter(pk__in=ids)
        )
        .select_related("utterance", "intent", "annotation")
        .prefetch_related("annotation__spans")
        .order_by("utterance_id")
    )
