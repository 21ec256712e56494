"""The warm-up: the desk with five made-up items, for the keys."""

import json

from django.core.serializers.json import DjangoJSONEncoder
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string

from annotations.models import OUT_OF_SCOPE, SkipReason
from annotations.services import desk_keys, warm_up
from annotations.services.desk import DeskItem
from annotations.views.label import ITEM, drawn


def page(request: HttpRequest) -> HttpResponse:
    """The items wait in templates until the page's script shows them; sent, it is
    stored how the warm-up ended."""
    if request.method == "POST":
        warm_up.end(by=request.user, how=request.POST.get("how", ""))
        return HttpResponse(status=204) if request.htmx else redirect("label")
    wishes = desk_keys.settings_of(request.user)
    context = {
        "items": [_form(request, item) for item in warm_up.items()],
        "single_keys": wishes.single_keys,
        "reasons": json.dumps(SkipReason.choices, cls=DjangoJSONEncoder),
        "out_of_scope": OUT_OF_SCOPE,
    }
    return render(request, "annotations/label/warm_up.html", context)


def catalogue(request: HttpRequest) -> JsonResponse:
    """The made-up intents, for the picker."""
    return JsonResponse(warm_up.picker_index())


def _form(request: HttpRequest, item: DeskItem) -> str:
    context = {"item": item, "spans": "[]", "out_of_scope": OUT_OF_SCOPE}
    return render_to_string(ITEM, context | drawn(item), request)
