"""A reviewer settles what the answers left open, never about an answer of their own."""

import pytest

from annotations.errors import ConflictError, NotAllowedError, NotFoundError
from annotations.models import Annotation, GoldLabel, QueueItem, Utterance
from annotations.services import labels, queue, review, review_queues
from annotations.services.labels import Answer
from tests.factories import cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def rita():
    return cast.person("rita", "reviewer")


@pytest.fixture
def answers():
    """Ana's and Ben's answers to one utterance, which differ."""
    ana, ben = cast.ana(), cast.ben()
    cast.intent("check_bill")
    cast.intent("pay_bill")
    cast.item()
    item = queue.claim_next(by=ana)
    QueueItem.objects.update(lease_expires_at="2020-01-01T00:00Z")
    queue.claim_next(by=ben)
    return [
        labels.submit(
            by=person,
            answer=Answer(uuid=cast.new_id(), item_id=item.pk, intent=intent),
        ).annotation
        for person, intent in ((ana, "check_bill"), (ben, "pay_bill"))
    ]


def test_a_disagreement_shows_every_standing_answer(answers):
    (utterance,) = review_queues.disagreements()

    shown = review_queues.as_case(utterance).answers

    assert [a.intent.name for a in shown] == ["check_bill", "pay_bill"]


def test_resolve_makes_the_chosen_answer_gold(answers, rita):
    review.resolve(by=rita, uuid=cast.new_id(), answer_id=answers[1].pk)

    gold = GoldLabel.objects.get()
    assert (gold.intent.name, gold.rule) == ("pay_bill", GoldLabel.Rule.REVIEWED)
    assert Utterance.objects.get().status == Utterance.Status.LABELED
    assert not review_queues.disagreements().exists()


def test_resolving_twice_with_one_id_stores_once(answers, rita):
    key = cast.new_id()
    for _ in range(2):
        review.resolve(by=rita, uuid=key, answer_id=answers[1].pk)

    assert Annotation.objects.filter(is_review=True).count() == 1


def test_a_settled_disagreement_cannot_be_settled_again(answers, rita):
    review.resolve(by=rita, uuid=cast.new_id(), answer_id=answers[1].pk)

    with pytest.raises(ConflictError):
        review.resolve(by=rita, uuid=cast.new_id(), answer_id=answers[0].pk)


def test_nobody_decides_about_their_own_answer(answers):
    with pytest.raises(NotAllowedError, match="yours"):
        review.resolve(
            by=answers[0].annotator, uuid=cast.new_id(), answer_id=answers[1].pk
        )


def test_an_answer_that_does_not_exist_is_not_found(rita):
    with pytest.raises(NotFoundError):
        review.resolve(by=rita, uuid=cast.new_id(), answer_id=cast.new_id())
