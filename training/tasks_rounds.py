"""Rounds on queue `gpu`: an id in, one service called."""

import socket

from celery import current_task, shared_task

from training.services import checkpoints, registry, rounds


@shared_task(name="training.tasks.run_round", ignore_result=True, max_retries=0)
def run_round(round_id: int) -> None:
    """Work on the round, if nobody does."""
    from training.services import execution

    host = getattr(current_task.request, "hostname", None) or socket.gethostname()
    execution.run(round_id, worker=str(host))


@shared_task(name="training.tasks.sweep_rounds", ignore_result=True)
def sweep_rounds() -> None:
    """Start what is due, ring again for what is stuck, drop what nobody knows."""
    rounds.sweep()
    checkpoints.remove_orphans()


@shared_task(name="training.tasks.sweep_registry", ignore_result=True)
def sweep_registry() -> None:
    """Tell the model registry of rounds that ended or changed."""
    registry.sweep()
