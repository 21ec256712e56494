"""Searches for label errors on queue `default`: is one due?"""

from celery import shared_task

from training.services import label_errors


@shared_task(name="training.tasks.sweep_label_errors", ignore_result=True)
def sweep_label_errors() -> None:
    """Search where somebody asked for it or a round has ended."""
    if search := label_errors.due():
        label_errors.run(search)
