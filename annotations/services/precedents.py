"""What people said about utterances like the one on the desk, as it stands now."""

from collections.abc import Sequence
from dataclasses import dataclass

from annotations.models import QueueItem
from annotations.services import prepared
from annotations.services.catalogue import Catalogue

MOST_SHOWN = 3
# Nothing of the exam, and nothing that nobody may see. A machine's labels count as
# nobody's agreement.
ANSWERED = f"""
SELECT u.text, g.intent_id, (
    SELECT count(DISTINCT a.annotator_id) FROM annotations_annotation a
    JOIN annotations_user p ON p.id = a.annotator_id AND NOT p.is_system
    WHERE a.utterance_id = u.id AND a.kind = 'label' AND a.intent_id = g.intent_id
        AND NOT EXISTS (SELECT FROM annotations_annotation x WHERE x.undoes_id = a.id))
FROM unnest(%(ids)s::bigint[]) WITH ORDINALITY near (id, place)
JOIN annotations_utterance u ON u.id = near.id
JOIN annotations_goldlabel g ON g.utterance_id = u.id
WHERE u.status = 'labeled' AND u.redaction = 'full' AND u.split = 'train'
ORDER BY near.place LIMIT {MOST_SHOWN}
"""


@dataclass(frozen=True)
class Precedent:
    """An answered utterance; people: how many gave this intent, machines apart."""

    text: str
    title: str
    people: int


def answered(item: QueueItem, cards: Catalogue) -> tuple[Precedent, ...]:
    """Up to three, nearest first; none for an item that is answered blind."""
    ids: Sequence[int] = item.why.get("answered", ())
    if item.is_blind or not ids:
        return ()
    return tuple(
        Precedent(text, cards.by_id[intent].title, people)
        for text, intent, people in prepared.rows(ANSWERED, {"ids": list(ids)})
        if intent in cards.by_id
    )
