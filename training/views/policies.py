"""The policies of the plan's iterations, to see and to change."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from annotations.models import Role
from annotations.services import curriculum
from training.models import Policy
from training.services import policies
from training.services.policies import PolicyInvalidError


def policies_page(request: HttpRequest) -> HttpResponse:
    rows = [
        {
            "policy": policy,
            "shown": policies.shown(policy),
            "n_intents": sum(
                len(part.inside) for part in curriculum.parts(policy.iteration)
            ),
        }
        for policy in policies.all_policies()
    ]
    context = {"rows": rows, "may_act": request.user.has_role(Role.ML_ENGINEER)}
    return render(request, "training/policies/list.html", context)


def policy_page(request: HttpRequest, iteration: int) -> HttpResponse:
    """GET shows the policy as a form, POST changes it."""
    policy = policies.of_iteration(iteration)
    if request.method != "POST":
        values, revision = policies.shown(policy), policies.revision_of(policy)
        return _form(request, policy, values, revision, {})
    revision = request.POST.get("revision", "")
    try:
        changed = policies.change(
            iteration=iteration,
            revision=revision,
            sent=request.POST.dict(),
            by=request.user,
        )
    except PolicyInvalidError as error:
        faults = error.details["fields"]
        values = request.POST.dict()
        return _form(request, policy, values, revision, faults, status=422)
    said = _("Nothing was different.")
    if changed:
        said = _("%(n)s changed and kept.") % {"n": len(changed)}
    messages.success(request, said)
    return HttpResponseRedirect(reverse("policy", args=[iteration]))


@require_POST
def policy_intents(request: HttpRequest, iteration: int) -> HttpResponse:
    """Intents move into this iteration."""
    policies.of_iteration(iteration)
    names = request.POST.getlist("intent")
    moved = curriculum.take(iteration=iteration, names=names, by=request.user)
    n = len(moved)
    said = ngettext("%(n)s intent moved here.", "%(n)s intents moved here.", n)
    messages.success(request, said % {"n": n})
    return HttpResponseRedirect(reverse("policy", args=[iteration]))


def _form(
    request: HttpRequest,
    policy: Policy,
    values: dict[str, str],
    revision: str,
    faults: Any,
    status: int = 200,
) -> HttpResponse:
    context = {
        "policy": policy,
        "revision": revision,
        "faults": faults,
        "groups": [
            (_("When a round starts"), _fields(policies.START, values, faults)),
            (_("How it trains"), _fields(policies.TRAINING, values, faults)),
            (
                _("What a challenger has to prove"),
                _fields(policies.GATE, values, faults),
            ),
            (
                _("Intents that may not get worse"),
                _fields(policies.INTENTS, values, faults),
            ),
        ],
        "values": values,
        "rules": policies.RULES.items(),
        "recipes": Policy.Recipe.choices,
        "promotions": Policy.Promotion.choices,
        "parts": curriculum.parts(policy.iteration),
    }
    return render(request, "training/policies/edit.html", context, status=status)


def _fields(
    numbers: tuple[policies.Number, ...], values: dict[str, str], faults: Any
) -> list[dict[str, Any]]:
    return [
        {
            "number": one,
            "value": values.get(one.name, ""),
            "fault": faults.get(one.name, ""),
        }
        for one in numbers
    ]
