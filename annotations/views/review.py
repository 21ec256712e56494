"""The reviewer's pages."""

import uuid

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from annotations.errors import DomainError, InvalidError
from annotations.services import review

PER_PAGE = 20


@require_GET
def disagreements(request: HttpRequest) -> HttpResponse:
    pages = Paginator(review.disagreements(), PER_PAGE)
    page = pages.get_page(request.GET.get("page"))
    rows = [review.as_disagreement(utterance) for utterance in page]
    return render(
        request,
        "annotations/review/disagreements.html",
        {
            "page": page,
            "rows": [
                (row, row.may_be_resolved_by(request.user), uuid.uuid4())
                for row in rows
            ],
        },
    )


@require_POST
def resolve(request: HttpRequest) -> HttpResponse:
    try:
        key = uuid.UUID(request.POST.get("uuid", ""))
        answer_id = uuid.UUID(request.POST.get("answer", ""))
    except ValueError as error:
        raise InvalidError("Choose one of the answers shown.") from error
    try:
        review.resolve(by=request.user, uuid=key, answer_id=answer_id)
    except DomainError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, "Settled. The chosen answer is gold now.")
    return redirect("review_disagreements")
