"""Which models served when, and how it came to that: promoted, or brought back."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from training.models import FAMILY, Promotion, Round

SHOWN = 6


@dataclass(frozen=True)
class After:
    """What became of the model of a promoted round.

    took_over: the promotion that ended its service; None while it serves.
    was_rolled_back: that one was of an older model. A newer one that comes back after
    a roll back of its own only takes over again.
    """

    took_over: Promotion | None = None
    was_rolled_back: bool = False

    @property
    def serves(self) -> bool:
        return self.took_over is None


def history(family: str = FAMILY) -> list[Promotion]:
    """The latest promotions, newest first; is_return: its model had served before."""
    found = Promotion.objects.filter(family=family).with_return()
    return list(found.select_related("checkpoint__round", "decided_by")[:SHOWN])


def afterwards(rounds: Iterable[Round], family: str = FAMILY) -> dict[int, After]:
    """By round: what became of its model, where it ever served."""
    ids = {one.pk: one.challenger_id for one in rounds if one.challenger_id}
    promotions = Promotion.objects.filter(family=family)
    mine = promotions.filter(checkpoint__in=ids.values()).order_by("from_at")
    last = {one.checkpoint_id: one for one in mine}
    ends = [one.to_at for one in last.values() if one.to_at is not None]
    then = promotions.filter(from_at__in=ends)
    by_start = {
        one.from_at: one for one in then.select_related("checkpoint", "decided_by")
    }
    return {
        pk: _after(checkpoint_id, by_start.get(last[checkpoint_id].to_at))
        for pk, checkpoint_id in ids.items()
        if checkpoint_id in last
    }


def _after(checkpoint_id: int, then: Promotion | None) -> After:
    return After(then, then is not None and then.checkpoint_id < checkpoint_id)


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
