"""What one's own labels taught the model: for the one who gave them."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy

from annotations.models import User
from training.services import own_effect

TITLES = {
    "n_labels": gettext_lazy("of yours"),
    "n_control": gettext_lazy("of the random control, by others"),
    "n_exam": gettext_lazy("of the exam"),
}


def own_effect_part(request: HttpRequest) -> HttpResponse:
    """A part of the page /me; on its own where scripts are off."""
    found = own_effect.of(request.user)
    context = {"effect": found, "missing": [] if found else _missing(request.user)}
    page = "_effect.html" if request.headers.get("HX-Request") else "effect.html"
    answer = render(request, f"training/me/{page}", context)
    answer["Vary"] = "HX-Request"
    return answer


def _missing(person: User) -> list[dict[str, str | int]]:
    """Labels of which there are too few, with how many there are and should be."""
    now, needed = own_effect.counts(person), own_effect.needed()
    return [
        {"title": str(title), "n": now[name], "needed": needed[name]}
        for name, title in TITLES.items()
        if now[name] < needed[name]
    ]
