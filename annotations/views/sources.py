"""Files taken in: what came, how far it is, what was rejected and why."""

from typing import Any
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
from django.views.decorators.csrf import csrf_exempt, csrf_protect

from annotations.doorbell import ring
from annotations.errors import DomainError
from annotations.intake.readers import READERS
from annotations.models import IntakeBatch
from annotations.services import intake, queue, scrub, uploads
from annotations.services import rejects as service
from annotations.tasks_intake import process_batch
from annotations.views.paging import page_of
from annotations.views.polling import polled

REJECTS_SHOWN = 200


def sources(request: HttpRequest) -> HttpResponse:
    """The upload form and the batches, newest first."""
    return render(request, "annotations/sources/sources.html", _state(request))


@polled
def state(request: HttpRequest) -> HttpResponse:
    """The moving part of the page."""
    return render(request, "annotations/sources/_batches.html", _state(request))


def _state(request: HttpRequest, **more: Any) -> dict[str, Any]:
    page = page_of(IntakeBatch.objects.select_related("created_by"), request, size=20)
    is_moving = any(batch.status in IntakeBatch.OPEN for batch in page.rows)
    waiting = scrub.waiting()
    return {
        "page": page,
        "batches": page.rows,
        "readers": list(READERS),
        "is_moving": is_moving or waiting > 0,
        "waiting": waiting,
        "failed": scrub.failed(),
        "worker_alive": queue.worker_alive(),
        **more,
    }


@csrf_exempt
def upload(request: HttpRequest) -> HttpResponse:
    """Take a file in. The token is checked once the handler stands, since checking
    it reads the body."""
    uploads.encrypt_files_of(request)
    return _upload(request)


@csrf_protect
def _upload(request: HttpRequest) -> HttpResponse:
    try:
        file = uploads.only_file(request)
        batch = intake.register(
            file.stored,
            source=request.POST.get("source", "").strip(),
            file_name=file.name or "",
            by=request.user,
            reader=request.POST.get("reader", ""),
            options={
                name: request.POST.get(name, "").strip() for name in intake.OPTIONS
            },
        )
    except DomainError as error:
        context = _state(request, error=error, entered=request.POST)
        return render(request, "annotations/sources/sources.html", context, status=422)
    if batch.status in IntakeBatch.OPEN:
        ring(process_batch, batch.pk)
        messages.success(request, _("Received. A worker takes it from here."))
    else:
        messages.info(request, _("This file was imported before: nothing was added."))
    return HttpResponseRedirect(reverse("source_batch", args=[batch.pk]))


@polled
def batch(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """One batch: its counters and the first rejected rows."""
    found = intake.get(batch_id)
    context = {
        "batch": found,
        "rejects": found.rejects.all()[:REJECTS_SHOWN],
        "by_code": service.by_code([found]).items(),
        "is_moving": found.status in IntakeBatch.OPEN,
        "worker_alive": queue.worker_alive(),
    }
    template = "_batch" if request.htmx else "batch"
    return render(request, f"annotations/sources/{template}.html", context)


def cancel(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    found = intake.cancel(batch_id, by=request.user)
    messages.success(request, _("Cancelled. The rows already imported stay."))
    return HttpResponseRedirect(reverse("source_batch", args=[found.pk]))


def rejects(request: HttpRequest, batch_id: UUID) -> StreamingHttpResponse:
    """The rejected rows as CSV: line, code and reason; never the text."""
    return rejects_csv(intake.get(batch_id))


def rejects_csv(found: IntakeBatch) -> StreamingHttpResponse:
    response = StreamingHttpResponse(service.lines([found]), content_type="text/csv")
    name = f"rejected-{found.pk}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
