"""What one's own labels taught the model: for the one who gave them."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from training.services import own_effect

TITLES = {
    "n_labels": "of yours",
    "n_control": "of the random control, by others",
    "n_exam": "of the exam",
}


def own_effect_part(request: HttpRequest) -> HttpResponse:
    """A part of the page /me; on its own where scripts are off."""
    now, needed = own_effect.counts(request.user), own_effect.needed()
    missing = [
        {"title": title, "n": now[name], "needed": needed[name]}
        for name, title in TITLES.items()
        if now[name] < needed[name]
    ]
    context = {"effect": own_effect.of(request.user), "missing": missing}
    page = "_effect.html" if request.headers.get("HX-Request") else "effect.html"
    answer = render(request, f"training/me/{page}", context)
    answer["Vary"] = "HX-Request"
    return answer
