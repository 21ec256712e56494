"""Rounds as runs of a model registry (MLflow), told after our tables have committed.

The registry follows: it is written by a worker, in a schema of its own, and where it
cannot be reached the fault is kept and it is tried again. No round waits for it.
"""

import logging
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import F, Q
from django.db.models.expressions import Value
from django.db.models.functions import Concat, Now
from django.db.models.query import QuerySet
from django.utils import timezone

from annotations.locks import Lock
from annotations.services.alone import alone
from training.models import DatasetSnapshot, Evaluation, RegistryEntry, Round
from training.services import checkpoints, datasets, judgement
from training.services.mlflow_store import Run, Store

logger = logging.getLogger(__name__)

AT_ONCE = 20
MOST_PAUSES = 7
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=1)


def sweep(store: Store | None = None) -> int:
    """Every ended round with a model is told as it is now; returns how many were.

    None is while another worker is at it, which would make a second run of a round.
    """
    if store is None and settings.MODEL_REGISTRY == "off":
        return 0
    with alone(Lock.REGISTRY) as is_ours:
        return _tell_due(store) if is_ours else 0


def _tell_due(store: Store | None) -> int:
    due = list(_due()[:AT_ONCE])
    if not due:
        return 0
    try:
        store = store or Store.open()
    except Exception as error:  # whatever it is, the rounds are not at fault
        for found in due:
            _failed(found, error)
        return 0
    return sum(_told(store, found) for found in due)


def state_of(found: Round) -> str:
    """What the registry should know by now."""
    assert found.challenger is not None, "only rounds with a model are told"
    return f"{found.status} {found.challenger.state}"


def run_of(found: Round) -> Run:
    """All that the registry is told of a round."""
    challenger, snapshot = found.challenger, found.snapshot
    assert challenger is not None and snapshot is not None
    manifest = checkpoints.stored(challenger.path)
    about = dict(manifest.about) if manifest else {}
    measured = Evaluation.objects.filter(checkpoint=challenger).first()
    gates = judgement.gates_of(found.policy)
    return Run(
        family=found.family,
        round_id=found.pk,
        name=challenger.name,
        is_champion=challenger.state == challenger.State.CHAMPION,
        started_at=found.started_at or found.requested_at,
        ended_at=found.finished_at or found.requested_at,
        folder=checkpoints.root() / challenger.path,
        parameters={
            "recipe": found.recipe,
            "backend": found.backend,
            "seed": found.seed,
            "iteration": found.policy.iteration,
            **{f"n_{split}": n for split, n in datasets.counts_of(snapshot).items()},
            **{
                f"gate_{name}": value
                for name, value in vars(gates).items()
                if name != "critical"
            },
        },
        metrics=_metrics(measured) if measured else {},
        tags={
            "dataset.digest": snapshot.digest,
            "dataset.redaction": _redaction(snapshot),
            "checkpoint.manifest_sha256": challenger.manifest_sha256,
            "checkpoint.size_bytes": challenger.size_bytes,
            "checkpoint.files_whole": manifest is not None,
            "round.status": found.status,
            "gate.passed": challenger.gate_passed,
            **_flat("", {k: about.get(k, {}) for k in ("versions", "conditions")}),
        },
    )


def _due() -> QuerySet[Round]:
    """Ended rounds the registry does not know, or knows as they were before; after a
    fault not before a pause, which doubles each time."""
    now_is = Concat(F("status"), Value(" "), F("challenger__state"))
    rested = Q(registered__isnull=True)
    for attempts in range(MOST_PAUSES + 1):
        pause = min(FIRST_PAUSE * 2 ** max(attempts - 1, 0), LONGEST_PAUSE)
        waited = Q(registered__tried_at__lt=Now() - pause)
        is_last = attempts == MOST_PAUSES
        so_often = "registered__attempts" + ("__gte" if is_last else "")
        rested |= Q(**{so_often: attempts}) & (waited if attempts else Q())
    return (
        Round.objects.filter(
            rested,
            status__in=Round.ENDED,
            challenger__isnull=False,
            snapshot__isnull=False,
        )
        .annotate(now_is=now_is)
        .exclude(registered__told=F("now_is"))
        .select_related("challenger", "snapshot", "policy", "registered")
        .order_by("pk")
    )


def _told(store: Store, found: Round) -> bool:
    try:
        state = state_of(found)
        run_id = store.write(run_of(found))
    except Exception as error:  # kept and tried again; the round is over and stands
        _failed(found, error)
        return False
    RegistryEntry.objects.update_or_create(
        round=found,
        defaults={
            "run_id": run_id,
            "told": state,
            "told_at": timezone.now(),
            "tried_at": timezone.now(),
            "attempts": 0,
            "error": "",
        },
    )
    logger.info("round registered", extra={"round": found.pk, "run": run_id})
    return True


def _failed(found: Round, error: Exception) -> None:
    said = f"{type(error).__name__}: {error}"[:500].replace("\x00", "")
    entry, _ = RegistryEntry.objects.get_or_create(round=found)
    RegistryEntry.objects.filter(pk=entry.pk).update(
        attempts=F("attempts") + 1, tried_at=Now(), error=said
    )
    logger.warning("round not registered", extra={"round": found.pk})


def _redaction(snapshot: DatasetSnapshot) -> str:
    card = snapshot.description.get("card", {})
    return str(card.get("redaction", {}).get("version", ""))


def _metrics(measured: Evaluation) -> dict[str, float]:
    """Every figure, by utterance and by call, with the edges of its intervals."""
    metrics: dict[str, float] = {"exam_items": measured.n}
    for figure in measured.detail.get("figures", ()):
        name = figure["name"]
        low, high = figure["interval"] or (None, None)
        values = {
            name: figure["value"],
            f"{name}.low": low,
            f"{name}.high": high,
            f"{name}.by_calls": figure["by_calls"],
        }
        metrics |= {key: value for key, value in values.items() if value is not None}
    return metrics


def _flat(prefix: str, values: dict[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, dict):
            flat |= _flat(f"{prefix}{name}.", value)
        else:
            flat[f"{prefix}{name}"] = value
    return flat
