from datetime import timedelta

import pytest
from django.db.models import F

from annotations.models import QueueItem
from tests.factories import cast
from training import tasks
from training.models import Ranking
from training.services import ranking

pytestmark = pytest.mark.django_db


def age_by(seconds):
    """Pretend that the last ranking started so long ago."""
    Ranking.objects.update(started_at=F("started_at") - timedelta(seconds=seconds))


def free(pool):
    return [u for u in pool if u.split == "train"]


def test_nothing_is_due_without_utterances(db, encoder):
    assert ranking.due() is None


def test_the_first_utterances_are_ranked(pool, encoder):
    assert ranking.due() == "first"


def test_nothing_is_due_right_after_a_ranking(pool, encoder):
    ranking.rank(reason="test")
    age_by(3600)

    assert ranking.due() is None


def test_twenty_labels_are_a_reason_at_once(pool, label, encoder):
    ranking.rank(reason="test")
    for utterance in free(pool)[:19]:
        label(utterance, "pay_bill")
    assert ranking.due() is None

    label(free(pool)[19], "pay_bill")

    assert ranking.due() == "20 new labels"


def test_one_label_is_a_reason_after_a_minute(pool, label, encoder):
    age_by(0)
    ranking.rank(reason="test")
    age_by(59)
    label(pool[1], "pay_bill")
    assert ranking.due() is None

    age_by(2)

    assert ranking.due() == "new labels"


def test_a_consumed_queue_is_a_reason(pool, encoder):
    ranking.rank(reason="test")
    age_by(11)
    QueueItem.objects.filter(
        pk__in=QueueItem.objects.values_list("pk", flat=True)[:30]
    ).update(status="done")

    assert ranking.due() == "queue low"


def test_a_short_queue_that_nobody_touched_is_no_reason(pool, encoder, settings):
    settings.RANKING_QUOTAS = {"length": 10}
    ranking.rank(reason="test")
    age_by(11)

    assert ranking.due() is None


def test_new_utterances_are_a_reason(pool, encoder):
    ranking.rank(reason="test")
    cast.utterance("something quite new")
    assert ranking.due() is None

    age_by(11)

    assert ranking.due() == "new utterances"


def test_a_failure_waits_before_the_next_try(pool, encoder, label):
    Ranking.objects.create(cause="x", status=Ranking.Status.FAILED)
    for utterance in free(pool)[:20]:
        label(utterance, "pay_bill")
    assert ranking.due() is None

    age_by(61)
    for utterance in free(pool)[20:21]:
        label(utterance, "pay_bill")

    assert ranking.due() is not None


@pytest.mark.parametrize("status", [Ranking.Status.FAILED, Ranking.Status.RUNNING])
def test_a_ranking_that_broke_off_is_made_again_though_nobody_can_label(
    pool, encoder, status
):
    """With an empty queue no label would ever come to ask for it."""
    ranking.rank(reason="test")
    QueueItem.objects.update(status="done")
    Ranking.objects.create(cause="queue low", status=status)
    assert ranking.due() is None

    age_by(61)

    assert ranking.due() == "the last one broke off"
    assert ranking.rank(reason=ranking.due()).n_queued > 0


def test_the_sweep_ranks_what_is_due_and_only_that(pool, encoder):
    tasks.sweep_ranking()
    tasks.sweep_ranking()

    assert [r.cause for r in Ranking.objects.all()] == ["first"]
