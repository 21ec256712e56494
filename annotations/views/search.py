"""Finding utterances by words and facts."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from annotations.errors import ConflictError, InvalidError
from annotations.models import Intent, Role
from annotations.services import bulk, requested, search_counts, search_words
from annotations.services import search as service
from annotations.views.intents import WRITERS
from annotations.views.search_form import SearchForm, back_of, id_of, narrowings
from annotations.views.sent import number


def search(request: HttpRequest) -> HttpResponse:
    """The newest utterances that fit; the form alone before anything was asked."""
    form = SearchForm(request.GET, by=request.user)
    context = page_context(request, form)
    if not form.is_valid() or not context["is_asked"]:
        return render(request, "annotations/search/search.html", context)
    try:
        found = service.find(
            form.criteria(), by=request.user, before=id_of(request, "before")
        )
    except InvalidError as refused:
        form.add_error("q", refused.message)
    else:
        context |= {
            "found": found,
            "rows": service.rows(found.ids),
            "marks": search_words.marks(form.cleaned_data["q"]),
            "narrowings": narrowings(form, search_counts.of(found.every or ())),
        }
    return render(request, "annotations/search/search.html", context)


def open_at_desk(request: HttpRequest) -> HttpResponse:
    """The utterance leased and on the desk, or a word on who has it."""
    utterance_id = number(request.POST.get("utterance", ""))
    try:
        item = requested.open_at_desk(by=request.user, utterance_id=utterance_id)
    except ConflictError as refused:
        messages.error(request, refused.message)
        return HttpResponseRedirect(back_of(request))
    return HttpResponseRedirect(f"{reverse('label')}?item={item.pk}")


def page_context(request: HttpRequest, form: SearchForm) -> dict[str, Any]:
    """What the page needs whether or not something was found."""
    asked = [name for name in form.fields if request.GET.get(name, "").strip()]
    of = id_of(request, "of")
    return {
        "form": form,
        "is_asked": bool(asked) or of is not None,
        "of": of,
        "marks": None,
        "asked": asked,
        "more_is_open": bool(set(asked) - {"q", "intent", "status"}),
        "most": service.MOST,
        "kinds": bulk.kinds_for(request.user),
        "may_relabel": request.user.has_role(Role.REVIEWER),
        "intents": Intent.objects.filter(is_active=True).order_by("title"),
        "may_propose": request.user.has_role(*WRITERS),
        "may_label": request.user.has_role(Role.ANNOTATOR, Role.REVIEWER),
    }
