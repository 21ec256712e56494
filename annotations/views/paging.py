"""One page of a long list, without counting the whole of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest

from annotations.views.sent import whole

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
    number = min(whole(request.GET.get("page", "")) or 1, FURTHEST)
    start = (number - 1) * size
    found = list(rows[start : start + size + 1])
    return Page(found[:size], number, len(found) > size)
