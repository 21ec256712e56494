"""How calls ended, as far as their sources say."""

from django.db.models import Count, Q

from annotations.models import Conversation, Turn
from annotations.shares import Share

# Of the latest so many turns, so that the share follows what callers do now.
LATEST_TURNS = 50_000


def contained() -> Share:
    """Of the latest calls with a known end, those that the bot ended alone.

    Abandoned calls count as not contained.
    """
    latest = Turn.objects.order_by("-occurred_at").values("conversation")
    known = Conversation.objects.exclude(outcome=Conversation.Outcome.UNKNOWN)
    found = known.filter(pk__in=latest[:LATEST_TURNS]).aggregate(
        contained=Count("pk", filter=Q(outcome=Conversation.Outcome.CONTAINED)),
        n=Count("pk"),
    )
    return Share(found["contained"], found["n"])
