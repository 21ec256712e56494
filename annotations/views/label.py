"""The labeling desk: an item, its answer, and the next item in the same response."""

import gzip
import json
from functools import lru_cache
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag

from annotations.models import (
    OUT_OF_SCOPE,
    Annotation,
    QueueItem,
    SkipReason,
    User,
)
from annotations.services import catalogue as intents
from annotations.services import desk, labels, queue
from annotations.services.labels import Submission
from annotations.views import label_forms as forms
from annotations.views.nothing_to_label import describe

# A best guess below this is not chosen beforehand: Enter must not accept a coin toss.
PRESELECT = 0.5
LATE = "Somebody else answered that one meanwhile. Yours is kept as another opinion."
TAKEN = "Taken back. Somebody else holds that one now, so here is another."


def page(request: HttpRequest) -> HttpResponse:
    """The desk with an item newly leased to whoever asks."""
    return _page(request, _claim(request.user))


def next_item(request: HttpRequest) -> HttpResponse:
    """An item, or why there is none, for a desk that was waiting."""
    return _respond(request, _claim(request.user))


def answer(request: HttpRequest) -> HttpResponse:
    sent = forms.answer(request.POST)
    return _store(request, lambda by: labels.submit(by=by, answer=sent))


def skip(request: HttpRequest) -> HttpResponse:
    sent = forms.decision(request.POST)
    reason = request.POST.get("reason", "")
    return _store(
        request,
        lambda by: labels.skip(
            by=by, uuid=sent.uuid, item_id=sent.item_id, reason=reason
        ),
    )


def quarantine(request: HttpRequest) -> HttpResponse:
    sent, place = forms.decision(request.POST), forms.place(request.POST)
    return _store(
        request,
        lambda by: labels.quarantine(
            by=by, uuid=sent.uuid, item_id=sent.item_id, place=place
        ),
    )


def undo(request: HttpRequest) -> HttpResponse:
    """The answer before, taken back and on the desk again as it was given."""
    by = request.user
    uuid = forms.uuid_of(request.POST)
    current = forms.item_of(request.POST)
    with transaction.atomic():
        undone = labels.undo(by=by, uuid=uuid)
        if current and (undone.item is None or undone.item.pk != current):
            queue.release(item_id=current, by=by)
        item = undone.item or queue.claim_next(by=by)
    notice = "" if undone.item else TAKEN
    given = undone.annotation.undoes if undone.item else None
    return _respond(request, item, notice=notice, given=given)


def renew(request: HttpRequest) -> HttpResponse:
    """The desk is still open: the lease goes on."""
    until = queue.renew(item_id=forms.item_of(request.POST), by=request.user)
    return HttpResponse(until.isoformat(), content_type="text/plain")


def release(request: HttpRequest) -> HttpResponse:
    """The desk was closed: the item goes back."""
    queue.release(item_id=forms.item_of(request.POST), by=request.user)
    return HttpResponse(status=204)


def catalogue(request: HttpRequest) -> HttpResponse:
    """Every intent with its parameters, for the picker; 304 while nothing changed."""
    version = intents.current().stamp.hex
    etag = quote_etag(version)
    response = get_conditional_response(request, etag)
    if response is None:
        plain, small = _catalogue_bodies(version)
        is_small = "gzip" in request.headers.get("Accept-Encoding", "")
        response = HttpResponse(
            small if is_small else plain, content_type="application/json"
        )
        if is_small:
            response["Content-Encoding"] = "gzip"
    response["ETag"] = etag
    response["Vary"] = "Accept-Encoding"
    # The browser keeps it but asks each time; no shared cache may.
    response["Cache-Control"] = "private, no-cache"
    return response


@lru_cache(maxsize=2)
def _catalogue_bodies(version: str) -> tuple[bytes, bytes]:
    """The catalogue of this version as JSON, plain and compressed."""
    plain = json.dumps(desk.picker_index(), separators=(",", ":")).encode()
    return plain, gzip.compress(plain)


def _claim(by: User) -> QueueItem | None:
    item = queue.claim_next(by=by)
    queue.release_surplus(by=by)
    return item


def _store(request: HttpRequest, decide: Any) -> HttpResponse:
    """Store a decision and lease the next item in one commit, then answer."""
    by = request.user
    if request.POST.get("stay"):
        # Sent again by a desk that already shows another item.
        decide(by)
        return HttpResponse(status=204)
    with transaction.atomic():
        submission: Submission = decide(by)
        item = None
        if submission.replayed:
            item = queue.claimed_since(submission.annotation.created_at, by=by)
        item = item or queue.claim_next(by=by)
    return _respond(request, item, notice=LATE if submission.late else "")


def _respond(
    request: HttpRequest,
    item: QueueItem | None,
    *,
    notice: str = "",
    given: Annotation | None = None,
) -> HttpResponse:
    """The fragment for the desk's script; the whole page where there is none."""
    if not request.htmx:
        return _page(request, item, notice=notice, given=given)
    context = _context(request, item, notice=notice, given=given)
    response = render(request, context["fragment"], context)
    response["Vary"] = "HX-Request"
    return response


def _page(
    request: HttpRequest,
    item: QueueItem | None,
    *,
    notice: str = "",
    given: Annotation | None = None,
) -> HttpResponse:
    today = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    mine = Annotation.objects.standing().filter(
        annotator=request.user, kind=Annotation.Kind.LABEL, created_at__gte=today
    )
    context = _context(request, item, notice=notice, given=given)
    context |= {
        "today": mine.count(),
        "reasons": json.dumps(SkipReason.choices),
        "worker_alive": queue.worker_alive(),
    }
    return render(request, "annotations/label/label.html", context)


def _context(
    request: HttpRequest,
    item: QueueItem | None,
    *,
    notice: str,
    given: Annotation | None,
) -> dict[str, Any]:
    common = {"notice": notice, "out_of_scope": OUT_OF_SCOPE}
    if item is None:
        empty = describe(queue.state(by=request.user))
        return {**common, "fragment": "annotations/label/_empty.html", "empty": empty}
    shown = desk.present(item)
    return {
        **common,
        "fragment": "annotations/label/_item.html",
        "item": shown,
        "uuid": forms.new_uuid(),
        # Dictionaries: a template looks for keys first, and the misses add up.
        "choices": [(vars(s), round(100 * s.confidence)) for s in shown.suggestions],
        "preselect": bool(shown.suggestions)
        and shown.suggestions[0].confidence >= PRESELECT,
        **_given(given, shown),
    }


def _given(given: Annotation | None, shown: desk.DeskItem) -> dict[str, Any]:
    """The marks to draw: those of an answer taken back, else the model's guess."""
    if given is None or given.kind != Annotation.Kind.LABEL:
        return {"spans": json.dumps([_mark(guess) for guess in shown.parameters])}
    spans = given.spans.values("param", "start", "end")
    return {
        "spans": json.dumps([_mark(span) for span in spans]),
        "given": {
            "intent": given.intent.name,
            "not_spoken": json.dumps(given.not_spoken),
        },
    }


def _mark(span: dict[str, Any]) -> dict[str, Any]:
    return {name: span[name] for name in ("start", "end", "param")}
