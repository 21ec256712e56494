"""Questions: asked at the desk, answered by a reviewer, read on one's own page."""

from django.contrib import messages
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from annotations.errors import DomainError
from annotations.models import Annotation, Question
from annotations.services import questions as service
from annotations.services import review_queues
from annotations.views import label_forms as forms
from annotations.views import review_frame as frame


def questions(request: HttpRequest) -> HttpResponse:
    found = frame.open_item(_narrowed(request), request)
    context = frame.context(
        request,
        "questions",
        found,
        question=found.item,
        listed=[(row.pk, row.messages.all()[0].text) for row in found.page.rows],
        most_letters=service.MOST_LETTERS,
    )
    return render(request, "annotations/review/questions.html", context)


def answer(request: HttpRequest, question_id: int) -> HttpResponse:
    try:
        service.answer(
            by=request.user,
            uuid=forms.uuid_of(request.POST),
            question_id=question_id,
            text=request.POST.get("text", ""),
        )
    except DomainError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, _("Answered. Whoever asked sees it on their page."))
    return redirect(frame.back(request, "questions"))


def ask(request: HttpRequest) -> HttpResponse:
    """A question about the item on the desk, kept; the desk stays as it is."""
    service.ask(
        by=request.user,
        uuid=forms.uuid_of(request.POST),
        item_id=forms.item_of(request.POST),
        text=request.POST.get("text", ""),
    )
    return JsonResponse({"message": _("Asked. The answer will stand under My work.")})


def reply(request: HttpRequest, question_id: int) -> HttpResponse:
    """Who asked has read the answer, or asks on."""
    try:
        if request.POST.get("text", "").strip():
            service.ask_on(
                by=request.user,
                uuid=forms.uuid_of(request.POST),
                question_id=question_id,
                text=request.POST["text"],
            )
            messages.success(request, _("Sent. A reviewer will see it."))
        else:
            service.mark_read(by=request.user, question_id=question_id)
    except DomainError as error:
        messages.error(request, error.message)
    return redirect(reverse("me"))


def _narrowed(request: HttpRequest) -> QuerySet[Question]:
    by, rows = frame.filters(request), review_queues.questions()
    labels = Annotation.objects.standing().filter(
        utterance=OuterRef("utterance"), kind=Annotation.Kind.LABEL
    )
    if by.domain:
        labeled = Exists(labels.filter(intent__domain__name=by.domain))
        rows = rows.filter(labeled | Q(utterance__domain__name=by.domain))
    if by.intent:
        rows = rows.filter(Exists(labels.filter(intent__name=by.intent)))
    if by.annotator:
        rows = rows.filter(asked_by__username=by.annotator)
    if by.days:
        rows = rows.filter(asked_at__lte=review_queues.days_ago(by.days))
    return rows
