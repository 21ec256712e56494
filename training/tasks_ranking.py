"""Ranking, forecasts and comparisons: sweeps that ask whether they are due."""

from celery import shared_task

from training.services import forecast, learning_comparison, own_effect, ranking


@shared_task(name="training.tasks.sweep_ranking", ignore_result=True)
def sweep_ranking() -> None:
    """Rank where labels, new utterances or an emptying queue ask for it."""
    if reason := ranking.due():
        ranking.rank(reason=reason)


@shared_task(name="training.tasks.sweep_forecast", ignore_result=True)
def sweep_forecast() -> None:
    """Forecast anew once labels enough have come in."""
    if forecast.is_due():
        forecast.refresh()


@shared_task(name="training.tasks.sweep_comparison", ignore_result=True)
def sweep_comparison() -> None:
    """Compare active learning, or else one person's labels, with chance where due."""
    if learning_comparison.is_due():
        learning_comparison.refresh()
    elif person := own_effect.due():
        own_effect.refresh(person)
