"""A ranking leaves on each item which others say nearly the same."""

import numpy as np
import pytest

from annotations.models import QueueItem
from annotations.models.queue import BLIND_REASONS
from training.services import queue_neighbours, ranking

pytestmark = pytest.mark.django_db


class TwoVectors:
    """Rows 0 and 1 are near, row 2 is far from both."""

    rows = np.array([[1.0, 0.0], [0.96, 0.28], [0.0, 1.0]], dtype=np.float32)

    def rows_of(self, ids):
        return ids, np.ones(len(ids), dtype=bool)

    def view(self, rows):
        return self.rows[rows]


def test_only_what_is_near_and_of_the_same_intent_is_alike():
    guess, other = [("pay_bill", 0.9)], [("report_outage", 0.9)]

    same = queue_neighbours.alike({0: guess, 1: guess, 2: guess}, TwoVectors())
    apart = queue_neighbours.alike({0: guess, 1: other, 2: guess}, TwoVectors())

    assert same == {0: {"alike": [1]}, 1: {"alike": [0]}}
    assert apart == {}


def test_no_blind_item_has_others_like_it_or_is_one(pool, labeled, encoder):
    ranking.rank(reason="test", seed=0)

    items = QueueItem.objects.all()
    shown = items.exclude(reason__in=BLIND_REASONS)
    alike = {pk for item in items for pk in item.why.get("alike", ())}
    assert alike
    assert alike <= set(shown.values_list("utterance_id", flat=True))
    assert not items.filter(reason__in=BLIND_REASONS, why__has_key="alike").exists()
