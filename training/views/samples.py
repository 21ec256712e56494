"""Writing sample utterances: checked while typing, a verdict a line, then saved.

The pages live here and not beside the intents' because the check asks the encoder.
"""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from annotations.doorbell import ring
from annotations.errors import DomainError
from annotations.models import Intent
from annotations.services import samples
from annotations.services.catalogue import intent_named
from annotations.tasks_intake import scrub
from annotations.views.sent import whole
from training.services import sample_neighbours

TEMPLATE = "annotations/samples/samples.html"


def write(request: HttpRequest, name: str) -> HttpResponse:
    """The form; sent, each line gets its verdict, and what was ticked is saved."""
    found = intent_named(name)
    context = {"intent": found, "text": request.POST.get("texts", "")}
    status = 200
    if request.method == "POST":
        try:
            lines = samples.lines_of(context["text"])
            if request.POST.get("seen") == samples.seen_of(found, lines):
                return _save(request, found, lines)
            context["looked"] = _look(found, lines)
        except DomainError as refused:
            status, context["refused"] = 422, refused.message
    context["waiting"] = samples.waiting_for(found)
    return render(request, TEMPLATE, context, status=status)


def check(request: HttpRequest, name: str) -> HttpResponse:
    """The verdicts on what stands in the form so far."""
    found = intent_named(name)
    context: dict[str, object] = {"intent": found}
    try:
        lines = samples.lines_of(request.POST.get("texts", ""))
        context["looked"] = _look(found, lines) if lines else None
    except DomainError as refused:
        context["refused"] = refused.message
    return render(request, "annotations/samples/_verdicts.html", context)


def _look(intent: Intent, lines: list[str]) -> samples.Looked:
    return samples.look(intent=intent, lines=lines, nearest=sample_neighbours.labeled)


def _save(request: HttpRequest, intent: Intent, lines: list[str]) -> HttpResponse:
    sent = (whole(place) for place in request.POST.getlist("keep"))
    keep = [place for place in sent if place is not None]
    kept = samples.save(intent=intent, lines=lines, keep=keep, by=request.user)
    if kept:
        ring(scrub)
        n = len(kept)
        messages.success(
            request,
            ngettext(
                "%(n)s sample stored. The full redaction pass reads it within a"
                " minute; then training sees it.",
                "%(n)s samples stored. The full redaction pass reads them within a"
                " minute; then training sees them.",
                n,
            )
            % {"n": n},
        )
    else:
        messages.error(request, _("Nothing was ticked, or all of it is known already."))
    return redirect("intent", name=intent.name)
