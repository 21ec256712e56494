"""The labeling desk: an item, its answer, and the next item in the same response."""

import gzip
import json
import uuid as uuids
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.gzip import gzip_page

from annotations.models import (
    OUT_OF_SCOPE,
    Act,
    Annotation,
    QueueItem,
    SkipReason,
    User,
)
from annotations.services import catalogue as intents
from annotations.services import (
    clusters,
    desk,
    desk_keys,
    labels,
    queue,
    revisions,
    warm_up,
)
from annotations.services.labels import Submission
from annotations.views import label_forms as forms
from annotations.views.nothing_to_label import describe
from annotations.views.sent import number

# A best guess below this is not chosen beforehand: Enter must not accept a coin toss.
PRESELECT = 0.5
TAKEN = _("Taken back. Somebody else holds that one now, so here is another.")
STANDS = _("Taken back. Your answer before the correction stands again.")
ITEM = "annotations/label/_item.html"
ONE = forms.Wanted()
BOTH = forms.Wanted(shown=True, ahead=True)


@dataclass(frozen=True)
class Notice:
    """What became of an answer, where that needs a word."""

    kind: str  # late or taken
    text: str
    answer: uuids.UUID | None = None


@gzip_page
def page(request: HttpRequest) -> HttpResponse:
    """The desk with an item newly leased to whoever asks, and the next one ready.

    `?item=` is a held one that was opened from elsewhere: it comes first.
    `?correct=` is the person's own earlier answer, to be replaced by a new one.
    """
    if request.GET.get("correct"):
        return _correct(request, forms.uuid_of({"uuid": request.GET["correct"]}))
    by, wanted = request.user, number(request.GET.get("item", ""))
    opened = queue.held(wanted, by=by) if wanted else None
    if opened:
        return _page(request, [opened, *queue.take(BOTH.count - 1, by=by)])
    return _page(request, _take_both(by))


@transaction.atomic
def _correct(request: HttpRequest, answer_id: uuids.UUID) -> HttpResponse:
    by = request.user
    label, item = revisions.reopened(answer_id, by=by)
    ahead = [] if request.htmx else queue.take(1, by=by)
    return _respond(request, [item, *ahead], given=label, revises=label.pk)


def next_item(request: HttpRequest) -> HttpResponse:
    """An item and the next, or why there is none, for a desk that was waiting."""
    return _respond(request, _take_both(request.user), BOTH)


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
    """The answer before, taken back and on the desk again as it was given.

    Where somebody else holds its item, what else the desk wants, with a word on it.
    """
    by = request.user
    uuid, chosen = forms.uuid_of(request.POST), forms.answer_of(request.POST)
    surplus = forms.items_of(request.POST)
    wanted = forms.wanted(request.POST)
    with transaction.atomic():
        undone = labels.undo(by=by, uuid=uuid, answer_id=chosen)
        item = undone.item
        queue.release(
            *(one for one in surplus if item is None or one != item.pk), by=by
        )
        if item is None:
            items = queue.take(wanted.count, by=by)
            corrected = undone.annotation.undoes.revises_id
            notice = Notice("taken", str(STANDS if corrected else TAKEN))
            return _respond(request, items, wanted, notice=notice)
        if not wanted.count:  # sent again by a page that does not know the item
            queue.release(item.pk, by=by)
            return HttpResponse(status=204)
    return _respond(request, [item], given=undone.annotation.undoes)


def renew(request: HttpRequest) -> HttpResponse:
    """The desk is still open: the lease goes on."""
    until = queue.renew(item_id=forms.item_of(request.POST), by=request.user)
    return HttpResponse(until.isoformat(), content_type="text/plain")


def release(request: HttpRequest) -> HttpResponse:
    """The desk was closed: what it held goes back."""
    queue.release(*forms.items_of(request.POST), by=request.user)
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


def _take_both(by: User) -> list[QueueItem]:
    items = queue.take(BOTH.count, by=by)
    queue.release_surplus(by=by)
    return items


def _store(request: HttpRequest, decide: Callable[[User], Submission]) -> HttpResponse:
    """Store a decision and lease what comes next in one commit, then answer."""
    by = request.user
    wanted = forms.wanted(request.POST) if request.htmx else BOTH
    with transaction.atomic():
        submission = decide(by)
        since = submission.annotation.created_at if submission.replayed else None
        items = [] if request.htmx else _ready_behind(request)
        items += queue.take(wanted.count - len(items), by=by, since=since)
    return _respond(request, items, wanted, notice=_late(submission))


def _ready_behind(request: HttpRequest) -> list[QueueItem]:
    """The item that a page without the script was given to hold ready."""
    item = queue.held(forms.next_of(request.POST), by=request.user)
    return [item] if item else []


