"""One page of a long list, without counting the whole of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest

FURTHEST = 400


@dataclass(frozen=True)
class Page:
    rows: Sequence[Any]
    number: int
    has_next: bool

    @property
    def has_others(self) -> bool:
        return self.has_next or self.number > 1


def page_of(rows: QuerySet[Any], request: HttpRequest, *, size: int) -> Page:
    """The page that `?page=` names; what is not a number is the first."""
    sent = request.GET.get("page", "1")
    is_number = sent.isascii() and sent.isdigit() and len(sent) < 6
    number = min(max(int(sent), 1), FURTHEST) if is_number else 1
    start = (number - 1) * size
    found = list(rows[start : start + size + 1])
    return Page(found[:size], number, len(found) > size)
