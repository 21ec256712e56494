"""Gold follows from events by one rule, said in Python and again in SQL."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from annotations.invariants import answers
from annotations.models import Annotation, GoldLabel, Utterance
from annotations.services import gold, review
from annotations.services.invariants import broken
from annotations.services.review import Verdict
from annotations.services.review_queues import case
from tests.factories import cast

pytestmark = pytest.mark.django_db
Kind = Annotation.Kind
FOLLOWS = [
    invariant
    for invariant in answers.INVARIANTS
    if invariant.name
    in ("status_follows_the_answers", "gold_follows_the_rule",
        "gold_is_a_standing_label")
]  # fmt: skip
assert len(FOLLOWS) == 3


def event(dice, of, people, intents, events, at) -> Annotation | None:
    """Something a person could do next, or None where it cannot be done."""
    kind = dice.choice(
        ["label"] * 6 + ["late", "skip", "quarantine", "reopen", "review"]
        + ["undo"] * 3 + ["revise"]
    )  # fmt: skip
    standing = [e for e in events if e.kind != Kind.UNDO and not undone(e, events)]
    common = {"id": cast.new_id(), "utterance": of, "created_at": at,
              "body_hash": "0" * 64}  # fmt: skip
    if kind == "undo":
        if not standing:
            return None
        last = dice.choice(standing)
        return Annotation(
            kind=Kind.UNDO, annotator=last.annotator, undoes=last, **common
        )
    is_review = kind in ("reopen", "review")
    person = people["rita"] if is_review else dice.choice(people["labelers"])
    if kind in ("skip", "quarantine", "reopen"):
        reason = {"skip_reason": "unclear"} if kind == "skip" else {}
        return Annotation(
            kind=kind, annotator=person, is_review=is_review, **reason, **common
        )
    labels = [e for e in standing if e.kind == Kind.LABEL]
    revises = dice.choice(labels) if kind == "revise" and labels else None
    return Annotation(
        kind=Kind.LABEL,
        annotator=person,
        intent=dice.choice(intents),
        is_review=is_review,
        is_late=kind == "late",
        revises=revises,
        **common,
    )


def undone(one, events) -> bool:
    return any(e.undoes_id == one.pk for e in events)


@pytest.mark.parametrize("seed", range(60))
def test_after_any_events_gold_is_what_the_rule_says(seed):
    dice = random.Random(seed)
    intents = [cast.intent(name) for name in ("one", "two", "three")]
    people = {
        "rita": cast.person("rita", "reviewer"),
        "labelers": [cast.person(f"p{n}", "annotator") for n in range(4)],
    }
    of = cast.utterance()
    events: list[Annotation] = []
    start = datetime(2026, 1, 1, tzinfo=UTC)

    for n in range(dice.randint(1, 14)):
        new = event(dice, of, people, intents, events, start + timedelta(hours=n))
        if new is None:
            continue
        new.save(force_insert=True)
        events.append(new)
        of.refresh_from_db()
        gold.settle(of)

        standing = [e for e in events if e.kind != Kind.UNDO and not undone(e, events)]
        verdict = gold.judge(standing)
        of.refresh_from_db()
        assert of.status == verdict.status
        found = GoldLabel.objects.filter(utterance=of).first()
        assert (found.annotation_id if found else None) == (
            verdict.annotation.pk if verdict.annotation else None
        )
        assert [b.invariant.name for b in broken(FOLLOWS)] == []


@pytest.fixture
def disputed(ana, ben, bill, pay, say):
    of = cast.utterance()
    return of, say(ana, of, "check_bill"), say(ben, of, "pay_bill")


def status(of) -> str:
    return Utterance.objects.get(pk=of.pk).status


def test_a_review_taken_back_leaves_the_disagreement(disputed, rita):
    of, one, _ = disputed
    decided = review.resolve(by=rita, uuid=cast.new_id(), answer_id=one.pk)

    review.take_back(by=rita, uuid=cast.new_id(), event_id=decided.pk)

    assert status(of) == Utterance.Status.REVIEW
    assert not GoldLabel.objects.exists()


def test_only_ones_own_review_can_be_taken_back(disputed, rita):
    _, one, _ = disputed
    decided = review.resolve(by=rita, uuid=cast.new_id(), answer_id=one.pk)

    with pytest.raises(review.NotFoundError):
        review.take_back(
            by=cast.person("rob", "reviewer"), uuid=cast.new_id(), event_id=decided.pk
        )


def test_the_desk_takes_back_no_review(disputed, rita):
    from annotations.services import labels

    review.resolve(by=rita, uuid=cast.new_id(), answer_id=disputed[1].pk)

    with pytest.raises(labels.NothingToUndoError):
        labels.undo(by=rita, uuid=cast.new_id())


def test_opened_again_only_a_review_settles_it(disputed, rita, say):
    of, one, _ = disputed
    review.resolve(by=rita, uuid=cast.new_id(), answer_id=one.pk)
    review.reopen(by=rita, uuid=cast.new_id(), utterance_id=of.pk, reason="unclear")
    assert status(of) == Utterance.Status.REVIEW

    say(cast.person("cleo", "annotator"), of, "check_bill", reason="second_opinion")
    assert status(of) == Utterance.Status.REVIEW
    again = review.resolve(by=rita, uuid=cast.new_id(), answer_id=one.pk)

    assert GoldLabel.objects.get().annotation_id == again.pk
    assert broken(answers.INVARIANTS) == []


def test_neither_makes_the_reviewers_own_label_gold(disputed, rita):
    of = disputed[0]
    cast.intent("cancel_plan")
    answer = review.Answer(uuid=cast.new_id(), item_id=0, intent="cancel_plan")

    review.relabel(
        by=rita, utterance_id=of.pk, answer=answer,
        verdict=Verdict(reason="context", is_teaching=True),
    )  # fmt: skip

    found = GoldLabel.objects.get()
    assert (found.intent.name, found.rule) == ("cancel_plan", "reviewed")
    assert found.annotation.review_reason == "context"
    assert found.intent.examples.get().utterance == of


def test_a_decision_about_other_answers_than_seen_is_refused(disputed, rita, say):
    of, one, _ = disputed
    seen = case(of.pk).seen
    say(cast.person("cleo", "annotator"), of, "check_bill", reason="second_opinion")

    with pytest.raises(review.ConflictError, match="changed while you looked"):
        review.resolve(
            by=rita, uuid=cast.new_id(), answer_id=one.pk, verdict=Verdict(seen=seen)
        )


def test_the_database_refuses_a_review_of_ones_own_answer(disputed, ana, bill):
    with pytest.raises(IntegrityError, match="of their own"), transaction.atomic():
        Annotation.objects.create(
            id=cast.new_id(), kind=Kind.LABEL, utterance=disputed[0], annotator=ana,
            intent=bill, is_review=True, body_hash="0" * 64,
        )  # fmt: skip
