"""What a round learned from and was measured on, to read, print and take along."""

import json
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from annotations.errors import NotFoundError
from training.models import Round
from training.services import rounds
from training.views import report

EXCLUSIONS = {
    "not_fully_redacted": gettext_lazy("not read by the full redaction"),
    "not_labeled_any_more": gettext_lazy("reported, erased or answered anew"),
    "intent_retired": gettext_lazy("of an intent that is retired"),
    "misheard": gettext_lazy("misheard by the recognizer (the exam keeps them)"),
    "conversation_in_exam": gettext_lazy(
        "said in a conversation that the exam draws on"
    ),
}
RULES = {
    "single": gettext_lazy("one answer"),
    "agreed": gettext_lazy("people agreed"),
    "reviewed": gettext_lazy("a reviewer decided"),
}


def data_page(request: HttpRequest, round_id: int) -> HttpResponse:
    found = rounds.get(round_id)
    card = _card(found)
    titles = report.domain_titles()
    context = {
        "round": found,
        "card": card,
        "sources": sorted(card["sources"].items()),
        "domains": sorted(
            (titles.get(name, name), n) for name, n in card["domains"].items()
        ),
        "parameters": sorted(card["parameters"].items()),
        "intents": sorted(card["intents"].items()),
        "marks_unknown": sum(card.get("marks_unknown", {}).values()),
        "exclusions": [
            (title, card["exclusions"].get(name, 0))
            for name, title in EXCLUSIONS.items()
        ],
        "rules": [
            (RULES.get(rule, rule.replace("_", " ")), n)
            for rule, n in sorted(card["rules"].items())
        ],
    }
    return render(request, "training/rounds/data.html", context)


def data_download(request: HttpRequest, round_id: int) -> HttpResponse:
    """The same as JSON, under a name that says which data it is about."""
    card = _card(rounds.get(round_id))
    text = json.dumps(card, indent=1, ensure_ascii=False)
    answer = HttpResponse(text, content_type="application/json")
    name = f"data-card-{card['digest'][:12]}.json"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _card(found: Round) -> dict[str, Any]:
    card = found.snapshot.description.get("card") if found.snapshot else None
    if card is None:
        raise NotFoundError(_("This round has not frozen its data."))
    return dict(card)
