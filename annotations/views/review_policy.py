"""How much is answered twice, by domain; and how far people agree."""

from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from annotations.errors import DomainError, InvalidError
from annotations.language import translated
from annotations.models import Domain, QueueItem, Reason
from annotations.services import agreement_report, second_opinions
from annotations.services.agreement_report import Report, Row
from annotations.views import review_frame as frame

PERIODS = (
    (7, gettext_lazy("Last week")),
    (30, gettext_lazy("Last month")),
    (90, gettext_lazy("Last 3 months")),
    (730, gettext_lazy("2 years")),
)
# An alpha below this should not be relied on, from this on it may be (Krippendorff).
TENTATIVE, RELIABLE = 0.667, 0.8


def policy(request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        return _change(request)
    waiting = QueueItem.objects.filter(
        reason=Reason.SECOND_OPINION, status__in=QueueItem.OPEN
    )
    rows = second_opinions.policies()
    with_row = {row.domain_id for row in rows}
    context = frame.context(
        request,
        "policy",
        policies=[
            (row, round(100 * row.share, 1), round(100 * row.cap, 1)) for row in rows
        ],
        other_domains=Domain.objects.exclude(pk__in=with_row - {None}).order_by(
            "title"
        ),
        n_waiting=waiting.count(),
        most=second_opinions.MOST_OPEN,
        days=second_opinions.LOOK_BACK.days,
    )
    return render(request, "annotations/review/policy.html", context)


def _change(request: HttpRequest) -> HttpResponse:
    form = request.POST
    try:
        name = form.get("domain", "")
        domain = Domain.objects.filter(name=name).first() if name else None
        if name and domain is None:
            raise InvalidError(_("There is no such domain."))
        if form.get("drop") and domain:
            second_opinions.drop_policy(by=request.user, domain=domain)
        else:
            second_opinions.set_policy(
                by=request.user,
                domain=domain,
                share=_percent(form.get("share", "")),
                cap=_percent(form.get("cap", "")),
            )
    except DomainError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, _("Saved. It holds from the next draw on."))
    return redirect("review_policy")


def _percent(sent: str) -> float:
    try:
        return float(sent[:8].replace(",", ".")) / 100
    except ValueError:
        raise InvalidError(_("Share and cap are numbers, in percent.")) from None


@dataclass(frozen=True)
class Bar:
    """One row of the chart: alpha from -0.2 to 1 as places of 0 to 100."""

    row: Row
    place: float | None
    low: float | None
    high: float | None
    why_no_interval: str


def agreement(request: HttpRequest) -> HttpResponse:
    """Krippendorff's alpha and span F1, as a table and a chart that says the same."""
    sent = request.GET.get("days", "")
    days = next((n for n, _title in PERIODS if str(n) == sent), 90)
    found = agreement_report.report(days=days)
    context = frame.context(
        request,
        "agreement",
        report=found,
        why_no_interval=translated(found.overall.alpha.why_no_interval),
        sections=_sections(found),
        period=days,
        periods=PERIODS,
        tentative=TENTATIVE,
        reliable=RELIABLE,
        zero=_place(0.0),
        tentative_place=_place(TENTATIVE),
        reliable_place=_place(RELIABLE),
    )
    return render(request, "annotations/review/agreement.html", context)


def _sections(found: Report) -> list[tuple[str, str, list[Bar]]]:
    return [
        (
            _("Everything and by domain"),
            _("Domain"),
            _bars((found.overall, *found.domains)),
        ),
        (_("By intent: this one, or another"), _("Intent"), _bars(found.intents)),
        (_("By pair of people"), _("Pair"), _bars(found.pairs)),
    ]


def _bars(rows: tuple[Row, ...]) -> list[Bar]:
    return [
        Bar(
            row,
            None if row.alpha.value is None else _place(row.alpha.value),
            _place(row.alpha.interval[0]) if row.alpha.interval else None,
            _place(row.alpha.interval[1]) if row.alpha.interval else None,
            translated(row.alpha.why_no_interval),
        )
        for row in rows
    ]


def _place(alpha: float) -> float:
    return round(max(0.0, min(100.0, (alpha + 0.2) / 1.2 * 100)), 1)
