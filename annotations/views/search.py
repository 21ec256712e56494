"""Finding utterances by words and intent."""

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from annotations.models import Intent, Utterance
from annotations.views.paging import page_of

MOST_LETTERS = 200
STATUSES = [
    choice
    for choice in Utterance.Status.choices
    if choice[0] not in (Utterance.Status.QUARANTINED, Utterance.Status.ERASED)
]


def search(request: HttpRequest) -> HttpResponse:
    words = request.GET.get("q", "").strip()[:MOST_LETTERS]
    intent = request.GET.get("intent", "")
    status = request.GET.get("status", "")
    is_asked = bool(words or intent or status)
    found = _find(words, intent, status) if is_asked else Utterance.objects.none()
    context = {
        "q": words,
        "intent": intent,
        "status": status,
        "is_asked": is_asked,
        "statuses": STATUSES,
        "intents": Intent.objects.filter(is_active=True).order_by("title"),
        "page": page_of(found, request, size=25),
    }
    return render(request, "annotations/search/search.html", context)


def _find(words: str, intent: str, status: str) -> QuerySet[Utterance]:
    found = Utterance.objects.visible()
    if words:
        found = found.filter(text__icontains=words)
    if intent:
        found = found.filter(goldlabel__intent__name=intent)
    if status:
        found = found.filter(status=status)
    return found.select_related("goldlabel__intent").order_by("-id")
