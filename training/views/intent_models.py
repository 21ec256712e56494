"""Which models and rounds know an intent, for whoever is about to change it."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from annotations.services.catalogue import intent_named
from training.models import Round
from training.services import trial


def models(request: HttpRequest, name: str) -> HttpResponse:
    """Serving models that learned the intent, and rounds that are on their way."""
    found = intent_named(name)
    open_rounds = (*Round.WORKING, Round.Status.SHADOW, Round.Status.AWAITING)
    context = {
        "checkpoints": trial.models_that_learned(found.pk),
        "rounds": Round.objects.filter(status__in=open_rounds).order_by("pk"),
    }
    return render(request, "training/intents/_models.html", context)
