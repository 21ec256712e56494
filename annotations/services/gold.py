"""From standing answers to the gold label: one rule, and where it is applied."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from annotations.models import Annotation, GoldLabel, Utterance


@dataclass(frozen=True)
class Verdict:
    """What the answers of one utterance amount to."""

    status: str
    annotation: Annotation | None = None
    rule: str = ""


def judge(answers: Sequence[Annotation]) -> Verdict:
    """The rule. answers: the standing events of one utterance, oldest first.

    Personal data reported by anyone outweighs everything; one label is gold; of
    several, the newest that a reviewer gave wins, else the intent with a strict
    majority, by its newest label; without a majority a reviewer has to look. Skips
    count only where no label does.
    """
    kinds = {answer.kind for answer in answers}
    if Annotation.Kind.QUARANTINE in kinds:
        return Verdict(Utterance.Status.QUARANTINED)
    labels = [a for a in answers if a.kind == Annotation.Kind.LABEL]
    if not labels:
        skipped = Annotation.Kind.SKIP in kinds
        return Verdict(Utterance.Status.SKIPPED if skipped else Utterance.Status.POOL)
    reviewed = [a for a in labels if a.is_review]
    if reviewed:
        return Verdict(Utterance.Status.LABELED, reviewed[-1], GoldLabel.Rule.REVIEWED)
    if len(labels) == 1:
        return Verdict(Utterance.Status.LABELED, labels[0], GoldLabel.Rule.SINGLE)
    intent_id, votes = Counter(a.intent_id for a in labels).most_common(1)[0]
    if 2 * votes <= len(labels):
        return Verdict(Utterance.Status.REVIEW)
    newest = [a for a in labels if a.intent_id == intent_id][-1]
    return Verdict(Utterance.Status.LABELED, newest, GoldLabel.Rule.AGREED)


def settle(utterance: Utterance) -> Verdict:
    """Make the utterance's status and gold label follow from its standing answers.

    Call it under the lock of the queue item (or of the utterance), after the event.
    """
    answers = Annotation.objects.filter(utterance=utterance).standing()
    verdict = judge(answers.order_by("created_at"))
    if utterance.status != verdict.status:
        utterance.status = verdict.status
        utterance.save(update_fields=["status"])
    if verdict.annotation is None:
        GoldLabel.objects.filter(utterance=utterance).delete()
    else:
        _store(utterance, verdict)
    return verdict


def _store(utterance: Utterance, verdict: Verdict) -> None:
    GoldLabel.objects.bulk_create(
        [
            GoldLabel(
                utterance=utterance,
                annotation=verdict.annotation,
                intent_id=verdict.annotation.intent_id,
                rule=verdict.rule,
            )
        ],
        update_conflicts=True,
        unique_fields=["utterance"],
        update_fields=["annotation", "intent", "rule", "resolved_at"],
    )
