"""Which models served when, and how it came to that: promoted, or brought back."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from training.models import FAMILY, Promotion, Round

SHOWN = 6


@dataclass(frozen=True)
class After:
    """What became of the model of a promoted round.

    took_over: the promotion that ended its service; None while it serves.
    """

    took_over: Promotion | None = None

    @property
    def serves(self) -> bool:
        return self.took_over is None

    @property
    def was_rolled_back(self) -> bool:
        """Whether one that had served before took its place."""
        return self.took_over is not None and self.took_over.is_return


def history(family: str = FAMILY) -> list[Promotion]:
    """The latest promotions, newest first; each knows whether it was a roll back."""
    rows = _promotions(family).select_related("checkpoint__round", "decided_by")
    return list(rows[:SHOWN])


def afterwards(rounds: Iterable[Round], family: str = FAMILY) -> dict[int, After]:
    """By round: what became of its model, where it ever served."""
    ids = {one.pk: one.challenger_id for one in rounds if one.challenger_id}
    mine = _promotions(family).filter(checkpoint__in=ids.values()).order_by("from_at")
    last = {one.checkpoint_id: one for one in mine}
    ends = [one.to_at for one in last.values() if one.to_at is not None]
    then = _promotions(family).filter(from_at__in=ends)
    by_start = {
        one.from_at: one for one in then.select_related("checkpoint", "decided_by")
    }
    found = {}
    for pk, checkpoint_id in ids.items():
        if served := last.get(checkpoint_id):
            found[pk] = After(by_start.get(served.to_at))
    return found


def in_words(after: After) -> str:
    """What became of a round's model, to be read after how the round ended."""
    then = after.took_over
    if then is None:
        return _("It serves now.")
    facts = {
        "when": date_format(timezone.localtime(then.from_at), "j M Y H:i"),
        "next": then.checkpoint.name,
        "by": then.decided_by.name if then.decided_by else "",
        "reason": then.reason,
    }
    if not after.was_rolled_back:
        return _("It served until %(when)s, when %(next)s took over.") % facts
    return (
        _(
            "It was rolled back on %(when)s. %(by)s had %(next)s serve again:"
            " “%(reason)s”"
        )
        % facts
    )


def _promotions(family: str) -> QuerySet[Promotion]:
    """Newest first. is_return: its model had served before, so that it was brought
    back."""
    earlier = Promotion.objects.filter(
        family=family,
        checkpoint=OuterRef("checkpoint"),
        from_at__lt=OuterRef("from_at"),
    )
    return Promotion.objects.filter(family=family).annotate(is_return=Exists(earlier))
