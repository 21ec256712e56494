"""The registry of functions, to read: which version is live and what it asks for."""

import json

from django.db.models import Prefetch, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from annotations.errors import NotFoundError
from annotations.functions.labels import parameters
from annotations.models import Domain, Function, SchemaVersion


def functions(request: HttpRequest) -> HttpResponse:
    wanted = request.GET.get("q", "").strip()
    domain = request.GET.get("domain", "")
    live = SchemaVersion.objects.filter(status=SchemaVersion.Status.LIVE)
    listed = Function.objects.select_related("domain", "intent").prefetch_related(
        Prefetch("versions", queryset=live, to_attr="live")
    )
    if wanted:
        listed = listed.filter(
            Q(name__icontains=wanted) | Q(description__icontains=wanted)
        )
    if domain:
        listed = listed.filter(domain__name=domain)
    rows = [
        (function, function.live[0] if function.live else None)
        for function in listed.order_by("domain__title", "name")
    ]
    context = {
        "rows": [(f, version, _names(version)) for f, version in rows],
        "domains": Domain.objects.order_by("title"),
        "q": wanted,
        "domain": domain,
    }
    return render(request, "annotations/functions/functions.html", context)


def function(request: HttpRequest, name: str) -> HttpResponse:
    """One function: a chosen version (`?version=`, else the live one) and the list."""
    found = Function.objects.select_related("domain", "intent").filter(name=name)
    function = found.first()
    if function is None:
        raise NotFoundError(f"There is no function “{name}”.")
    versions = list(
        function.versions.select_related("proposed_by", "approved_by").order_by(
            "-number"
        )
    )
    shown = _chosen(versions, request.GET.get("version", ""))
    context = {
        "function": function,
        "versions": versions,
        "shown": shown,
        "parameters": parameters(shown.body) if shown else (),
        "schema": json.dumps(shown.body, indent=2, ensure_ascii=False) if shown else "",
    }
    return render(request, "annotations/functions/function.html", context)


def _names(version: SchemaVersion | None) -> list[tuple[str, bool]]:
    known = parameters(version.body) if version else ()
    return [(parameter.name, parameter.required) for parameter in known]


def _chosen(versions: list[SchemaVersion], number: str) -> SchemaVersion | None:
    if number:
        chosen = next((v for v in versions if str(v.number) == number), None)
        if chosen is None:
            raise NotFoundError(f"There is no version {number[:12]} of this function.")
        return chosen
    live = [v for v in versions if v.status == SchemaVersion.Status.LIVE]
    return (live or versions or [None])[0]