def _late(submission: Submission) -> Notice | None:
    if not submission.late:
        return None
    given = submission.annotation
    others = Annotation.objects.standing().filter(utterance=given.utterance_id)
    other = others.exclude(annotator=given.annotator_id).order_by("created_at").last()
    told = (
        gettext("%(name)s answered this meanwhile. Yours is kept as a second opinion.")
        % {"name": other.annotator.name}
        if other
        else gettext(
            "Somebody else answered this meanwhile. Yours is kept as a second opinion."
        )
    )
    return Notice("late", told, given.pk)


def _respond(
    request: HttpRequest,
    items: Sequence[QueueItem],
    wanted: forms.Wanted = ONE,
    *,
    notice: Notice | None = None,
    given: Annotation | None = None,
    revises: uuids.UUID | None = None,
) -> HttpResponse:
    """Fragments for the desk's script; the whole page where there is none.

    What the desk is to hold ready comes as an inert template.
    """
    if not request.htmx:
        return _page(request, items, notice=notice, given=given, revises=revises)
    if not (wanted.shown or items or notice):
        return HttpResponse(status=204)
    waiting = list(items)
    context: dict[str, Any] = {"notice": notice}
    if wanted.shown:
        shown = waiting.pop(0) if waiting else None
        context |= _context(request, shown, given=given)
    context["ahead"] = [partial(_template, request, item) for item in waiting]
    response = render(request, "annotations/label/_answer.html", context)
    response["Vary"] = "HX-Request"
    return response


def _page(
    request: HttpRequest,
    items: Sequence[QueueItem],
    *,
    notice: Notice | None = None,
    given: Annotation | None = None,
    revises: uuids.UUID | None = None,
) -> HttpResponse:
    today = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    mine = Annotation.objects.standing().filter(
        annotator=request.user, kind=Annotation.Kind.LABEL, created_at__gte=today
    )
    wishes = desk_keys.settings_of(request.user)
    context = _context(request, items[0] if items else None, given=given)
    context |= {
        "notice": notice,
        "next": items[1] if len(items) > 1 else None,
        "ahead": [partial(_template, request, item) for item in items[1:]],
        "today": mine.count(),
        "reasons": json.dumps(SkipReason.choices, cls=DjangoJSONEncoder),
        "offers_warm_up": warm_up.is_offered(wishes),
        "revises": revises,
        "worker_alive": queue.worker_alive(),
    }
    return render(request, "annotations/label/label.html", context)


def _template(request: HttpRequest, item: QueueItem) -> SafeString:
    return render_to_string(ITEM, _context(request, item), request)


def _context(
    request: HttpRequest, item: QueueItem | None, *, given: Annotation | None = None
) -> dict[str, Any]:
    common = {"out_of_scope": OUT_OF_SCOPE}
    if item is None:
        empty = describe(queue.state(by=request.user))
        return {**common, "fragment": "annotations/label/_empty.html", "empty": empty}
    shown = desk.present(item)
    return {
        **common,
        "fragment": ITEM,
        "item": shown,
        "uuid": forms.new_uuid(),
        "alike": clusters.offered(item, by=request.user),
        **drawn(shown),
        **_given(given, shown),
    }


def drawn(shown: desk.DeskItem) -> dict[str, Any]:
    """What the form of an item draws of its suggestions and turns."""
    guesses = shown.suggestions
    return {
        # Dictionaries: a template looks for keys first, and the misses add up.
        "choices": [(vars(s), round(100 * s.confidence)) for s in guesses],
        "acts": json.dumps(shown.acts),
        "act_choices": Act.choices,
        "preselect": bool(guesses) and guesses[0].confidence >= PRESELECT,
    }


def _given(given: Annotation | None, shown: desk.DeskItem) -> dict[str, Any]:
    """The marks to draw: those of an answer taken back, else the model's guess."""
    if given is None or given.kind != Annotation.Kind.LABEL:
        return {"spans": json.dumps([_mark(guess) for guess in shown.parameters])}
    spans = given.spans.values("param", "start", "end", "turn", "value")
    return {
        "spans": json.dumps([_mark(span) for span in spans]),
        "given": {
            "intent": given.intent.name,
            "not_spoken": json.dumps(given.not_spoken),
            "act": given.act,
            "misheard": given.is_misheard,
        },
    }


def _mark(span: dict[str, Any]) -> dict[str, Any]:
    """intent and problem: of a guess, which the schema of that intent has read."""
    names = ("start", "end", "param", "turn", "value", "problem", "intent")
    return {name: span[name] for name in names if span.get(name) is not None}
