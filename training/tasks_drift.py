"""Drift on queue `default`: a sweep that looks whether a check is due or asked for."""

from celery import shared_task

from training.services import drift


@shared_task(name="training.tasks.sweep_drift", ignore_result=True)
def sweep_drift() -> None:
    drift.sweep()
