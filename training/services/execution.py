"""The worker's half of a round: freeze, train, evaluate, decide.

Each step can be killed and begun again; what it made before is found, not made twice.
"""

import logging
import os
import shutil
from collections.abc import Callable
from typing import Any

from django.db import transaction

from annotations.errors import DomainError
from training import backends
from training.failpoints import failpoint
from training.ml.checkpoint import Manifest
from training.ml.data import Dataset
from training.ml.errors import TooFewLabelsError, TrainingCancelledError
from training.ml.gate import MEGABYTE
from training.models import (
    Checkpoint,
    DatasetSnapshot,
    Round,
    SnapshotMember,
)
from training.services import (
    checkpoints,
    confusions,
    datasets,
    evaluations,
    judgement,
    promotion,
    round_log,
    rounds,
    runs,
    shadow_wait,
)
from training.services.rounds import Claim, ClaimLostError
from training.services.teller import Heart, Teller

logger = logging.getLogger(__name__)

Status = Round.Status
Split = SnapshotMember.Split
PARTS = {"train": "to train", "valid": "held out", "exam": "exam"}


def run(round_id: int, *, worker: str) -> str | None:
    """Work on a round until it ends or awaits a person; returns its status.

    None where there was nothing to claim. A fault is kept on the round, which is then
    tried again a few times.
    """
    claim = rounds.claim(round_id, worker=worker)
    if claim is None:
        return None
    failpoint("round.claimed")
    try:
        round_log.say(claim, f"Attempt {claim.attempt}, on {worker}.")
        with Heart(claim):
            _work(claim)
    except ClaimLostError:
        logger.warning("round lost to another worker", extra={"round": round_id})
    except TrainingCancelledError:
        _finish(claim, Status.CANCELLED)
    except (DomainError, TooFewLabelsError) as error:
        _finish(claim, Status.FAILED, error=str(error))
    except Exception as error:  # whatever it was, the round must not hang
        logger.exception("round broke", extra={"round": round_id})
        round_log.say_if_held(claim, f"Attempt {claim.attempt} broke off.")
        _release(claim, f"{type(error).__name__}: {error}"[:500])
    return _after(round_id)


def _work(claim: Claim) -> None:
    while True:
        if rounds.is_cancelled(claim):
            raise TrainingCancelledError("The round was cancelled.")
        found = rounds.get(claim.round_id)
        step = STEPS.get(found.status)
        if step is None:
            return
        step(found, claim)


def _begin(found: Round, claim: Claim) -> None:
    rounds.enter(claim, Status.SNAPSHOT)


def _freeze(found: Round, claim: Claim) -> None:
    snapshot = found.snapshot or datasets.freeze(
        separate_conversations=found.policy.separate_conversations
    )
    failpoint("snapshot.frozen")
    counts = datasets.counts_of(snapshot)
    rounds.note(claim, Status.SNAPSHOT, counts)
    round_log.say(claim, f"Frozen as {snapshot}: {_counted(counts)}.")
    rounds.enter(claim, Status.TRAINING, snapshot=snapshot)
    failpoint("snapshot.recorded")


def _train(found: Round, claim: Claim) -> None:
    failpoint("training.begun")
    snapshot = found.snapshot
    assert snapshot is not None, "the step before set it"
    name = f"{found.family}-r{found.pk}-{snapshot.digest[:8]}"
    manifest = checkpoints.stored(name)
    if manifest is None or manifest.about.get("snapshot") != snapshot.digest:
        manifest = _train_anew(found, claim, snapshot, name)
        failpoint("checkpoint.named")
    else:
        round_log.say(claim, f"{name} was trained by an attempt before.")
    with transaction.atomic():
        challenger, _ = Checkpoint.objects.get_or_create(
            name=name,
            defaults={
                "family": found.family,
                "round": found,
                "attempt": claim.attempt,
                "recipe": found.recipe,
                "path": name,
                "manifest_sha256": manifest.sha256,
                "size_bytes": checkpoints.size_of(name),
            },
        )
        rounds.enter(claim, Status.EVALUATING, challenger=challenger)
    failpoint("checkpoint.registered")


def _train_anew(
    found: Round, claim: Claim, snapshot: DatasetSnapshot, name: str
) -> Manifest:
    teller = Teller(claim)
    data = runs.data_of(snapshot)
    backend = backends.named(found.backend)
    conditions = backend.conditions()
    files = backend.train(
        data.train,
        data.valid,
        recipe=found.recipe,
        seed=found.seed,
        work=checkpoints.work_folder(found.pk),
        shared=checkpoints.shared_folder(),
        hooks=teller.hooks(),
    )
    detail = {"loss": teller.losses, "n": len(data.train), "conditions": conditions}
    rounds.note(claim, Status.TRAINING, detail)
    stored = checkpoints.store(name, files, runs.about(found, conditions, data))
    megabytes = checkpoints.size_of(name) / MEGABYTE
    round_log.say(claim, f"{name} is on disk, {megabytes:.1f} MB.")
    return stored


