"""Reported personal data: the text under a mask, taken out or released."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from annotations.errors import DomainError, InvalidError
from annotations.intake.redaction import TYPES, entities
from annotations.models import MAX_TEXT
from annotations.services import personal, reports, review_queues
from annotations.services.personal import Place
from annotations.views import label_forms as forms
from annotations.views import review_frame as frame
from annotations.views.sent import whole

MOST_PLACES = 40
TITLES = {
    entities.CARD: gettext_lazy("Card"),
    entities.CVV: gettext_lazy("Cvv"),
    entities.SSN: gettext_lazy("Ssn"),
    entities.PHONE: gettext_lazy("Phone"),
    entities.ACCOUNT_NUMBER: gettext_lazy("Account number"),
    entities.REFERENCE_NUMBER: gettext_lazy("Reference number"),
    entities.DEVICE_ID: gettext_lazy("Device id"),
    entities.GOVERNMENT_ID: gettext_lazy("Government id"),
    entities.PIN: gettext_lazy("Pin"),
    entities.EMAIL: gettext_lazy("Email"),
    entities.NAME: gettext_lazy("Name"),
    entities.ADDRESS: gettext_lazy("Address"),
    entities.ZIP: gettext_lazy("Zip"),
    entities.DOB: gettext_lazy("Dob"),
}


def queue(request: HttpRequest) -> HttpResponse:
    rows = reports.quarantined().select_related("domain")
    rows = review_queues.narrow(rows, frame.filters(request))
    found = frame.open_item(rows, request)
    item = found.item
    by = [report.annotator_id for report in item.standing_reports] if item else []
    context = frame.context(
        request,
        "personal",
        found,
        pieces=personal.masked(item) if item else [],
        reported=item,
        may_decide=request.user.pk not in by,
        types=[(kind, TITLES[kind]) for kind in TYPES],
        listed=[
            (
                row.pk,
                _("reported by %(name)s")
                % {"name": row.standing_reports[0].annotator.name},
            )
            for row in found.page.rows
        ],
    )
    return render(request, "annotations/review/personal.html", context)


def decide(request: HttpRequest, utterance_id: int) -> HttpResponse:
    """`release`, or the places that are taken out."""
    try:
        if request.POST.get("decision") == "release":
            reports.release(
                by=request.user,
                uuid=forms.uuid_of(request.POST),
                utterance_id=utterance_id,
            )
            messages.success(request, _("Released: it is in sight again."))
        else:
            personal.redact(
                by=request.user, utterance_id=utterance_id, places=_places(request)
            )
            messages.success(
                request,
                _("Taken out. The words are erased; the rest is read once more."),
            )
    except DomainError as error:
        messages.error(request, error.message)
    return redirect(frame.back(request, "personal"))


def _places(request: HttpRequest) -> list[Place]:
    """`word` is START-END of a marked word, `type-START-END` what it is, `type` else.

    Words of one type with nothing but unmarked spaces between them are one place.
    """
    words = request.POST.getlist("word")
    if len(words) > MOST_PLACES:
        raise InvalidError(
            _("At most %(most)s words can be marked at once.") % {"most": MOST_PLACES}
        )
    places: list[Place] = []
    for start, end, word in sorted((*_range(word), word) for word in words):
        kind = request.POST.get(f"type-{word}") or request.POST.get("type", "")
        last = places[-1] if places else None
        if last and last.type == kind and start - last.end <= 1:
            places[-1] = Place(last.start, end, kind)
        else:
            places.append(Place(start, end, kind))
    return places


def _range(word: str) -> tuple[int, int]:
    start, _dash, end = (whole(n, MAX_TEXT) for n in word.partition("-"))
    if start is None or end is None:
        raise InvalidError(_("The words that were marked cannot be read."))
    return start, end
