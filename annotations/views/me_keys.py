"""Which keys a person's desk answers to."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from annotations.errors import InvalidError
from annotations.models import IDLE_MINUTES, KeyPreset, SingleKeys
from annotations.services import desk_keys
from annotations.services.desk_keys import ACTIONS, KEYS, Wishes

NAMES = {
    "Enter": gettext_lazy("↵ Enter"),
    "Space": gettext_lazy("space"),
    "Escape": gettext_lazy("esc"),
    "Backspace": "⌫",
}


def keys(request: HttpRequest) -> HttpResponse:
    """The form; sent, it is stored, or shown again with what speaks against it."""
    if request.method == "GET":
        stored = desk_keys.settings_of(request.user)
        wishes = Wishes(
            preset=request.GET.get("preset", stored.preset),
            single_keys=stored.single_keys,
            keys={} if "preset" in request.GET else stored.keys,
            digit_submits=stored.digit_submits,
            coach=stored.coach,
            idle_minutes=stored.idle_minutes,
            nudges_breaks=stored.nudges_breaks,
        )
        return _form(request, wishes)
    wishes = _read(request)
    try:
        desk_keys.save(by=request.user, wishes=wishes)
    except InvalidError as error:
        faults = error.details.get("conflicts") or [error.message]
        return _form(request, wishes, faults=faults, status=422)
    messages.success(request, _("Saved. Your desk answers to these keys from now on."))
    return redirect("me_keys")


def _read(request: HttpRequest) -> Wishes:
    sent = request.POST
    minutes = sent.get("idle_minutes", "5")
    return Wishes(
        preset=sent.get("preset", ""),
        single_keys=sent.get("single_keys", ""),
        keys={
            name.removeprefix("key-"): value
            for name, value in sent.items()
            if name.startswith("key-") and value
        },
        digit_submits="digit_submits" in sent,
        coach="coach" in sent,
        idle_minutes=int(minutes) if minutes in map(str, IDLE_MINUTES) else 0,
        nudges_breaks="nudges_breaks" in sent,
    )


def _form(
    request: HttpRequest, wishes: Wishes, *, faults: Any = (), status: int = 200
) -> HttpResponse:
    preset = wishes.preset if wishes.preset in KeyPreset.values else KeyPreset.DEFAULT
    context = {
        "wishes": wishes,
        "preset": preset,
        "presets": KeyPreset.choices,
        "single": SingleKeys.choices,
        "idle_minutes": IDLE_MINUTES,
        "rows": [
            {
                "id": name,
                "name": action.name,
                "mode": action.mode,
                "is_fixed": action.is_fixed,
                "preset": [NAMES.get(k, k) for k in action.in_preset(preset)],
                "own": wishes.keys.get(name, ""),
            }
            for name, action in ACTIONS.items()
        ],
        "keys": [(key, NAMES.get(key, key.replace("Mod+", "Ctrl+"))) for key in KEYS],
        "faults": faults,
    }
    return render(request, "annotations/me/keys.html", context, status=status)
