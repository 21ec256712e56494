"""Labels follow a new live version: by themselves where certain, else by a person."""

import hashlib
import uuid

from django.db import transaction
from django.db.models.functions import Now

from annotations.functions.migration import Fate, LabelParameters, Migrated
from annotations.functions.schema import read
from annotations.models import (
    Annotation,
    GoldLabel,
    LabelMigration,
    ParameterSpan,
    QueueItem,
    Reason,
    SchemaVersion,
    Suggestion,
    User,
)
from annotations.services import audit, gold, queue
from annotations.services.schema_impact import moves

# Ids follow from label and version: a worker that starts again stores nothing twice.
NAMESPACE = uuid.UUID("0b1d5a5e-6a1c-4a2f-9f57-3d0d4b6f7c21")
CHUNK = 200
MODEL_NAME = "earlier label"


def due() -> list[int]:
    """Migrations that still have labels before them."""
    waiting = LabelMigration.objects.filter(status=LabelMigration.Status.REQUESTED)
    return list(waiting.order_by("created_at").values_list("pk", flat=True))


def run(migration_id: int) -> LabelMigration:
    """Bring every label of the function to the new version; may be killed and rerun."""
    while not _run_chunk(migration_id):
        pass
    return LabelMigration.objects.get(pk=migration_id)


@transaction.atomic
def _run_chunk(migration_id: int) -> bool:
    """Settle the next labels and remember how far it went; True when all are done."""
    migration = (
        LabelMigration.objects.select_for_update(of=("self",))
        .select_related("version__function", "previous")
        .get(pk=migration_id)
    )
    if migration.status == LabelMigration.Status.DONE:
        return True
    author = _author()
    n = 0
    for label, moved in moves(
        migration.version,
        read(migration.previous.canonical),
        read(migration.version.canonical),
        after_utterance=migration.last_utterance,
    ):
        _settle(migration, label, moved, author)
        migration.last_utterance = label.utterance_id
        n += 1
        if n == CHUNK:
            break
    if n < CHUNK:
        migration.status = LabelMigration.Status.DONE
        migration.finished_at = Now()
        audit.record(
            by=None,
            action="labels.migrated",
            obj=f"schema:{migration.version_id}",
            unchanged=migration.unchanged,
            migrated=migration.migrated,
            queued=migration.queued,
        )
    migration.save()
    return n < CHUNK


def _settle(
    migration: LabelMigration, label: GoldLabel, moved: Migrated, author: User
) -> None:
    if label.annotation.schema_version_id == migration.version_id:
        return  # answered under the new version meanwhile
    if moved.fate == Fate.REVISIT:
        migration.queued += _queue(migration, label, moved)
        return
    # Also an unchanged label is stored anew: it holds under the new version now.
    _store(migration.version, label, moved.label, author)
    if moved.fate == Fate.UNCHANGED:
        migration.unchanged += 1
    else:
        migration.migrated += 1


def _store(
    version: SchemaVersion, label: GoldLabel, parameters: LabelParameters, author: User
) -> None:
    old = label.annotation
    body = f"{old.pk} under {version.content_hash}"
    event, is_new = Annotation.objects.get_or_create(
        id=uuid.uuid5(NAMESPACE, body),
        defaults={
            "kind": Annotation.Kind.LABEL,
            "utterance_id": label.utterance_id,
            "annotator": author,
            "intent_id": old.intent_id,
            "schema_version": version,
            "not_spoken": list(parameters.not_spoken),
            "act": old.act,
            "is_misheard": old.is_misheard,
            "revises": old,
            "is_review": old.is_review,
            "blind": old.blind,
            "reason": Reason.SCHEMA_CHANGED,
            "body_hash": hashlib.sha256(body.encode()).hexdigest(),
        },
    )
    if not is_new:
        return
    ParameterSpan.objects.bulk_create(
        ParameterSpan(
            annotation=event,
            param=mark.param,
            start=mark.start,
            end=mark.end,
            text=mark.text,
            value=mark.value,
            turn=mark.turn,
        )
        for mark in parameters.marked
    )
    gold.settle(label.utterance)


def _queue(migration: LabelMigration, label: GoldLabel, moved: Migrated) -> int:
    """Put the utterance into the queue with what could be taken over; 0 if it is."""
    Suggestion.objects.update_or_create(
        utterance_id=label.utterance_id,
        defaults={
            "model_name": MODEL_NAME,
            "intents": [{"intent": label.intent.name, "confidence": 1.0}],
            "parameters": [
                {
                    "param": mark.param,
                    "start": mark.start,
                    "end": mark.end,
                    "text": mark.text,
                    "value": mark.value,
                    "turn": mark.turn,
                }
                for mark in moved.label.marked
            ],
        },
    )
    items = QueueItem.objects.bulk_create(
        [
            QueueItem(
                utterance_id=label.utterance_id,
                reason=Reason.SCHEMA_CHANGED,
                why={
                    "function": migration.version.function.name,
                    "version": migration.version.version,
                    "reasons": list(moved.reasons),
                    "revises": str(label.annotation_id),
                },
                rank=queue.last_rank() + 1,
                draw_probability=1.0,
            )
        ],
        ignore_conflicts=True,
    )
    return len(items)


def _author() -> User:
    """The author of labels that were taken over mechanically."""
    user, _ = User.objects.get_or_create(
        username="schema-migration",
        defaults={"name": "Schema migration", "roles": [], "is_system": True},
    )
    return user
