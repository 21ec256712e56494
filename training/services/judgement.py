"""From what the evaluation step measured to the gate's verdict on a round."""

from typing import Any

import numpy as np

from annotations.models import Intent
from training.ml import gate
from training.ml.comparison import Side
from training.ml.data import Dataset
from training.ml.gate import Exam, Gates, Guard
from training.models import Checkpoint, Policy, Promotion, Round, RoundStep
from training.services import policies

Status = Round.Status


def gates_of(policy: Policy) -> Gates:
    """The policy's gates; unless it names critical intents, those up to its iteration
    are."""
    stored = dict(policy.gates)
    if "critical" not in stored:
        critical = Intent.objects.filter(
            iteration__lte=policy.iteration, is_active=True
        )
        stored["critical"] = list(critical.values_list("name", flat=True))
    return Gates.from_json(stored)


def reference_of(found: Round) -> Checkpoint | None:
    """The model that the last promoted round of an earlier iteration made.

    What it knew of those iterations is what a later round may not lose.
    """
    earlier = Round.objects.filter(
        family=found.family,
        status=Status.PROMOTED,
        policy__iteration__lt=found.policy.iteration,
    )
    last = earlier.select_related("challenger").order_by("-finished_at").first()
    return last.challenger if last else None


def exam_facts(exam: Dataset) -> dict[str, Any]:
    """What a comparison needs of the exam: true intents and conversations, no text."""
    number: dict[str, int] = {}  # as they come: their keys say nothing
    groups = [number.setdefault(group, len(number)) for group in exam.groups]
    return {
        "exam": len(exam),
        "truth": exam.labels,
        "groups": groups,
    }


def needs_a_person(found: Round, verdict: dict[str, Any]) -> bool:
    """Whether a person decides: as the policy says, where the gate is in doubt, and,
    if it opens, where somebody moved it or rolled back while the round was under way.
    """
    if found.policy.promotion == Policy.Promotion.PERSON or verdict["in_doubt"]:
        return True
    return verdict["passed"] and (
        bool(policies.changed_by_since(found.policy, found.requested_at))
        or was_rolled_back_during(found)
    )


def was_rolled_back_during(found: Round) -> bool:
    """Whether a model came back since the round began: what spoke against the one after
    it, which the exam did not show, may speak against this challenger as well."""
    since = Promotion.objects.filter(
        family=found.family, from_at__gte=found.requested_at
    )
    return since.with_return().filter(is_return=True).exists()


def verdict_on(found: Round) -> dict[str, Any]:
    """The gate's judgement of what the newest evaluation step found out."""
    step = (
        RoundStep.objects.filter(round=found, name=Status.EVALUATING)
        .exclude(detail={})
        .latest("started_at")
    )
    measured = step.detail
    champion = measured.get("champion")
    verdict = gate.judge(
        _side(measured["challenger"]),
        _side(champion) if champion else None,
        Exam(measured["truth"], [str(group) for group in measured["groups"]]),
        gates_of(found.policy),
        guard=_guard(found, measured),
    ).as_json()
    for name in ("champion_unusable", "reference_unusable"):
        if name in measured:
            verdict["reasons"].insert(0, measured[name])
    return verdict


def _guard(found: Round, measured: dict[str, Any]) -> Guard | None:
    """The curriculum's guard; None for the first iteration or before any model."""
    side = measured.get("reference") or measured.get("champion")
    if found.policy.iteration == 1 or side is None:
        return None
    earlier = Intent.objects.filter(
        iteration__lt=found.policy.iteration, is_active=True
    )
    names = tuple(earlier.values_list("name", flat=True))
    return Guard(names, _side(side), side["checkpoint"])


def _side(stored: dict[str, Any]) -> Side:
    return Side(
        correct=np.array([hit == "1" for hit in stored["hits"]], dtype=bool),
        ece=stored["ece"],
        latency_p95_ms=stored["latency_p95_ms"],
        size_bytes=stored["size_bytes"],
    )
