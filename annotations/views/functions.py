"""The registry of functions: what is live, what waits, how well it is covered."""

from django.db.models import Prefetch, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from annotations.functions.labels import parameters
from annotations.models import Domain, Function, SchemaVersion
from annotations.services import coverage, few_shot
from annotations.views.schema_lookup import function_named, pretty

Status = SchemaVersion.Status
OPEN = (Status.DRAFT, Status.IN_REVIEW, Status.APPROVED)


def functions(request: HttpRequest) -> HttpResponse:
    wanted = request.GET.get("q", "").strip()
    domain = request.GET.get("domain", "")
    status = request.GET.get("status", "")
    found = Function.objects.all()
    if wanted:
        found = found.filter(
            Q(name__icontains=wanted) | Q(description__icontains=wanted)
        )
    if domain:
        found = found.filter(domain__name=domain)
    if status in Status.values:
        found = found.filter(versions__status=status).distinct()
    context = {
        "rows": _rows(list(_with_versions(found))),
        "domains": Domain.objects.order_by("title"),
        "statuses": Status.choices,
        "waiting": SchemaVersion.objects.filter(status=Status.IN_REVIEW).count(),
        "owed": SchemaVersion.objects.filter(
            is_emergency=True, followed_up_by__isnull=True
        ).select_related("function"),
        "q": wanted,
        "domain": domain,
        "status": status,
    }
    return render(request, "annotations/functions/functions.html", context)


def _with_versions(found: QuerySet[Function]) -> QuerySet[Function]:
    shown = SchemaVersion.objects.filter(status__in=[Status.LIVE, *OPEN])
    return (
        found.select_related("domain", "intent")
        .prefetch_related(Prefetch("versions", shown.order_by("-number"), "shown"))
        .order_by("domain__title", "name")
    )


def _rows(found: list[Function]) -> list[dict[str, object]]:
    labels = coverage.labels_per_intent(f.intent_id for f in found)
    marked = coverage.examples_per_parameter(found)
    return [
        {
            "function": function,
            "live": next((v for v in function.shown if v.status == Status.LIVE), None),
            "open": [v for v in function.shown if v.status != Status.LIVE],
            "labels": labels.get(function.intent_id, 0),
            "parameters": _covered(function, marked.get(function.pk, {})),
        }
        for function in found
    ]


def _covered(function: Function, marked: dict[str, int]) -> list[tuple[str, bool, int]]:
    """(name, required, labels in which it is marked) for the live version."""
    live = next((v for v in function.shown if v.status == Status.LIVE), None)
    known = parameters(live.body) if live else ()
    return [(p.name, p.required, marked.get(p.name, 0)) for p in known]


def function(request: HttpRequest, name: str) -> HttpResponse:
    """One function: its live version, all its versions, its few-shot bank."""
    function = function_named(name)
    versions = list(
        function.versions.select_related("proposed_by", "approved_by").order_by(
            "-number"
        )
    )
    live = next((v for v in versions if v.status == Status.LIVE), None)
    marked = coverage.examples_per_parameter([function]).get(function.pk, {})
    known = parameters(live.body) if live else ()
    context = {
        "function": function,
        "versions": versions,
        "shown": live,
        "parameters": known,
        "covered": [(p.name, marked.get(p.name, 0)) for p in known],
        "labels": coverage.labels_per_intent([function.intent_id]).get(
            function.intent_id, 0
        ),
        "schema": pretty(live.body) if live else "",
        "examples": function.examples.select_related("vetted_by"),
        "positives": few_shot.POSITIVES,
    }
    return render(request, "annotations/functions/function.html", context)
