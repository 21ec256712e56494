"""Labels follow a new live version: by themselves where certain, else by a person."""

import uuid

from django.db import transaction
from django.db.models.functions import Now

from annotations.functions.migration import Fate, LabelParameters, Migrated
from annotations.functions.schema import read
from annotations.models import GoldLabel, LabelMigration, SchemaVersion, User
from annotations.services import audit, gold, label_successors
from annotations.services.schema_impact import moves

# Ids follow from label and version: a worker that starts again stores nothing twice.
NAMESPACE = uuid.UUID("0b1d5a5e-6a1c-4a2f-9f57-3d0d4b6f7c21")
CHUNK = 200


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
    author = label_successors.author("schema-migration", "Schema migration")
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
        migration.queued += _ask(migration, label, moved)
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
    _, is_new = label_successors.succeed(
        old,
        namespace=NAMESPACE,
        body=f"{old.pk} under {version.content_hash}",
        by=author,
        intent_id=old.intent_id,
        schema_version_id=version.pk,
        parameters=parameters,
    )
    if is_new:
        gold.settle(label.utterance)


def _ask(migration: LabelMigration, label: GoldLabel, moved: Migrated) -> bool:
    """Ask with what could be taken over; False where it is asked already."""
    return label_successors.ask_again(
        label.utterance_id,
        intents=[label.intent.name],
        marked=moved.label.marked,
        why={
            "function": migration.version.function.name,
            "version": migration.version.version,
            "reasons": list(moved.reasons),
            "revises": str(label.annotation_id),
        },
    )
