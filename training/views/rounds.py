"""Rounds to see, start, stop and decide."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from annotations.errors import InvalidError, NotFoundError
from annotations.models import Role, Utterance
from annotations.services import queue
from annotations.views.paging import page_of
from annotations.views.polling import polled
from annotations.views.sent import whole
from training.models import DriftCheck, ForcedPromotion, Policy, Round
from training.services import (
    checkpoints,
    datasets,
    dues,
    force,
    promotion,
    round_log,
    rounds,
    side_by_side,
)
from training.views import charts, report, round_facts, served, shadow

PAGE_SIZE = 25


def rounds_page(request: HttpRequest) -> HttpResponse:
    return render(request, "training/rounds/rounds.html", _list_context(request))


@polled
def rounds_state(request: HttpRequest) -> HttpResponse:
    """The moving part of the list."""
    return render(request, "training/rounds/_list.html", _list_context(request))


def round_page(request: HttpRequest, round_id: int) -> HttpResponse:
    return render(
        request, "training/rounds/round.html", _round_context(request, round_id)
    )


@polled
def round_state(request: HttpRequest, round_id: int) -> HttpResponse:
    """The moving part of a round's page; it asks again only while something moves."""
    return render(
        request, "training/rounds/_state.html", _round_context(request, round_id)
    )


def round_start(request: HttpRequest) -> HttpResponse:
    """GET shows what a round would use, POST requests it."""
    policy = _policy(request.POST.get("policy") or request.GET.get("policy", ""))
    if request.method != "POST":
        return _start_page(request, policy)
    cause = f"{request.user.name} asked for it"
    try:
        found = rounds.request(policy=policy, cause=cause, by=request.user)
    except rounds.RoundRunningError:
        # The page says which one, and leads to it.
        return _start_page(request, policy, status=409)
    return HttpResponseRedirect(reverse("round", args=[found.pk]))


def _start_page(
    request: HttpRequest, policy: Policy, *, status: int = 200
) -> HttpResponse:
    n_gold, n_intents = rounds.trainable()
    context = {
        "policy": policy,
        "n_gold": n_gold,
        "n_intents": n_intents,
        "is_enough": n_intents >= rounds.LEAST_INTENTS,
        "working": Round.objects.filter(status__in=Round.WORKING).first(),
        "n_exam": datasets.gold().filter(utterance__split=Utterance.Split.EXAM).count(),
        "recipe": Policy.Recipe(rounds.recipe_for(policy, n_gold)).label,
        "champion": checkpoints.champion(),
        "trainer_alive": queue.worker_alive("gpu"),
    }
    return render(request, "training/rounds/start.html", context, status=status)


@require_POST
def round_cancel(request: HttpRequest, round_id: int) -> HttpResponse:
    rounds.cancel(round_id=round_id, by=request.user)
    return HttpResponseRedirect(reverse("round", args=[round_id]))


@require_POST
def round_decide(request: HttpRequest, round_id: int) -> HttpResponse:
    """A person promotes or declines a challenger, with a reason that is kept."""
    decide = {"promote": promotion.approve, "reject": promotion.reject}
    chosen = decide.get(request.POST.get("decision", ""))
    if chosen is None:
        raise InvalidError(_("Choose to promote or to reject."))
    chosen(round_id=round_id, by=request.user, reason=request.POST.get("reason", ""))
    return HttpResponseRedirect(reverse("round", args=[round_id]))


@require_POST
def round_force(request: HttpRequest, round_id: int) -> HttpResponse:
    """Ask for a challenger that the gate refused; somebody else has to confirm."""
    reason = request.POST.get("reason", "")
    force.request(round_id=round_id, by=request.user, reason=reason)
    return HttpResponseRedirect(reverse("round", args=[round_id]))


@require_POST
def force_decide(request: HttpRequest, force_id: int) -> HttpResponse:
    """A second person confirms or declines, with a reason that is kept."""
    decide = {"confirm": force.confirm, "decline": force.decline}
    chosen = decide.get(request.POST.get("decision", ""))
    if chosen is None:
        raise InvalidError(_("Choose to confirm or to decline."))
    reason = request.POST.get("reason", "")
    asked = chosen(force_id=force_id, by=request.user, reason=reason)
    return HttpResponseRedirect(reverse("round", args=[asked.round_id]))


