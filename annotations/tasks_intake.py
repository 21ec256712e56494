"""Intake's work on the `default` queue. annotations/tasks.py hands these to Celery."""

from uuid import UUID

from celery import shared_task

from annotations.doorbell import ring
from annotations.services import bronze_files, intake

SCRUB_ROWS = 20_000  # a task that ends now and then lets other tasks in


@shared_task(name="annotations.tasks.process_batch")
def process_batch(batch_id: str) -> None:
    """Read a batch to its end; then its rows wait for the full pass."""
    if intake.process(UUID(batch_id)):
        ring(scrub)


@shared_task(name="annotations.tasks.scrub")
def scrub() -> None:
    """The full redaction pass over what is waiting, a share at a time."""
    from annotations.services import scrub as service  # spaCy, once there is work

    done = service.scrub(limit=SCRUB_ROWS)
    service.settle_labels()
    if done.passed + done.merged and service.waiting():
        ring(scrub)


@shared_task(name="annotations.tasks.sweep_intake")
def sweep_intake() -> None:
    """Ring again for what a lost bell or a killed worker left; drop old files."""
    from annotations.services import scrub as service

    for batch_id in intake.due():
        ring(process_batch, batch_id)
    if service.waiting():
        ring(scrub)
    bronze_files.drop_expired()
