"""What a page says about a round, in words and numbers that are true right now."""

from datetime import timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from training.models import Checkpoint, Evaluation, Round, RoundStep
from training.services import judgement, policies
from training.services.rounds import MAX_ATTEMPTS, SILENCE

Status = Round.Status
ORDER = (Status.SNAPSHOT, Status.TRAINING, Status.EVALUATING, Status.GATE)
ENDINGS = {
    Status.PROMOTED: gettext_lazy("The challenger was promoted."),
    Status.REJECTED: gettext_lazy("The challenger was not promoted."),
    Status.CANCELLED: gettext_lazy("It was cancelled."),
    Status.FAILED: gettext_lazy("It failed."),
}
AGAINST_THE_GATE = gettext_lazy(
    "The challenger was promoted against the gate after %(time)s."
)
ENDINGS_AFTER = {
    Status.PROMOTED: gettext_lazy("The challenger was promoted after %(time)s."),
    Status.REJECTED: gettext_lazy("The challenger was not promoted after %(time)s."),
    Status.CANCELLED: gettext_lazy("It was cancelled after %(time)s."),
    Status.FAILED: gettext_lazy("It failed after %(time)s."),
}


def sentence(found: Round, trainer_alive: bool, worker_alive: bool = True) -> str:
    """What is happening, and where nothing is, why."""
    if found.status == Status.AWAITING:
        if policies.changed_by_since(found.policy, found.requested_at):
            return _(
                "The comparison is done. Its policy was changed meanwhile: somebody who"
                " did not change it has to decide."
            )
        if judgement.was_rolled_back_during(found):
            return _(
                "The comparison is done. Somebody rolled back meanwhile: a person has"
                " to decide whether what spoke against that model speaks against this"
                " one."
            )
        return _("The comparison is done; a person has to decide.")
    if found.status == Status.SHADOW:
        return _in_shadow(worker_alive)
    if not found.is_working:
        return _ending(found)
    if found.cancel_requested_at:
        return _("Stopping: the worker was asked to.")
    if found.heartbeat_at is None:
        return _not_held(found, trainer_alive)
    silent_for = timezone.now() - found.heartbeat_at
    if silent_for > SILENCE:
        seconds = int(silent_for.total_seconds())
        return _(
            "The worker has been silent for %(seconds)s s; another one will go on."
        ) % {"seconds": seconds}
    return _("%(step)s, on %(worker)s.") % {
        "step": found.get_status_display(),
        "worker": found.worker,
    }


def steps(found: Round) -> list[dict[str, Any]]:
    """The steps in order: done, under way or still to come."""
    newest: dict[str, RoundStep] = {}
    for step in found.steps.all():
        newest[step.name] = step
    rows = [_step(name, newest.get(name)) for name in ORDER]
    if found.status in (Status.CANCELLED, Status.FAILED) and not found.verdict:
        _cut_short(rows)
    return rows


def _cut_short(rows: list[dict[str, Any]]) -> None:
    """The last step that began did not get to its end, and no other will begin."""
    last = max((place for place, row in enumerate(rows) if row["took"]), default=-1)
    if last >= 0:
        rows[last] |= {"is_done": False, "state": _("broken off")}
    for row in rows[last + 1 :]:
        row["state"] = _("not reached")


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


def was_forced(found: Round) -> bool:
    """Whether two people promoted what the gate had refused."""
    return (
        found.status == Status.PROMOTED
        and found.challenger is not None
        and found.challenger.gate_passed is False
    )


def _ending(found: Round) -> str:
    status = Status(found.status)
    if not found.started_at or not found.finished_at:
        return str(ENDINGS[status])
    took = _spoken(found.finished_at - found.started_at)
    said = AGAINST_THE_GATE if was_forced(found) else ENDINGS_AFTER[status]
    return str(said) % {"time": took}


def _in_shadow(worker_alive: bool) -> str:
    if not worker_alive:
        return _("Waiting for live turns, but no worker is alive to compare them.")
    return _(
        "Every other condition holds; it is decided once it was compared on enough "
        "live turns."
    )


def _not_held(found: Round, trainer_alive: bool) -> str:
    if not trainer_alive:
        return _("Waiting: no training worker is alive.")
    if found.attempts:
        return _(
            "Attempt %(attempt)s of %(most)s broke off; it will be tried again."
        ) % {"attempt": found.attempts, "most": MAX_ATTEMPTS}
    return _("Waiting for a worker to take it.")


def _step(name: str, step: RoundStep | None) -> dict[str, Any]:
    said = {
        "name": Status(name).label,
        "is_done": False,
        "state": _("to come"),
        "took": "",
        "attempt": 1,
    }
    if step is None:
        return said
    said["is_done"] = bool(step.finished_at)
    said["state"] = _("done") if step.finished_at else _("under way")
    if step.finished_at:
        said["took"] = _spoken(step.finished_at - step.started_at)
    else:
        # Not how long it has run: that would be another page every second.
        since = f"{timezone.localtime(step.started_at):%H:%M:%S}"
        said["took"] = _("since %(time)s") % {"time": since}
    said["attempt"] = step.attempt
    if name == Status.SNAPSHOT and step.detail:
        counts = step.detail
        said["note"] = _("%(train)s to train, %(valid)s held out, %(exam)s exam") % {
            name: counts.get(name, 0) for name in ("train", "valid", "exam")
        }
    return said


def time_left(found: Round) -> str:
    """What the step at work still takes, by its own estimate; "" where it has none."""
    seconds = found.progress.get("seconds_left")
    return "" if seconds is None else _spoken(timedelta(seconds=seconds))


def _spoken(duration: timedelta) -> str:
    seconds = int(duration.total_seconds())
    if seconds < 120:
        return _("%(seconds)s s") % {"seconds": seconds}
    return _("%(minutes)s min %(seconds)s s") % {
        "minutes": seconds // 60,
        "seconds": seconds % 60,
    }


def refused(found: Round) -> list[str]:
    """Of the gate's reasons, those that speak against the challenger."""
    checks = found.verdict.get("checks", [])
    return [check["reason"] for check in checks if not check["passed"]]
