"""Proposing an intent, the reviewers' queue of proposals, and what became of them."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from annotations.errors import DomainError, NotFoundError
from annotations.models import Domain, Intent, IntentProposal, Iteration
from annotations.services import proposals, proposals_alike, search
from annotations.views.paging import page_of
from annotations.views.sent import number

PER_PAGE = 20


def own(request: HttpRequest) -> HttpResponse:
    """What this person proposed, and what became of it."""
    page = page_of(proposals.of(request.user), request, size=PER_PAGE)
    return render(request, "annotations/proposals/own.html", {"page": page})


def propose(request: HttpRequest) -> HttpResponse:
    """The form; the desk's dialog sends the same and gets JSON."""
    sent = request.POST if request.method == "POST" else request.GET
    utterance_id = number(sent.get("utterance", ""))
    context = {
        "domains": Domain.objects.order_by("title"),
        "sent": sent,
        "utterance": search.look_up(utterance_id, by=request.user),
    }
    if request.method == "GET":
        return render(request, "annotations/proposals/propose.html", context)
    try:
        proposal = proposals.propose(
            title=sent.get("title", ""),
            description=sent.get("description", ""),
            domain=sent.get("domain", ""),
            utterance_id=utterance_id,
            item_id=number(sent.get("item", "")),
            by=request.user,
        )
    except DomainError as refused:
        if _is_dialog(request):
            return JsonResponse({"message": refused.message}, status=422)
        context["refused"] = refused.message
        return render(
            request, "annotations/proposals/propose.html", context, status=422
        )
    told = _told(proposal)
    if _is_dialog(request):
        return JsonResponse({"message": told}, status=201)
    messages.success(request, told)
    return redirect("proposals")


def _told(proposal: IntentProposal) -> str:
    alike = proposals_alike.of([proposal]).get(proposal.pk)
    told = [_("Proposed. A reviewer decides; “My work” shows the outcome.")]
    if alike and alike.intents:
        told.append(_("It reads like “%(title)s”, which is an intent already.")
                    % {"title": alike.intents[0].title})  # fmt: skip
    elif alike:
        told.append(_("It reads like “%(title)s”, which waits for a reviewer, too.")
                    % {"title": alike.waiting[0].title})  # fmt: skip
    return " ".join(told)


def _is_dialog(request: HttpRequest) -> bool:
    return request.headers.get("Accept") == "application/json"


def queue(request: HttpRequest) -> HttpResponse:
    status = request.GET.get("status", IntentProposal.Status.OPEN)
    page = page_of(proposals.listed(status), request, size=PER_PAGE)
    waiting = [one for one in page.rows if one.status == IntentProposal.Status.OPEN]
    alike = proposals_alike.of(waiting)
    context = {
        "page": page,
        "rows": [(one, alike.get(one.pk)) for one in page.rows],
        "status": status,
        "statuses": IntentProposal.Status.choices,
        "n_all": IntentProposal.objects.count(),
        "domains": Domain.objects.order_by("title"),
        "intents": Intent.objects.filter(is_active=True).order_by("title"),
        "iterations": Iteration.choices,
    }
    return render(request, "annotations/review/proposals.html", context)


def decide(request: HttpRequest, proposal_id: int) -> HttpResponse:
    act = ACTS.get(request.POST.get("decision", ""))
    if act is None:
        raise NotFoundError(_("There is no such decision."))
    try:
        messages.success(request, act(request, proposal_id))
    except DomainError as refused:
        messages.error(request, refused.message)
    return redirect("review_proposals")


def _accept(request: HttpRequest, proposal_id: int) -> str:
    sent = request.POST
    iteration = number(sent.get("iteration", ""))
    done = proposals.accept(
        proposal_id=proposal_id,
        by=request.user,
        name=sent.get("name", ""),
        title=sent.get("title", ""),
        description=sent.get("description", ""),
        domain=sent.get("domain", ""),
        iteration=iteration if iteration in Iteration.values else Iteration.LONG_TAIL,
    )
    return _("“%(title)s” is an intent now.") % {"title": done.intent.title}


def _merge(request: HttpRequest, proposal_id: int) -> str:
    done = proposals.merge(
        proposal_id=proposal_id,
        into=request.POST.get("into", ""),
        reason=request.POST.get("reason", ""),
        by=request.user,
    )
    return _("It counts as “%(title)s”.") % {"title": done.intent.title}


def _decline(request: HttpRequest, proposal_id: int) -> str:
    reason = request.POST.get("reason", "")
    proposals.decline(proposal_id=proposal_id, by=request.user, reason=reason)
    return _("Declined. Its author reads the reason.")


ACTS: dict[str, Callable[[HttpRequest, int], str]] = {
    "accept": _accept,
    "merge": _merge,
    "decline": _decline,
}
