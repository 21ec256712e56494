"""The start page: what this person can do now, and whether the machine is alive."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from annotations.models import GoldLabel, IntakeBatch, QueueItem, Utterance
from annotations.services import queue
from annotations.views.polling import polled


def home(request: HttpRequest) -> HttpResponse:
    return render(request, "annotations/home/home.html", _state())


@polled
def state(request: HttpRequest) -> HttpResponse:
    """The moving part of the start page."""
    return render(request, "annotations/home/_state.html", _state())


def _state() -> dict[str, Any]:
    open_batches = IntakeBatch.objects.filter(status__in=IntakeBatch.OPEN)
    return {
        "ready": QueueItem.objects.filter(status=QueueItem.Status.READY).count(),
        "pool": Utterance.objects.in_pool().count(),
        "gold": GoldLabel.objects.count(),
        "batches": list(open_batches.order_by("created_at")[:5]),
        "worker_alive": queue.worker_alive(),
        "trainer_alive": queue.worker_alive("gpu"),
    }