@require_POST
def champion_roll_back(request: HttpRequest) -> HttpResponse:
    """The champion before serves again. The name typed in guards against a slip."""
    serving = checkpoints.champion()
    if serving and request.POST.get("name", "").strip() != serving.name:
        raise InvalidError(_("Type the name of the model that serves now to confirm."))
    change = promotion.roll_back(
        by=request.user, reason=request.POST.get("reason", ""), instead_of=serving
    )
    said = _("%(model)s serves again.") % {"model": change.checkpoint.name}
    messages.success(request, said)
    return HttpResponseRedirect(reverse("rounds"))


def _list_context(request: HttpRequest) -> dict[str, Any]:
    found = Round.objects.select_related("policy", "challenger", "champion")
    status = request.GET.get("status", "")
    if status in Round.Status.values:
        found = found.filter(status=status)
    working = Round.objects.filter(status__in=Round.WORKING).first()
    page = page_of(found.order_by("-pk"), request, size=PAGE_SIZE)
    after = served.afterwards(page.rows)
    return {
        "page": page,
        "rows": [
            (one, after.get(one.pk), round_facts.was_forced(one)) for one in page.rows
        ],
        "history": served.history(),
        "status": status,
        "statuses": Round.Status.choices,
        "dues": dues.current(),
        "resting": Policy.objects.filter(is_active=False).order_by("iteration"),
        "working": working,
        "champion": checkpoints.champion(),
        "forced": force.waiting(),
        "previous": promotion.previous(),
        "accuracy": report.accuracy(
            round_facts.latest_evaluation(checkpoints.champion())
        ),
        "trainer_alive": queue.worker_alive("gpu"),
        "may_act": request.user.has_role(Role.ML_ENGINEER),
        "can_see_progress": request.user.has_role(
            Role.PRODUCT_OWNER, Role.ML_ENGINEER, Role.ADMIN
        ),
    }


def _round_context(request: HttpRequest, round_id: int) -> dict[str, Any]:
    found = rounds.get(round_id)
    losses = round_facts.losses(found)
    forced = list(
        found.forced.select_related("requested_by", "decided_by", "checkpoint")
    )
    after = served.afterwards([found]).get(found.pk)
    is_asked = any(asked.status == ForcedPromotion.Status.REQUESTED for asked in forced)
    return {
        "round": found,
        "sentence": round_facts.sentence(
            found, queue.worker_alive("gpu"), queue.worker_alive()
        ),
        "after": after,
        "after_words": served.in_words(after) if after else "",
        "is_forced": round_facts.was_forced(found),
        "drift_check": DriftCheck.objects.filter(round=found).only("pk").first(),
        "steps": round_facts.steps(found),
        "time_left": round_facts.time_left(found),
        "lines": round_log.tail(found),
        "chart": charts.loss(losses),
        "refused": round_facts.refused(found),
        **_report(found),
        "may_act": request.user.has_role(Role.ML_ENGINEER),
        "is_awaiting": found.status in shadow.OPEN,
        "shadow": shadow.section(found),
        "forced": forced,
        "may_force": force.is_forceable(found) and not is_asked,
    }


def _report(found: Round) -> dict[str, Any]:
    """What the evaluation found out; nothing while the round still works."""
    if found.is_working or found.challenger is None:
        return {}
    challenger, champion = side_by_side.evaluations(found)
    rows = side_by_side.by_intent(found)
    return {
        "evaluation": challenger,
        "report": report.build(challenger, champion),
        "differences": {"worst": rows[: report.WORST], "rest": rows[report.WORST :]}
        if rows
        else None,
    }


def _policy(iteration: str) -> Policy:
    found = Policy.objects.filter(iteration=whole(iteration, 99)).first()
    if found is None:
        raise NotFoundError(_("There is no such policy."))
    return found
