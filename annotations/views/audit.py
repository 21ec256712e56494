"""The trail, to read: who did what to which thing."""

import json

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from annotations.models import AuditEvent, User
from annotations.services import audit_trail
from annotations.views.paging import page_of
from annotations.views.sent import number

FILTERS = {"actor": "actor", "action": "action__startswith", "object": "object"}


def audit(request: HttpRequest) -> HttpResponse:
    """Events, newest first, narrowed by actor, action and object."""
    asked = {name: request.GET.get(name, "").strip() for name in FILTERS}
    events = AuditEvent.objects.order_by("-id")
    for name, lookup in FILTERS.items():
        if asked[name]:
            events = events.filter(**{lookup: asked[name]})
    page = page_of(events, request, size=50)
    names = _names(event.actor for event in page.rows)
    context = {
        **asked,
        "page": page,
        "rows": [
            (event, names.get(event.actor, event.actor), _facts(event.payload))
            for event in page.rows
        ],
        # Every event is read for it, so only when somebody asks.
        "report": audit_trail.verify() if request.GET.get("check") else None,
    }
    return render(request, "annotations/audit/audit.html", context)


def _names(actors: object) -> dict[str, str]:
    """People's names by the actor word of the trail, which has no foreign keys."""
    ids = {actor[5:] for actor in actors if actor.startswith("user:")}
    people = User.objects.filter(pk__in=[number(i) for i in ids])
    return {f"user:{person.pk}": person.name for person in people}


def _facts(payload: str) -> list[tuple[str, object]]:
    return [
        (key, value)
        for key, value in json.loads(payload).items()
        if value not in ("", None, [])
    ]