def _evaluate(found: Round, claim: Claim) -> None:
    """Champion, challenger and the model of earlier iterations answer the same frozen
    exam items, one after another."""
    failpoint("evaluation.begun")
    assert found.snapshot is not None and found.challenger is not None
    exam = datasets.load(found.snapshot, Split.EXAM)
    round_log.say(claim, f"{len(exam)} exam items to answer.")
    champion = checkpoints.champion(found.family)
    reference = judgement.reference_of(found)
    detail: dict[str, Any] = {
        **judgement.exam_facts(exam),
        "challenger": _measured(found.challenger, exam, claim),
    }
    others = {"champion": champion, "reference": reference}
    for role, checkpoint in others.items():
        if checkpoint is None or checkpoint == found.challenger:
            continue
        if role == "reference" and checkpoint == champion:
            continue
        try:
            detail[role] = _measured(checkpoint, exam, claim)
        except checkpoints.CheckpointUnusableError as error:
            # One that cannot answer serves nobody: there is none to beat.
            detail[f"{role}_unusable"] = error.message
    rounds.note(claim, Status.EVALUATING, detail)
    rounds.enter(claim, Status.GATE, champion=champion)
    failpoint("evaluation.recorded")


def _measured(checkpoint: Checkpoint, exam: Dataset, claim: Claim) -> dict[str, Any]:
    side = _measure(checkpoint, exam)
    if side["hits"]:
        round_log.say(
            claim,
            f"{checkpoint.name}: {side['hits'].count('1')} of {len(exam)} right, "
            f"calibration error {side['ece']:.3f}, "
            f"{side['latency_p95_ms']:.1f} ms a turn (p95).",
        )
    return side


def _measure(checkpoint: Checkpoint, exam: Dataset) -> dict[str, Any]:
    """Measure a checkpoint, keep the evaluation, return what the comparison needs."""
    predictor = checkpoints.open_predictor(checkpoint, beside=os.cpu_count() or 1)
    side = {
        "checkpoint": checkpoint.name,
        "hits": "",
        "ece": 0.0,
        "latency_p95_ms": 0.0,
        "size_bytes": checkpoint.size_bytes,
    }
    if len(exam) == 0:
        return side
    measured = evaluations.measure(checkpoint, predictor, exam)
    if checkpoint == checkpoints.champion(checkpoint.family):
        confusions.publish(checkpoint)
    return {
        **side,
        "hits": "".join("1" if hit else "0" for hit in measured.correct),
        "ece": measured.report.intent.ece,
        "latency_p95_ms": measured.steady_p95_ms,
    }


def _judge(found: Round, claim: Claim) -> None:
    assert found.snapshot is not None and found.challenger is not None
    if checkpoints.champion(found.family) != found.champion:
        rounds.enter(claim, Status.EVALUATING)
        return
    verdict = judgement.verdict_on(found)
    round_log.say(claim, _judged(verdict))
    failpoint("gate.judged")
    waits = shadow_wait.is_needed(found, verdict)
    Checkpoint.objects.filter(pk=found.challenger.pk).update(
        gate_passed=verdict["passed"] and not waits
    )
    if waits:
        needed = verdict["gates"]["min_shadow"]
        round_log.say(claim, f"In shadow until {needed} live turns are compared.")
        rounds.await_live_turns(
            claim, needed=needed, verdict={**verdict, "passed": False}
        )
        return
    if judgement.needs_a_person(found, verdict):
        rounds.await_decision(claim, verdict=verdict)
        return
    if not verdict["passed"]:
        rounds.finish(claim, Status.REJECTED, verdict=verdict)
        return
    _promote(found, claim, verdict)


def _promote(found: Round, claim: Claim, verdict: dict[str, Any]) -> None:
    try:
        with transaction.atomic():
            challenger = checkpoints.named(found.challenger.name)
            rounds.finish(claim, Status.PROMOTED, verdict=verdict)
            promotion.promote(
                checkpoint=challenger,
                reason=" ".join(verdict["reasons"]),
                by=None,
                instead_of=found.champion,
            )
    except promotion.ChampionChangedError:
        rounds.enter(claim, Status.EVALUATING)


def _counted(counts: dict[str, int]) -> str:
    return ", ".join(f"{counts.get(name, 0)} {word}" for name, word in PARTS.items())


def _judged(verdict: dict[str, Any]) -> str:
    checks = verdict["checks"]
    held = sum(check["passed"] for check in checks)
    word = "opens" if verdict["passed"] else "stays shut"
    return f"The gate {word}: {held} of {len(checks)} conditions hold."


def _finish(claim: Claim, status: str, **fields: Any) -> None:
    try:
        rounds.finish(claim, status, **fields)
    except ClaimLostError:
        logger.warning("round lost at its end", extra={"round": claim.round_id})


def _release(claim: Claim, error: str) -> None:
    try:
        rounds.release(claim, error)
    except ClaimLostError:
        logger.warning("round lost after a fault", extra={"round": claim.round_id})


def _after(round_id: int) -> str:
    found = Round.objects.get(pk=round_id)
    if not found.is_working:
        failpoint("round.ended")
        shutil.rmtree(checkpoints.work_folder(round_id), ignore_errors=True)
    return str(found.status)


STEPS: dict[str, Callable[[Round, Claim], None]] = {
    Status.REQUESTED: _begin,
    Status.SNAPSHOT: _freeze,
    Status.TRAINING: _train,
    Status.EVALUATING: _evaluate,
    Status.GATE: _judge,
}
