"""Renaming, merging and splitting an intent: first what it would do, then a reason."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from annotations.doorbell import ring
from annotations.errors import DomainError, InvalidError, NotFoundError
from annotations.functions.labels import parameters
from annotations.models import Intent, IntentMove, Role, SchemaVersion
from annotations.services import intent_moves
from annotations.services.catalogue import intent_named
from annotations.services.split_rules import Part
from annotations.tasks import move_labels
from annotations.views.polling import polled

Kind = IntentMove.Kind
ROWS = range(1, intent_moves.MOST_PARTS + 1)
EDITORS = (Role.REVIEWER, Role.PRODUCT_OWNER)


@dataclass(frozen=True)
class Asked:
    """What the form wants: the kind, and what that kind needs."""

    kind: str
    name: str = ""
    into: Intent | None = None
    parts: tuple[Part, ...] = ()
    titles: dict[str, str] = field(default_factory=dict)
    keeps_rest: bool = False


def change(request: HttpRequest, name: str) -> HttpResponse:
    """The three forms; sent once they show the numbers, sent again they do it."""
    found = intent_named(name)
    context: dict[str, Any] = {
        "intent": found,
        "sent": request.POST,
        "rows": [(n, _row(request.POST, n)) for n in ROWS],
        "parameters": _parameters(found),
        "others": Intent.objects.filter(is_active=True)
        .exclude(pk=found.pk)
        .order_by("title"),
    }
    status = 200
    if request.method == "POST":
        try:
            asked = _asked(found, request.POST)
            if request.POST.get("act") == "confirm":
                move = _do(found, asked, request)
                ring(move_labels, move.pk)
                return redirect("intent_move", move_id=move.pk)
            context |= {"asked": asked, "preview": _preview(found, asked)}
        except DomainError as refused:
            status, context["refused"] = 422, refused.message
    return render(request, "annotations/intents/change.html", context, status=status)


def _row(sent: Mapping[str, str], n: int) -> dict[str, str]:
    return {
        name: sent.get(f"{name}{n}", "")
        for name in ("part", "words", "parameter", "value")
    }


def _parameters(intent: Intent) -> list[str]:
    live = SchemaVersion.objects.filter(
        function__intent=intent, status=SchemaVersion.Status.LIVE
    ).first()
    return [one.name for one in parameters(live.body)] if live else []


def _asked(intent: Intent, sent: Mapping[str, str]) -> Asked:
    kind = sent.get("kind", "")
    if kind == Kind.RENAME:
        return Asked(kind, name=sent.get("name", "").strip())
    if kind == Kind.MERGE:
        into = Intent.objects.filter(name=sent.get("into", ""), is_active=True).first()
        if into is None or into.pk == intent.pk:
            raise InvalidError(_("Choose the intent that this one becomes part of."))
        return Asked(kind, into=into)
    if kind != Kind.SPLIT:
        raise InvalidError(_("Choose to rename, to merge or to split."))
    rows = [row for row in (_row(sent, n) for n in ROWS) if row["part"].strip()]
    parts = [
        intent_moves.part(row["part"], row["words"], row["parameter"], row["value"])
        for row in rows
    ]
    keeps_rest = sent.get("keeps_rest") == "1"
    return Asked(
        kind,
        parts=tuple(intent_moves.checked_parts(intent, parts, keeps_rest=keeps_rest)),
        titles={p.intent: r["part"] for p, r in zip(parts, rows, strict=True)},
        keeps_rest=keeps_rest,
    )


def _preview(intent: Intent, asked: Asked) -> intent_moves.Preview:
    if asked.kind == Kind.RENAME:
        intent_moves.refuse_taken(asked.name, but=intent)
    draft = intent_moves.draft(
        intent,
        asked.kind,
        into=asked.into,
        new_name=asked.name,
        parts=[part.as_json() for part in asked.parts],
        keeps_rest=asked.keeps_rest,
    )
    return intent_moves.preview(draft)


def _do(intent: Intent, asked: Asked, request: HttpRequest) -> IntentMove:
    why = {"reason": request.POST.get("reason", ""), "by": request.user}
    if asked.kind == Kind.RENAME:
        return intent_moves.rename(intent=intent, name=asked.name, **why)
    if asked.kind == Kind.MERGE:
        return intent_moves.merge(intent=intent, into=asked.into, **why)
    return intent_moves.split(
        intent=intent,
        parts=asked.parts,
        titles=asked.titles,
        keeps_rest=asked.keeps_rest,
        **why,
    )


@polled
def move(request: HttpRequest, move_id: int) -> HttpResponse:
    """How far a change is; a POST takes it back."""
    if request.method == "POST":
        try:
            undone = intent_moves.request_undo(
                move_id=move_id, reason=request.POST.get("reason", ""), by=request.user
            )
            ring(move_labels, undone.pk)
            messages.success(request, _("The catalogue is as before; labels follow."))
        except DomainError as refused:
            messages.error(request, refused.message)
        return redirect("intent_move", move_id=move_id)
    found = (
        IntentMove.objects.select_related("intent", "into", "requested_by", "undone_by")
        .filter(pk=move_id)
        .first()
    )
    if found is None:
        raise NotFoundError(_("There is no such change."))
    context = {
        "move": found,
        "parts": Intent.objects.filter(
            name__in=[part["intent"] for part in found.parts]
        ),
        "n_replaced": found.labels.filter(replacement__isnull=False).count(),
        "may_undo": found.status == IntentMove.Status.DONE
        and request.user.has_role(*EDITORS),
    }
    template = "_move_state.html" if request.htmx else "move.html"
    response = render(request, f"annotations/intents/{template}", context)
    response["Vary"] = "HX-Request"
    return response
