"""Searching by meaning: what is nearest to typed words, or to an utterance."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from annotations.errors import ConflictError, NotFoundError
from annotations.views.search import page_context
from annotations.views.search_form import SearchForm, id_of
from training.services import meaning_search


def search_like(request: HttpRequest) -> HttpResponse:
    """The nearest utterances that fit the form's other filters, nearest first."""
    form = SearchForm(request.GET, by=request.user)
    context = page_context(request, form) | {"by_meaning": True}
    if form.is_valid() and context["is_asked"]:
        try:
            context |= _found(request, form)
        except (ConflictError, NotFoundError) as refused:
            form.add_error("q", refused.message)
    return render(request, "annotations/search/search.html", context)


def _found(request: HttpRequest, form: SearchForm) -> dict[str, Any]:
    criteria, by = form.criteria(), request.user
    of = id_of(request, "of")
    if of is not None:
        utterance, found = meaning_search.of_utterance(of, criteria, by=by)
        return {"nearest": found, "like": utterance}
    if not criteria.words:
        form.add_error("q", _("Type what it should mean, in your own words."))
        return {}
    return {"nearest": meaning_search.of_text(criteria.words, criteria, by=by)}
