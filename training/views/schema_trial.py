"""Fragments of the registry's pages that ask the model."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from annotations.errors import DomainError
from annotations.views.schema_lookup import function_named, version_numbered
from training.services import trial


def attempt(request: HttpRequest, name: str, number: int) -> HttpResponse:
    """What the champion extracts from an utterance, and whether it is valid."""
    version = version_numbered(name, number)
    context = {"version": version, "function": version.function}
    try:
        context["trial"] = trial.attempt(version, request.POST.get("text", ""))
    except DomainError as refused:
        context["refused"] = refused.message
    return render(request, "annotations/functions/_trial.html", context)


def models(request: HttpRequest, name: str) -> HttpResponse:
    """Which serving models learned this function, and how well they find its parts."""
    function = function_named(name)
    context = {
        "checkpoints": trial.models_of(function),
        "recall": trial.recall_of(function),
    }
    return render(request, "annotations/functions/_models.html", context)
