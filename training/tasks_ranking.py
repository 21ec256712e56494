"""Ranking on queue `default`: a sweep that asks whether it is due."""

from celery import shared_task

from training.services import ranking


@shared_task(name="training.tasks.sweep_ranking", ignore_result=True)
def sweep_ranking() -> None:
    """Rank where labels, new utterances or an emptying queue ask for it."""
    if reason := ranking.due():
        ranking.rank(reason=reason)
