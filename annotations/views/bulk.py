"""Actions on everything a search found: the preview, the run, the way back."""

from dataclasses import replace
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseRedirect,
    StreamingHttpResponse,
)
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from annotations.doorbell import ring
from annotations.errors import DomainError, NotFoundError
from annotations.models import BulkAction
from annotations.services import bulk, bulk_export, queue
from annotations.tasks import run_bulk
from annotations.views.polling import polled
from annotations.views.search_form import SearchForm, back_of
from annotations.views.sent import whole

STEPS = {"confirm": bulk.confirm, "cancel": bulk.cancel, "undo": bulk.undo}


def draft(request: HttpRequest) -> HttpResponse:
    """What would be done, with the exact number and samples; nothing is done yet."""
    form = SearchForm(request.POST, by=request.user)
    if not form.is_valid():
        return _refused(
            request, _("The filters cannot be read any more. Search again.")
        )
    ticked = request.POST.getlist("pick")
    picked = [pk for pk in map(whole, ticked) if pk is not None]
    if len(picked) < len(ticked):
        # Without any, all that fit would be meant.
        return _refused(request, _("What was ticked cannot be read. Search again."))
    criteria = form.criteria()
    if request.POST.get("by_meaning"):
        # The words were read for their meaning; what is near has no end of its own.
        criteria = replace(criteria, words="")
        if not picked:
            return _refused(request, _("Tick those that you mean first."))
    try:
        action = bulk.draft(
            by=request.user,
            kind=request.POST.get("kind", ""),
            criteria=criteria,
            intent=request.POST.get("as", ""),
            picked=picked[:100],
        )
    except DomainError as refused:
        return _refused(request, refused.message)
    return _at(request, action.pk)


def page(request: HttpRequest, action_id: UUID) -> HttpResponse:
    return render(request, "annotations/bulk/bulk.html", _state(request, action_id))


@polled
def state(request: HttpRequest, action_id: UUID) -> HttpResponse:
    """The moving part of the page."""
    return render(request, "annotations/bulk/_state.html", _state(request, action_id))


def step(request: HttpRequest, action_id: UUID, step: str) -> HttpResponse:
    if step not in STEPS:
        raise NotFoundError(_("There is no such step."))
    try:
        action = STEPS[step](by=request.user, action_id=action_id)
    except DomainError as refused:
        messages.error(request, refused.message)
    else:
        if action.status in BulkAction.MOVING:
            ring(run_bulk, action.pk)
    return _at(request, action_id)


def download(request: HttpRequest, action_id: UUID) -> HttpResponse:
    action = _own(request, action_id)
    lines = bulk_export.lines(by=request.user, action=action)
    response = StreamingHttpResponse(lines, content_type="application/x-ndjson")
    response["Content-Disposition"] = 'attachment; filename="utterances.jsonl"'
    return response


def _own(request: HttpRequest, action_id: UUID) -> BulkAction:
    """Whoever drafted it saw its members; others may not be allowed to."""
    found = BulkAction.objects.filter(pk=action_id, created_by=request.user)
    action = found.select_related("intent").first()
    if action is None:
        raise NotFoundError(_("There is no such action of yours."))
    return action


def _state(request: HttpRequest, action_id: UUID) -> dict[str, Any]:
    action = _own(request, action_id)
    is_moving = action.status in BulkAction.MOVING
    return {
        "action": action,
        "progress": bulk.progress(action),
        "samples": [] if is_moving else bulk.samples(action),
        "is_moving": is_moving,
        "back": back_of(request),
        "worker_alive": not is_moving or queue.worker_alive(),
    }


def _at(request: HttpRequest, action_id: UUID) -> HttpResponse:
    """The action's page, which knows the search it came from."""
    query = urlencode({"back": back_of(request)})
    return HttpResponseRedirect(f"{reverse('bulk', args=[action_id])}?{query}")


def _refused(request: HttpRequest, message: str) -> HttpResponse:
    messages.error(request, message)
    return HttpResponseRedirect(back_of(request))
