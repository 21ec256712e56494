"""Work of the `default` queue: an id in, one service called."""

import logging
from uuid import UUID

from celery import shared_task

from annotations.doorbell import ring
from annotations.services import (
    attempts,
    audit_trail,
    bulk,
    label_moves,
    queue,
    schema_migration,
    second_opinions,
)
from annotations.tasks_intake import process_batch, scrub, sweep_intake

__all__ = [
    "anchor_audit_trail",
    "migrate_labels",
    "move_labels",
    "process_batch",
    "run_bulk",
    "scrub",
    "sweep_bulk",
    "sweep_intake",
    "sweep_intent_moves",
    "sweep_leases",
    "sweep_schemas",
    "sweep_second_opinions",
]

logger = logging.getLogger(__name__)


@shared_task(ignore_result=True)
def sweep_leases() -> None:
    """Items whose lease has ended are ready again."""
    freed = queue.free_expired()
    if freed:
        logger.info("leases expired", extra={"items": freed})


@shared_task(ignore_result=True)
def migrate_labels(migration_id: int) -> None:
    """Labels follow the version that went live."""
    schema_migration.run(migration_id)


@shared_task(ignore_result=True)
def move_labels(move_id: int) -> None:
    """Labels follow an intent that was merged or split, or go back."""
    label_moves.run(move_id)


@shared_task(ignore_result=True)
def sweep_intent_moves() -> None:
    """Ring again for changes of the catalogue whose labels have not all followed."""
    for move_id in label_moves.due():
        ring(move_labels, move_id)


@shared_task(ignore_result=True)
def sweep_schemas() -> None:
    """Ring again for label migrations that no worker has finished."""
    for migration_id in schema_migration.due():
        ring(migrate_labels, migration_id)


@shared_task(ignore_result=True)
def sweep_second_opinions() -> None:
    """Second opinions wait in the queue as the policy wants it."""
    second_opinions.draw()


@shared_task(ignore_result=True)
def anchor_audit_trail() -> None:
    """The heads of the trail are kept where the database cannot reach them."""
    moved = audit_trail.anchor()
    attempts.forget_old()
    if moved:
        logger.info("audit trail anchored", extra={"streams": moved})


@shared_task(ignore_result=True)
def run_bulk(action_id: str) -> None:
    """An action on many utterances goes on to its end."""
    bulk.run(UUID(action_id))


@shared_task(ignore_result=True)
def sweep_bulk() -> None:
    """Ring again for bulk actions that no worker has finished."""
    for action_id in bulk.due():
        ring(run_bulk, action_id)
