"""What a page says about a round, in words and numbers that are true right now."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from training.models import Checkpoint, Evaluation, Round, RoundStep
from training.services.rounds import MAX_ATTEMPTS, SILENCE

Status = Round.Status
ORDER = (Status.SNAPSHOT, Status.TRAINING, Status.EVALUATING, Status.GATE)


def sentence(found: Round, trainer_alive: bool, worker_alive: bool = True) -> str:
    """What is happening, and where nothing is, why."""
    if found.status == Status.AWAITING:
        return "The comparison is done; a person has to decide."
    if found.status == Status.SHADOW:
        return _in_shadow(worker_alive)
    if not found.is_working:
        return _ending(found)
    if found.cancel_requested_at:
        return "Stopping: the worker was asked to."
    if found.heartbeat_at is None:
        return _not_held(found, trainer_alive)
    silent_for = timezone.now() - found.heartbeat_at
    if silent_for > SILENCE:
        seconds = int(silent_for.total_seconds())
        return f"The worker has been silent for {seconds} s; another one will go on."
    return f"{found.get_status_display()}, on {found.worker}."


def steps(found: Round) -> list[dict[str, Any]]:
    """The steps in order: done, under way or still to come."""
    newest: dict[str, RoundStep] = {}
    for step in found.steps.all():
        newest[step.name] = step
    return [_step(name, newest.get(name)) for name in ORDER]


def losses(found: Round) -> list[tuple[int, float]]:
    """The loss so far, or of the training that is over."""
    points = found.progress.get("loss") or []
    if not points:
        step = found.steps.filter(name=Status.TRAINING).exclude(detail={}).last()
        points = step.detail.get("loss", []) if step else []
    return [(int(step), float(loss)) for step, loss in points]


def latest_evaluation(checkpoint: Checkpoint | None) -> Evaluation | None:
    if checkpoint is None:
        return None
    return Evaluation.objects.filter(checkpoint=checkpoint).first()


def _ending(found: Round) -> str:
    took = ""
    if found.started_at and found.finished_at:
        took = f" after {_spoken(found.finished_at - found.started_at)}"
    endings = {
        Status.PROMOTED: f"The challenger was promoted{took}.",
        Status.REJECTED: f"The challenger was not promoted{took}.",
        Status.CANCELLED: f"It was cancelled{took}.",
        Status.FAILED: f"It failed{took}.",
    }
    return endings[Status(found.status)]


def _in_shadow(worker_alive: bool) -> str:
    if not worker_alive:
        return "Waiting for live turns, but no worker is alive to compare them."
    return (
        "Every other condition holds; it is decided once it was compared on enough "
        "live turns."
    )


def _not_held(found: Round, trainer_alive: bool) -> str:
    if not trainer_alive:
        return "Waiting: no training worker is alive."
    if found.attempts:
        return (
            f"Attempt {found.attempts} of {MAX_ATTEMPTS} broke off; "
            "it will be tried again."
        )
    return "Waiting for a worker to take it."


def _step(name: str, step: RoundStep | None) -> dict[str, Any]:
    said = {"name": Status(name).label, "state": "to come", "took": "", "attempt": 1}
    if step is None:
        return said
    said["state"] = "done" if step.finished_at else "under way"
    if step.finished_at:
        said["took"] = _spoken(step.finished_at - step.started_at)
    else:
        # Not how long it has run: that would be another page every second.
        said["took"] = f"since {timezone.localtime(step.started_at):%H:%M:%S}"
    said["attempt"] = step.attempt
    if name == Status.SNAPSHOT and step.detail:
        counts = step.detail
        said["note"] = (
            f"{counts.get('train', 0)} to train, {counts.get('valid', 0)} held out, "
            f"{counts.get('exam', 0)} exam"
        )
    return said


def _spoken(duration: timedelta) -> str:
    seconds = int(duration.total_seconds())
    if seconds < 120:
        return f"{seconds} s"
    return f"{seconds // 60} min {seconds % 60} s"


def refused(found: Round) -> list[str]:
    """Of the gate's reasons, those that speak against the challenger."""
    checks = found.verdict.get("checks", [])
    return [check["reason"] for check in checks if not check["passed"]]
