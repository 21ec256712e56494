"""Finding utterances by words and facts."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from annotations.errors import InvalidError
from annotations.models import Role
from annotations.services import search as service
from annotations.views.search_form import SearchForm, id_of


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
        context |= {"found": found, "rows": service.rows(found.ids)}
    return render(request, "annotations/search/search.html", context)


def page_context(request: HttpRequest, form: SearchForm) -> dict[str, Any]:
    """What the page needs whether or not something was found."""
    asked = [name for name in form.fields if request.GET.get(name, "").strip()]
    of = id_of(request, "of")
    return {
        "form": form,
        "is_asked": bool(asked) or of is not None,
        "of": of,
        "asked": asked,
        "more_is_open": bool(set(asked) - {"q", "intent", "status"}),
        "most": service.MOST,
        "may_label": request.user.has_role(Role.ANNOTATOR, Role.REVIEWER),
    }
