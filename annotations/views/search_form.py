"""The search's form: every filter is one of a closed list, and stands in the URL."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import HttpRequest, QueryDict
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from annotations.models import Domain, Intent, Role, User, Utterance
from annotations.services import search
from annotations.services.search import Criteria
from annotations.services.search_words import MOST_LETTERS
from annotations.views.sent import whole

STATUSES = [c for c in Utterance.Status.choices if c[0] not in Utterance.OUT_OF_SIGHT]
TENS = range(0, 101, 10)
MOST_NARROWINGS = 5  # the filter itself offers the others
Choices = list[tuple[str, str]]


def _intents() -> Choices:
    active = Intent.objects.filter(is_active=True).order_by("title")
    return list(active.values_list("name", "title"))


def _domains() -> Choices:
    return list(Domain.objects.order_by("title").values_list("name", "title"))


def _sources() -> Choices:
    return [(source, source) for source in search.sources()]


class SearchForm(forms.Form):
    """What of it is left empty does not narrow."""

    q = forms.CharField(max_length=MOST_LETTERS, required=False, label=_("Words"))
    intent = forms.ChoiceField(required=False, label=_("Gold intent"))
    domain = forms.ChoiceField(required=False, label=_("Domain"))
    status = forms.ChoiceField(required=False, label=_("State"))
    source = forms.ChoiceField(required=False, label=_("Source"))
    annotator = forms.ChoiceField(required=False, label=_("Answered by"))
    split = forms.ChoiceField(required=False, label=_("Part"))
    since = forms.DateField(
        required=False, label=_("Said from"), widget=forms.DateInput({"type": "date"})
    )
    until = forms.DateField(
        required=False, label=_("to"), widget=forms.DateInput({"type": "date"})
    )
    sure = forms.ChoiceField(required=False, label=_("Bot sure from"))
    unsure = forms.ChoiceField(required=False, label=_("and below"))

    def __init__(self, data: QueryDict, *, by: User) -> None:
        super().__init__(data, auto_id="%s", label_suffix="")
        choices: dict[str, Callable[[], Choices]] = {
            "intent": _intents,
            "domain": _domains,
            "status": lambda: STATUSES,
            "source": _sources,
            "annotator": lambda: people(by),
            "split": lambda: list(Utterance.Split.choices),
            "sure": lambda: [(str(n), f"{n} %") for n in TENS[:-1]],
            "unsure": lambda: [(str(n), f"{n} %") for n in TENS[1:]],
        }
        for name, read in choices.items():
            self.fields[name].choices = [("", gettext("Any")), *read()]
        if not search.may_see_exam(by):
            del self.fields["split"]

    def clean(self) -> dict[str, Any]:
        given = super().clean()
        since, until = given.get("since"), given.get("until")
        if since and until and until < since:
            self.add_error("until", gettext("The last day is before the first."))
        low, high = self._confidence(given) or (0, 100)
        if high <= low:
            self.add_error("unsure", gettext("This is not above the lower bound."))
        return given

    def criteria(self) -> Criteria:
        """What a valid form asks for."""
        given = self.cleaned_data
        annotator = given["annotator"]
        return Criteria(
            words=given["q"].strip(),
            intent=given["intent"],
            domain=given["domain"],
            status=given["status"],
            source=given["source"],
            split=given.get("split", ""),
            annotator=int(annotator) if annotator else None,
            since=given["since"],
            until=given["until"],
            confidence=self._confidence(given),
        )

    @staticmethod
    def _confidence(given: dict[str, Any]) -> tuple[int, int] | None:
        sure, unsure = given.get("sure"), given.get("unsure")
        if not (sure or unsure):
            return None
        return int(sure or 0), int(unsure or 100)


@dataclass(frozen=True)
class Narrowing:
    """A filter that is not set yet, and how many each of its values would leave."""

    name: str
    label: str
    values: tuple[tuple[str, str, int], ...]  # (value, title, how many)
    n_more: int


def narrowings(
    form: SearchForm, counts: Mapping[str, Mapping[str, int]]
) -> list[Narrowing]:
    """The unset filters that would leave less than all, the commonest values first."""
    found, total = [], sum(counts["status"].values())
    for name, counted in counts.items():
        titles = dict(form.fields[name].choices)
        # What the form does not offer (an intent since retired) leads nowhere.
        known = sorted(
            ((n, value) for value, n in counted.items() if value in titles),
            key=lambda one: (-one[0], titles[one[1]]),
        )
        if form.cleaned_data[name] or not known or known[0][0] == total:
            continue
        values = [(value, titles[value], n) for n, value in known[:MOST_NARROWINGS]]
        label = str(form.fields[name].label)
        more = max(0, len(known) - MOST_NARROWINGS)
        found.append(Narrowing(name, label, tuple(values), more))
    return found


def people(by: User) -> Choices:
    """Whose answers `by` may look up: annotators their own only."""
    if not by.has_role(Role.REVIEWER, Role.PRODUCT_OWNER, Role.ML_ENGINEER):
        return [(str(by.pk), gettext("Me"))]
    labelers = User.objects.filter(roles__overlap=[Role.ANNOTATOR, Role.REVIEWER])
    return [
        (str(pk), gettext("Me") if pk == by.pk else name)
        for pk, name in labelers.order_by("name").values_list("pk", "name")
    ]


def back_of(request: HttpRequest) -> str:
    """The search that a form or a page came from: no other address is taken."""
    sent = request.POST.get("back") or request.GET.get("back", "")
    return sent if re.match(r"/search(/like)?\?", sent) else reverse("search")


def id_of(request: HttpRequest, name: str) -> int | None:
    """The id that the address holds under this name; None where it is none."""
    return whole(request.GET.get(name, ""))
