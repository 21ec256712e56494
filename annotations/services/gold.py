"""From standing answers to the gold label: one rule, and where it is applied."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from annotations.models import Annotation, GoldLabel, Utterance
from annotations.services import prepared
from annotations.services.prepared import Batch, Columns

ANSWER = Columns(
    Annotation,
    "a",
    *("id", "kind", "intent_id", "is_review", "revises_id", "marks_known"),
)
# AnnotationQuerySet.standing(), oldest first.
STANDING = f"""
SELECT {ANSWER.sql} FROM annotations_annotation a
WHERE a.utterance_id = %(utterance)s AND a.kind <> 'undo' AND NOT EXISTS (
    SELECT FROM annotations_annotation u WHERE u.undoes_id = a.id)
ORDER BY a.created_at
"""
SET_STATUS = """
UPDATE annotations_utterance SET status = %(status)s WHERE id = %(utterance)s
"""
WITHDRAW = "DELETE FROM annotations_goldlabel WHERE utterance_id = %(utterance)s"
REPLACE = """
ON CONFLICT (utterance_id) DO UPDATE SET annotation_id = excluded.annotation_id,
    intent_id = excluded.intent_id, rule = excluded.rule,
    resolved_at = excluded.resolved_at
"""


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
    majority, by its newest label whose marks are known, else by its newest; without a
    majority a reviewer has to look, and so where one opened it again: then only a
    review settles it. A label that another one revises no longer counts; skips count
    only where no label does.
    """
    kinds = {answer.kind for answer in answers}
    if Annotation.Kind.QUARANTINE in kinds:
        return Verdict(Utterance.Status.QUARANTINED)
    revised = {a.revises_id for a in answers if a.revises_id}
    labels = [
        a for a in answers if a.kind == Annotation.Kind.LABEL and a.pk not in revised
    ]
    if not labels:
        skipped = Annotation.Kind.SKIP in kinds
        return Verdict(Utterance.Status.SKIPPED if skipped else Utterance.Status.POOL)
    since = _since_reopened(answers)
    reviewed = [a for a in labels if a.is_review and a in since]
    if reviewed:
        return Verdict(Utterance.Status.LABELED, reviewed[-1], GoldLabel.Rule.REVIEWED)
    if len(since) < len(answers):
        return Verdict(Utterance.Status.REVIEW)
    if len(labels) == 1:
        return Verdict(Utterance.Status.LABELED, labels[0], GoldLabel.Rule.SINGLE)
    intent_id, votes = Counter(a.intent_id for a in labels).most_common(1)[0]
    if 2 * votes <= len(labels):
        return Verdict(Utterance.Status.REVIEW)
    agreed = [a for a in labels if a.intent_id == intent_id]
    newest = ([a for a in agreed if a.marks_known] or agreed)[-1]
    return Verdict(Utterance.Status.LABELED, newest, GoldLabel.Rule.AGREED)


def _since_reopened(answers: Sequence[Annotation]) -> Sequence[Annotation]:
    """What came after a reviewer opened it again; all where nobody did."""
    reopened = [n for n, a in enumerate(answers) if a.kind == Annotation.Kind.REOPEN]
    return answers[reopened[-1] + 1 :] if reopened else answers


def settle(utterance: Utterance, into: Batch | None = None) -> Verdict:
    """Make the utterance's status and gold label follow from its standing answers.

    Call it under the lock of the queue item (or of the utterance), after the event.
    into: where the caller collects what it will write.
    """
    known = {"utterance": utterance.pk}
    verdict = judge([ANSWER.read(row) for row in prepared.rows(STANDING, known)])
    batch = into or Batch()
    if utterance.status != verdict.status:
        utterance.status = verdict.status
        batch.add(SET_STATUS, {**known, "status": verdict.status})
    if verdict.annotation is None:
        batch.add(WITHDRAW, known)
    else:
        batch.insert(_label(utterance, verdict), on_conflict=REPLACE)
    if into is None:
        batch.run()
    return verdict


def _label(utterance: Utterance, verdict: Verdict) -> GoldLabel:
    return GoldLabel(
        utterance=utterance,
        annotation=verdict.annotation,
        intent_id=verdict.annotation.intent_id,
        rule=verdict.rule,
    )
