"""Labels follow a changed schema or catalogue: by themselves, or asked about again.

Whoever changed it decides which way a label goes; here is what both ways store.
"""

import hashlib
import uuid
from collections.abc import Mapping, Sequence

from annotations.functions.migration import LabelParameters, MarkedParameter
from annotations.models import (
    Annotation,
    ParameterSpan,
    QueueItem,
    Reason,
    Suggestion,
    User,
)
from annotations.services import queue

MODEL_NAME = "earlier label"


def author(username: str, name: str) -> User:
    """The system author of one kind of change."""
    user, _ = User.objects.get_or_create(
        username=username, defaults={"name": name, "roles": [], "is_system": True}
    )
    return user


def succeed(
    old: Annotation,
    *,
    namespace: uuid.UUID,
    body: str,
    by: User,
    intent_id: int,
    schema_version_id: int | None,
    parameters: LabelParameters,
) -> tuple[Annotation, bool]:
    """A label that revises `old` is stored; (it, whether it was not there before).

    Its id follows from `namespace` and `body`: a worker that starts again stores
    nothing twice.
    """
    event, is_new = Annotation.objects.get_or_create(
        id=uuid.uuid5(namespace, body),
        defaults={
            "kind": Annotation.Kind.LABEL,
            "utterance_id": old.utterance_id,
            "annotator": by,
            "intent_id": intent_id,
            "schema_version_id": schema_version_id,
            "not_spoken": list(parameters.not_spoken) if schema_version_id else [],
            "act": old.act,
            "is_misheard": old.is_misheard,
            # Where no schema says which parameters there are, a lost mark is unknown.
            "marks_known": old.marks_known
            and (schema_version_id is not None or not _loses(old, parameters)),
            "revises": old,
            "is_review": old.is_review and not _is_open_again(old),
            "blind": old.blind,
            "reason": Reason.SCHEMA_CHANGED,
            "body_hash": hashlib.sha256(body.encode()).hexdigest(),
        },
    )
    if is_new:
        ParameterSpan.objects.bulk_create(
            ParameterSpan(annotation=event, **vars(mark)) for mark in parameters.marked
        )
    return event, is_new


def _loses(old: Annotation, parameters: LabelParameters) -> bool:
    return len(parameters.marked) < old.spans.count()


def _is_open_again(review: Annotation) -> bool:
    """Whether a reviewer opened the utterance again after this review."""
    return (
        Annotation.objects.standing()
        .filter(
            utterance=review.utterance_id,
            kind=Annotation.Kind.REOPEN,
            created_at__gt=review.created_at,
        )
        .exists()
    )


def ask_again(
    utterance_id: int,
    *,
    intents: Sequence[str],
    marked: Sequence[MarkedParameter],
    why: Mapping[str, object],
) -> bool:
    """The utterance is in the queue, with what is known; False where it was already."""
    Suggestion.objects.update_or_create(
        utterance_id=utterance_id,
        defaults={
            "model_name": MODEL_NAME,
            "intents": [
                {"intent": name, "confidence": round(1 / len(intents), 4)}
                for name in intents[:5]
            ],
            "parameters": [dict(vars(mark)) for mark in marked],
        },
    )
    items = QueueItem.objects.bulk_create(
        [
            QueueItem(
                utterance_id=utterance_id,
                reason=Reason.SCHEMA_CHANGED,
                why=dict(why),
                rank=queue.last_rank() + 1,
                draw_probability=1.0,
            )
        ],
        ignore_conflicts=True,
    )
    return bool(items)
