"""What the reviewer's pages share: tabs with counts, filters, and the open item."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from annotations.models import Domain, Intent, ReviewReason, Role, User
from annotations.services import review_queues
from annotations.services.review_queues import Filters
from annotations.views.label_forms import new_uuid
from annotations.views.paging import Page, page_of
from annotations.views.sent import number, whole

PER_PAGE = 20
MOST_DAYS = 999
AGES = (
    (0, _("Any")),
    (1, _("A day and more")),
    (3, _("3 days and more")),
    (7, _("A week and more")),
)
FILTERS = ("domain", "intent", "annotator", "days", "kind", "rule", "page", "item")
SUSPICION = "suspicion-"
UUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
DECISION = re.compile(rf"{UUID}|{SUSPICION}[0-9]{{1,18}}")
# Letter of each reason: on the page in "review" mode it chooses the chip.
REASON_KEYS = {
    "rule": "g",
    "overlooked": "o",
    "look_alike": "l",
    "marks": "m",
    "context": "c",
    "unclear": "u",
}
TABS = (
    ("disagreements", _("Disagreements"), {Role.REVIEWER}),
    ("errors", _("Label errors"), {Role.REVIEWER}),
    ("late", _("Late answers"), {Role.REVIEWER}),
    ("questions", _("Questions"), {Role.REVIEWER}),
    ("personal", _("Personal data"), {Role.REVIEWER}),
    ("proposals", _("Proposed intents"), {Role.REVIEWER}),
    ("gold", _("Gold labels"), {Role.REVIEWER}),
    ("agreement", _("Agreement"), {Role.REVIEWER, Role.ML_ENGINEER}),
    ("policy", _("Policy"), {Role.REVIEWER, Role.ML_ENGINEER}),
)


@dataclass(frozen=True)
class Tab:
    name: str
    title: str
    url: str
    count: int | None
    is_current: bool


def tabs(request: HttpRequest, current: str) -> list[Tab]:
    """The pages this person may open, with how many wait in each queue."""
    is_reviewer = request.user.has_role(Role.REVIEWER)
    counts = review_queues.counts() if is_reviewer else {}
    return [
        Tab(name, title, reverse(f"review_{name}"), counts.get(name), name == current)
        for name, title, roles in TABS
        if request.user.has_role(*roles)
    ]


def filters(request: HttpRequest) -> Filters:
    sent = request.GET
    return Filters(
        domain=sent.get("domain", "")[:40],
        intent=sent.get("intent", "")[:80],
        annotator=sent.get("annotator", "")[:64],
        days=whole(sent.get("days", ""), MOST_DAYS) or 0,
    )


@dataclass(frozen=True)
class Open:
    """A page of a queue and its open item: the one asked for, else the first."""

    page: Page
    item: Any
    before: Any
    after: Any
    is_gone: bool  # somebody else settled the one that was asked for


def open_item(rows: QuerySet[Any], request: HttpRequest) -> Open:
    page = page_of(rows, request, size=PER_PAGE)
    asked = number(request.GET.get("item", ""))
    shown: Sequence[Any] = page.rows
    item, is_gone = (shown[0] if shown else None), False
    if asked:
        found = next((row for row in shown if row.pk == asked), None)
        found = found or rows.filter(pk=asked).first()
        item, is_gone = found or item, found is None
    place = next((n for n, row in enumerate(shown) if row == item), None)
    if place is None:
        return Open(page, item, None, shown[0] if shown else None, is_gone)
    before = shown[place - 1] if place else None
    after = shown[place + 1] if place + 1 < len(shown) else None
    return Open(page, item, before, after, is_gone)


def context(
    request: HttpRequest, name: str, found: Open | None = None, **more: Any
) -> dict[str, Any]:
    """What templates/annotations/review/_frame.html needs, and `more`."""
    return {
        "queue": name,
        "tabs": tabs(request, name),
        "filters": filters(request),
        "found": found,
        "page": found.page if found else None,
        "item": found.item if found else None,
        "uuid": new_uuid(),
        "done": decision(request.GET.get("done", "")),
        "ages": AGES,
        "domains": Domain.objects.order_by("title"),
        "intents": Intent.objects.filter(is_active=True).order_by("title"),
        "people": User.objects.filter(
            roles__contains=[Role.ANNOTATOR], is_active=True
        ).order_by("name"),
        "reasons": [
            (value, label, REASON_KEYS[value]) for value, label in ReviewReason.choices
        ],
        "query": _query(request, item=None, done=None),
        "after": _query(request, item=_key(found.after if found else None), done=None),
        "is_narrowed": any(request.GET.get(key) for key in FILTERS[:6]),
        **more,
    }


def back(
    request: HttpRequest, queue: str, *, done: object = None, item: object = None
) -> str:
    """The address of the queue with the filters that came along in the query."""
    if queue not in {name for name, *_rest in TABS}:
        queue = "disagreements"
    query = _query(request, done=done, **({"item": item} if item else {}))
    return reverse(f"review_{queue}") + query.removesuffix("?")


def _query(request: HttpRequest, **changes: object) -> str:
    query = request.GET.copy()
    for key in list(query):
        if key not in FILTERS:
            del query[key]
    for key, value in changes.items():
        query.pop(key, None)
        if value is not None:
            query[key] = str(value)
    return "?" + query.urlencode()


def _key(row: Any) -> object:
    return row.pk if row is not None else None


def decision(sent: str) -> str:
    """What may be taken back: an event's id, or SUSPICION and that of a candidate."""
    return sent if DECISION.fullmatch(sent) else ""
