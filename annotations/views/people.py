"""Who may sign in: the list, and one person with what they hold."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from annotations.errors import ConflictError, InvalidError, NotAllowedError
from annotations.models import Role
from annotations.services import people as service
from annotations.views.paging import page_of

STATES = {
    "active": gettext_lazy("May sign in"),
    "shut_out": gettext_lazy("Shut out"),
}


def people(request: HttpRequest) -> HttpResponse:
    """People by name, narrowed by words, role and state."""
    asked = {name: request.GET.get(name, "").strip() for name in ("q", "role", "state")}
    found = service.listed(
        words=asked["q"],
        role=asked["role"],
        state=asked["state"] if asked["state"] in STATES else "",
    )
    context = {
        **asked,
        "page": page_of(found, request, size=50),
        "roles": Role.choices,
        "states": STATES.items(),
        "is_narrowed": any(asked.values()),
    }
    return render(request, "annotations/people/people.html", context)


def person(request: HttpRequest, person_id: int) -> HttpResponse:
    """One person; a post shuts them out or lets them in again."""
    if request.method != "POST":
        return _page(request, person_id)
    try:
        _change(request, person_id)
    except (NotAllowedError, ConflictError) as error:
        status = 403 if isinstance(error, NotAllowedError) else 409
        return _page(request, person_id, error=error, status=status)
    return HttpResponseRedirect(reverse("person", args=[person_id]))


def _change(request: HttpRequest, person_id: int) -> None:
    found = service.get(person_id)
    act = request.POST.get("act")
    if act == "deactivate":
        service.deactivate(person=found, by=request.user)
        told = _("%(name)s is shut out.")
        messages.success(request, told % {"name": found.name})
    elif act == "reactivate":
        service.reactivate(person=found, by=request.user)
        told = _("%(name)s may sign in again, with a new link.")
        messages.success(request, told % {"name": found.name})
    else:
        raise InvalidError(_("Say what to do: deactivate or reactivate."))


def _page(
    request: HttpRequest,
    person_id: int,
    *,
    error: ConflictError | NotAllowedError | None = None,
    status: int = 200,
) -> HttpResponse:
    found = service.get(person_id)
    context = {
        "person": found,
        "held": service.held_by(found),
        "error": error,
        "may_change": request.user.has_role(Role.ADMIN),
        "is_self": found.pk == request.user.pk,
    }
    return render(request, "annotations/people/person.html", context, status=status)
