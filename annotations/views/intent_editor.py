"""Writing guidelines: words, examples, contrasts and discussion of an intent."""

from collections.abc import Mapping

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from annotations.errors import DomainError, StaleRevisionError
from annotations.models import Intent, IntentExample
from annotations.services import discussion, guidelines
from annotations.services.catalogue import intent_named
from annotations.views.change_log import FIELDS
from annotations.views.sent import number


def edit(request: HttpRequest, name: str) -> HttpResponse:
    """The form; what somebody else saved meanwhile is shown beside what was typed."""
    found = intent_named(name)
    mine = _fields(found)
    context = {"intent": found, "revision": found.revision, "limits": guidelines.FIELDS}
    status = 200
    if request.method == "POST":
        mine = {field: request.POST.get(field, "") for field in mine}
        try:
            guidelines.edit(
                intent=found,
                revision=number(request.POST.get("revision", "")),
                by=request.user,
                **mine,
            )
        except StaleRevisionError as stale:
            status = 409
            now: Intent = stale.details["current"]
            context |= {"theirs": _differing(mine, _fields(now)), "intent": now}
            context |= {"refused": stale.message, "revision": now.revision}
        except DomainError as refused:
            status = 422
            context["refused"] = refused.message
        else:
            messages.success(request, _("Saved."))
            return redirect("intent", name=found.name)
    context["mine"] = mine
    return render(request, "annotations/intents/edit.html", context, status=status)


def _fields(intent: Intent) -> dict[str, str]:
    return {field: getattr(intent, field) for field in guidelines.FIELDS}


def _differing(
    mine: Mapping[str, str], theirs: Mapping[str, str]
) -> list[tuple[str, str]]:
    return [
        (str(FIELDS[field]), theirs[field])
        for field, typed in mine.items()
        if typed.replace("\r\n", "\n").strip() != theirs[field]
    ]


def contrast(request: HttpRequest, name: str) -> HttpResponse:
    """How to tell this intent from another: a line for each of the two."""
    found = intent_named(name)
    other = intent_named(request.POST.get("other") or request.GET.get("other", ""))
    known = next(
        (c for c in guidelines.contrasts_of(found) if c.other.pk == other.pk), None
    )
    pair = known.pair if known else None
    lines = (known.own_line, known.other_line) if known else ("", "")
    context = {"intent": found, "other": other, "known": known}
    context["revision"] = pair.revision if pair else 0
    status = 200
    if request.method == "POST":
        lines = (request.POST.get("own", ""), request.POST.get("others", ""))
        try:
            guidelines.save_contrast(
                intent=found,
                other=other,
                lines=lines,
                revision=number(request.POST.get("revision", "")),
                by=request.user,
            )
        except StaleRevisionError as stale:
            status = 409
            now = stale.details["current"]
            context |= {"refused": stale.message, "is_stale": True}
            context["revision"] = now.revision if now else 0
            if now:
                context["theirs"] = (now.line_for(found.pk), now.line_for(other.pk))
        except DomainError as refused:
            status, context["refused"] = 422, refused.message
        else:
            messages.success(
                request, _("Saved. The desk shows it from the next item on.")
            )
            return redirect("intent", name=found.name)
    context["own"], context["others"] = lines
    return render(request, "annotations/intents/contrast.html", context, status=status)


def examples(request: HttpRequest, name: str) -> HttpResponse:
    """Add an utterance to the examples, or take one away."""
    found = intent_named(name)
    gone = number(request.POST.get("remove", ""))
    try:
        if gone:
            guidelines.remove_example(intent=found, example_id=gone, by=request.user)
            messages.success(request, _("The example was removed from the page."))
        else:
            guidelines.add_example(
                intent=found,
                utterance_id=number(request.POST.get("utterance", "")),
                kind=IntentExample.Kind.POSITIVE,
                note=request.POST.get("note", ""),
                by=request.user,
            )
            messages.success(request, _("It is an example now."))
    except DomainError as refused:
        messages.error(request, refused.message)
    return redirect("intent", name=found.name)


def set_off(request: HttpRequest, name: str) -> HttpResponse:
    """An utterance of this intent becomes an example of what another one is not."""
    found = intent_named(name)
    try:
        against = intent_named(request.POST.get("against", ""))
        guidelines.add_example(
            intent=against,
            utterance_id=number(request.POST.get("utterance", "")),
            kind=IntentExample.Kind.NEGATIVE,
            note=request.POST.get("note", ""),
            by=request.user,
        )
        messages.success(
            request,
            _("“%(against)s” shows it as something else now.")
            % {"against": against.title},
        )
    except DomainError as refused:
        messages.error(request, refused.message)
    return redirect("intent", name=found.name)


def remarks(request: HttpRequest, name: str) -> HttpResponse:
    """Say something, or call something settled."""
    found = intent_named(name)
    settled = number(request.POST.get("resolve", ""))
    try:
        if settled:
            discussion.resolve(intent=found, remark_id=settled, by=request.user)
        else:
            discussion.comment(
                intent=found, text=request.POST.get("text", ""), by=request.user
            )
    except DomainError as refused:
        messages.error(request, refused.message)
    return redirect("intent", name=found.name)
