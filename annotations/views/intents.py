"""What callers can want: the intents by domain, and one of them with its examples."""

from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from annotations.errors import NotFoundError
from annotations.models import Domain, GoldLabel, Intent, Utterance
from annotations.services import catalogue
from annotations.views.paging import page_of


def intents(request: HttpRequest) -> HttpResponse:
    wanted = request.GET.get("q", "").strip()
    domain = request.GET.get("domain", "")
    listed = Intent.objects.filter(is_active=True).annotate(gold=Count("goldlabel"))
    if wanted:
        listed = listed.filter(
            Q(name__icontains=wanted)
            | Q(title__icontains=wanted)
            | Q(description__icontains=wanted)
        )
    if domain:
        listed = listed.filter(domain__name=domain)
    context = {
        "intents": listed.select_related("domain", "function").order_by(
            "domain__title", "title"
        ),
        "domains": Domain.objects.order_by("title"),
        "q": wanted,
        "domain": domain,
    }
    return render(request, "annotations/intents/intents.html", context)


def intent(request: HttpRequest, name: str) -> HttpResponse:
    found = (
        Intent.objects.select_related("domain", "function").filter(name=name).first()
    )
    if found is None:
        raise NotFoundError(f"There is no intent “{name}”.")
    gold = GoldLabel.objects.filter(intent=found)
    examples = (
        gold.filter(utterance__in=Utterance.objects.visible())
        .select_related("utterance")
        .order_by("-resolved_at")
    )
    context = {
        "intent": found,
        "card": catalogue.current().by_name.get(name),
        "gold": gold.count(),
        "page": page_of(examples, request, size=25),
    }
    return render(request, "annotations/intents/intent.html", context)
