"""What a proposed intent resembles: another that waits, or an intent there is.

A hint for whoever decides: titles that share a word may still mean different things.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db import connection

from annotations.models import Intent, IntentProposal

# Of the trigrams of two titles, so many are in both.
ALIKE = 0.35
MOST = 3

_WAITING = """
SELECT p.id, o.id FROM annotations_intentproposal p
JOIN annotations_intentproposal o ON o.id <> p.id AND o.status = 'open'
    AND (o.utterance_id = p.utterance_id OR similarity(o.title, p.title) >= %(alike)s)
WHERE p.id = ANY(%(ids)s)
ORDER BY (o.utterance_id = p.utterance_id) DESC NULLS LAST,
    similarity(o.title, p.title) DESC, o.id
"""
_INTENTS = """
SELECT p.id, i.id FROM annotations_intentproposal p
JOIN annotations_intent i ON i.is_active AND NOT i.is_out_of_scope
    AND similarity(i.title, p.title) >= %(alike)s
WHERE p.id = ANY(%(ids)s) ORDER BY similarity(i.title, p.title) DESC, i.id
"""


@dataclass(frozen=True)
class Likeness:
    """At most MOST of each, the most alike first; one of the same utterance leads."""

    waiting: list[IntentProposal] = field(default_factory=list)
    intents: list[Intent] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.waiting or self.intents)


def of(proposals: Sequence[IntentProposal]) -> dict[int, Likeness]:
    """By the id of each proposal that resembles anything."""
    ids = [proposal.pk for proposal in proposals]
    waiting, intents = _pairs(_WAITING, ids), _pairs(_INTENTS, ids)
    known = IntentProposal.objects.select_related("proposed_by").in_bulk(
        {pk for found in waiting.values() for pk in found}
    )
    cards = Intent.objects.in_bulk({pk for found in intents.values() for pk in found})
    return {
        pk: Likeness(
            [known[other] for other in waiting.get(pk, ())],
            [cards[other] for other in intents.get(pk, ())],
        )
        for pk in ids
        if pk in waiting or pk in intents
    }


def _pairs(query: str, ids: list[int]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    with connection.cursor() as cursor:
        cursor.execute(query, {"ids": ids, "alike": ALIKE})
        for pk, other in cursor.fetchall():
            found.setdefault(pk, []).append(other)
    return {pk: others[:MOST] for pk, others in found.items()}
