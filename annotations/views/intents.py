"""What callers can want: the list of intents, and the page of one of them."""

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _

from annotations.models import (
    Domain,
    GoldLabel,
    Intent,
    IntentExample,
    IntentRemark,
    Role,
    Utterance,
)
from annotations.services import (
    catalogue,
    discussion,
    guidelines,
    intent_moves,
    samples,
)
from annotations.services.catalogue import intent_named
from annotations.views.change_log import described
from annotations.views.paging import page_of

PER_PAGE = 60
CHANGES_SHOWN = 50
EDITORS = (Role.REVIEWER, Role.PRODUCT_OWNER)
WRITERS = (Role.ANNOTATOR, *EDITORS)
STATES = (
    ("active", _("In use")),
    ("undescribed", _("Without a description")),
    ("bare", _("Without examples")),
    ("discussed", _("Under discussion")),
    ("retired", _("No longer used")),
)


def intents(request: HttpRequest) -> HttpResponse:
    wanted = request.GET.get("q", "").strip()
    domain = request.GET.get("domain", "")
    state = request.GET.get("state", "")
    listed = _in_state(state).annotate(
        gold=Count("goldlabel", distinct=True),
        open_remarks=Count(
            "remarks", distinct=True, filter=Q(remarks__resolved_at__isnull=True)
        ),
    )
    if wanted:
        listed = listed.filter(
            Q(name__icontains=wanted)
            | Q(title__icontains=wanted)
            | Q(description__icontains=wanted)
            | Q(aliases__contains=[wanted])
        )
    if domain:
        listed = listed.filter(domain__name=domain)
    rows = listed.select_related("domain", "function").order_by(
        "domain__title", "title", "id"
    )
    page = page_of(rows, request, size=PER_PAGE)
    context = {
        "page": page,
        "intents": page.rows,
        "domains": Domain.objects.order_by("title"),
        "states": STATES,
        "may_propose": request.user.has_role(*WRITERS),
        "q": wanted,
        "domain": domain,
        "state": state,
    }
    return render(request, "annotations/intents/intents.html", context)


def _in_state(state: str) -> QuerySet[Intent]:
    active = Intent.objects.filter(is_active=True)
    if state == "retired":
        return Intent.objects.filter(is_active=False)
    if state == "undescribed":
        return active.filter(description="")
    if state == "bare":
        return active.filter(
            ~Exists(IntentExample.objects.filter(intent=OuterRef("pk")))
        )
    if state == "discussed":
        return active.filter(
            Exists(
                IntentRemark.objects.filter(
                    intent=OuterRef("pk"), resolved_at__isnull=True
                )
            )
        )
    return active


def intent(request: HttpRequest, name: str) -> HttpResponse:
    found = intent_named(name)
    if found.name != name:
        return redirect("intent", name=found.name)
    shown = found.examples.filter(
        utterance__in=Utterance.objects.visible()
    ).select_related("utterance__goldlabel__intent", "added_by")
    remarks = list(found.remarks.select_related("by", "resolved_by"))
    changes = found.changes.select_related("by")[: CHANGES_SHOWN + 1]
    context = {
        "intent": found,
        "card": catalogue.current().by_name.get(found.name),
        "gold": GoldLabel.objects.filter(intent=found).count(),
        "positive": [e for e in shown if e.kind == IntentExample.Kind.POSITIVE],
        "negative": [e for e in shown if e.kind == IntentExample.Kind.NEGATIVE],
        "contrasts": guidelines.contrasts_of(found),
        "page": page_of(_said(found), request, size=25),
        "remarks": [
            (remark, discussion.may_resolve(remark, request.user)) for remark in remarks
        ],
        "n_open": sum(remark.resolved_at is None for remark in remarks),
        "changes": [(change, described(change)) for change in changes[:CHANGES_SHOWN]],
        "has_more_changes": len(changes) > CHANGES_SHOWN,
        "may_edit": request.user.has_role(*EDITORS) and found.is_active,
        "moves": intent_moves.of(found),
        "n_samples": samples.waiting_for(found),
        "may_write": request.user.has_role(*WRITERS) and found.is_active,
        "others": Intent.objects.filter(is_active=True)
        .exclude(pk=found.pk)
        .order_by("title"),
    }
    return render(request, "annotations/intents/intent.html", context)


def _said(intent: Intent) -> QuerySet[GoldLabel]:
    """What is labeled so, newest first, and whether it is an example already.

    Who reads the page also answers the exam: its items are not among them.
    """
    example = IntentExample.objects.filter(
        intent=intent, utterance=OuterRef("utterance")
    )
    return (
        GoldLabel.objects.filter(
            intent=intent, utterance__in=Utterance.objects.visible().for_training()
        )
        .annotate(is_example=Exists(example))
        .select_related("utterance")
        .order_by("-resolved_at")
    )
