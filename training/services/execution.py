"""The worker's half of a round: freeze, train, evaluate, decide.

Each step can be killed and begun again; what it made before is found, not made twice.
"""

import logging
import shutil
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any

from django.db import DatabaseError, connection, transaction

from annotations.errors import DomainError
from training import backends
from training.failpoints import failpoint
from training.ml import experiment
from training.ml.data import Dataset
from training.ml.errors import TooFewLabelsError, TrainingCancelledError
from training.ml.hooks import Hooks, Progress
from training.models import (
    Checkpoint,
    DatasetSnapshot,
    Policy,
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
    rounds,
    runs,
    shadow_wait,
)
from training.services.rounds import Claim, LostClaimError

logger = logging.getLogger(__name__)

BEAT_SECONDS = 10.0
TELL_SECONDS = 1.0
MAX_LOSSES = 400
Status = Round.Status
Split = SnapshotMember.Split


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
        with Heart(claim):
            _work(claim)
    except LostClaimError:
        logger.warning("round lost to another worker", extra={"round": round_id})
    except TrainingCancelledError:
        _finish(claim, Status.CANCELLED)
    except (DomainError, TooFewLabelsError) as error:
        _finish(claim, Status.FAILED, error=str(error))
    except Exception as error:  # whatever it was, the round must not hang
        logger.exception("round broke", extra={"round": round_id})
        _release(claim, f"{type(error).__name__}: {error}"[:500])
    return _after(round_id)


class Heart:
    """Says that the worker lives, from a thread, for as long as the block runs."""

    def __init__(self, claim: Claim, every_seconds: float = BEAT_SECONDS) -> None:
        self._claim = claim
        self._every = every_seconds
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._beat, daemon=True)

    def __enter__(self) -> "Heart":
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._thread.join()

    def _beat(self) -> None:
        while not self._ended.wait(self._every):
            try:
                rounds.beat(self._claim)
            except DatabaseError as error:
                logger.warning("heartbeat not written", extra={"reason": str(error)})
            finally:
                connection.close()


class Teller:
    """Writes a training's progress to its round, about once a second."""

    def __init__(self, claim: Claim) -> None:
        self._claim = claim
        self._told = 0.0
        self._asked = 0.0
        self._stop = False
        self._losses: list[tuple[int, float]] = []

    def hooks(self) -> Hooks:
        return Hooks(on_progress=self.tell, should_stop=self.should_stop)

    def tell(self, progress: Progress) -> None:
        failpoint("training.progress")
        if progress.loss is not None:
            self._losses.append((progress.step, round(progress.loss, 4)))
        now = time.monotonic()
        if now - self._told < TELL_SECONDS and progress.step < progress.steps:
            return
        self._told = now
        rounds.write(
            self._claim,
            progress={
                "step": progress.stage,
                "done": progress.step,
                "total": progress.steps,
                "loss": _thinned(self._losses),
                "seconds_left": round(progress.seconds_left),
            },
        )

    def should_stop(self) -> bool:
        now = time.monotonic()
        if now - self._asked >= TELL_SECONDS:
            self._asked = now
            self._stop = rounds.is_cancelled(self._claim)
        return self._stop

    @property
    def losses(self) -> list[tuple[int, float]]:
        return _thinned(self._losses)


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
    rounds.note(claim, Status.SNAPSHOT, datasets.counts_of(snapshot))
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
) -> Any:
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
    return checkpoints.store(name, files, runs.about(found, conditions, data))


def _evaluate(found: Round, claim: Claim) -> None:
    """Champion, challenger and the model of earlier iterations answer the same frozen
    exam items, one after another."""
    failpoint("evaluation.begun")
    assert found.snapshot is not None and found.challenger is not None
    exam = datasets.load(found.snapshot, Split.EXAM)
    champion = promotion.champion_of(found.family)
    reference = judgement.reference_of(found)
    detail: dict[str, Any] = {
        **judgement.exam_facts(exam),
        "challenger": _measure(found.challenger, exam),
    }
    others = {"champion": champion, "reference": reference}
    for role, checkpoint in others.items():
        if checkpoint is None or checkpoint == found.challenger:
            continue
        if role == "reference" and checkpoint == champion:
            continue
        try:
            detail[role] = _measure(checkpoint, exam)
        except checkpoints.CheckpointUnusableError as error:
            # One that cannot answer serves nobody: there is none to beat.
            detail[f"{role}_unusable"] = error.message
    rounds.note(claim, Status.EVALUATING, detail)
    rounds.enter(claim, Status.GATE, champion=champion)
    failpoint("evaluation.recorded")


def _measure(checkpoint: Checkpoint, exam: Dataset) -> dict[str, Any]:
    """Measure a checkpoint, keep the evaluation, return what the comparison needs."""
    predictor = checkpoints.open_predictor(checkpoint)
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
    if checkpoint == promotion.champion_of(checkpoint.family):
        confusions.publish(checkpoint)
    return {
        **side,
        "hits": "".join("1" if hit else "0" for hit in measured.correct),
        "ece": measured.report.intent.ece,
        "latency_p95_ms": experiment.steady_latency_ms(predictor, list(exam)),
    }


def _judge(found: Round, claim: Claim) -> None:
    assert found.snapshot is not None and found.challenger is not None
    if promotion.champion_of(found.family) != found.champion:
        rounds.enter(claim, Status.EVALUATING)
        return
    verdict = judgement.verdict_on(found)
    failpoint("gate.judged")
    waits = shadow_wait.is_needed(found, verdict)
    Checkpoint.objects.filter(pk=found.challenger.pk).update(
        gate_passed=verdict["passed"] and not waits
    )
    if waits:
        needed = verdict["gates"]["min_shadow"]
        rounds.await_live_turns(
            claim, needed=needed, verdict={**verdict, "passed": False}
        )
        return
    if found.policy.promotion == Policy.Promotion.PERSON or verdict["in_doubt"]:
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


def _finish(claim: Claim, status: str, **fields: Any) -> None:
    try:
        rounds.finish(claim, status, **fields)
    except LostClaimError:
        logger.warning("round lost at its end", extra={"round": claim.round_id})


def _release(claim: Claim, error: str) -> None:
    try:
        rounds.release(claim, error)
    except LostClaimError:
        logger.warning("round lost after a fault", extra={"round": claim.round_id})


def _after(round_id: int) -> str:
    found = Round.objects.get(pk=round_id)
    if not found.is_working:
        failpoint("round.ended")
        shutil.rmtree(checkpoints.work_folder(round_id), ignore_errors=True)
    return str(found.status)


def _thinned(losses: list[tuple[int, float]]) -> list[tuple[int, float]]:
    """At most MAX_LOSSES points, the last one always among them."""
    every = -(-len(losses) // MAX_LOSSES) or 1
    kept = losses[::every]
    return kept if not losses or kept[-1] == losses[-1] else [*kept, losses[-1]]


STEPS: dict[str, Callable[[Round, Claim], None]] = {
    Status.REQUESTED: _begin,
    Status.SNAPSHOT: _freeze,
    Status.TRAINING: _train,
    Status.EVALUATING: _evaluate,
    Status.GATE: _judge,
}
