"""Every task of the app, where Celery looks for them."""

from training.tasks_drift import sweep_drift
from training.tasks_live import sweep_live_turns, sweep_shadow
from training.tasks_ranking import sweep_comparison, sweep_forecast, sweep_ranking
from training.tasks_review import sweep_label_errors
from training.tasks_rounds import run_round, sweep_registry, sweep_rounds

__all__ = [
    "run_round",
    "sweep_comparison",
    "sweep_drift",
    "sweep_forecast",
    "sweep_label_errors",
    "sweep_live_turns",
    "sweep_ranking",
    "sweep_registry",
    "sweep_rounds",
    "sweep_shadow",
]
