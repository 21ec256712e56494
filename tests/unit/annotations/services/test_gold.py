"""The rule that turns answers into a gold label, case by case."""

import uuid

import pytest

from annotations.models import Annotation, GoldLabel, Utterance
from annotations.services.gold import judge

Kind = Annotation.Kind
Status = Utterance.Status


def said(intent_id):
    return Annotation(id=uuid.uuid4(), kind=Kind.LABEL, intent_id=intent_id)


SKIP = Annotation(kind=Kind.SKIP)
QUARANTINE = Annotation(kind=Kind.QUARANTINE)


@pytest.mark.parametrize(
    ("answers", "status"),
    [
        ([], Status.POOL),
        ([SKIP], Status.SKIPPED),
        ([said(1)], Status.LABELED),
        ([SKIP, said(1)], Status.LABELED),
        ([said(1), said(1)], Status.LABELED),
        ([said(1), said(2)], Status.REVIEW),
        ([said(1), said(2), said(2)], Status.LABELED),
        ([said(1), said(2), said(3)], Status.REVIEW),
        ([said(1), said(1), said(2), said(2)], Status.REVIEW),
        ([said(1), QUARANTINE], Status.QUARANTINED),
    ],
)
def test_the_status_follows_from_the_answers(answers, status):
    assert judge(answers).status == status


def test_one_answer_is_gold_by_itself():
    only = said(4)

    verdict = judge([only])

    assert verdict.annotation is only
    assert verdict.rule == GoldLabel.Rule.SINGLE


def test_of_a_majority_the_newest_answer_is_gold():
    old, other, new = said(1), said(2), said(1)

    verdict = judge([old, other, new])

    assert verdict.annotation is new
    assert verdict.rule == GoldLabel.Rule.AGREED


def test_of_a_majority_an_answer_whose_marks_are_known_is_gold():
    known, bare = said(1), said(1)
    bare.marks_known = False

    assert judge([known, bare]).annotation is known
    assert judge([bare]).annotation is bare


def test_a_reviewers_answer_decides_over_a_majority():
    review = said(2)
    review.is_review = True

    verdict = judge([said(1), said(1), review])

    assert verdict.annotation is review
    assert verdict.rule == GoldLabel.Rule.REVIEWED


def test_a_revised_label_no_longer_counts():
    old = said(1)
    new = said(2)
    new.revises_id = old.pk

    verdict = judge([old, new])

    assert verdict.annotation is new
    assert verdict.rule == GoldLabel.Rule.SINGLE
