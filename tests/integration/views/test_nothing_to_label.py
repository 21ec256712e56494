"""An empty desk says why, and only what is so."""

from datetime import UTC, datetime

import pytest

from annotations.services.queue import QueueState
from annotations.views.nothing_to_label import describe


def state(**fields):
    nothing = {
        "ready": 0,
        "mine_answered": 0,
        "held_by_others": 0,
        "held_by_me": 0,
        "next_free_at": None,
        "pool": 0,
        "worker_alive": True,
    }
    return QueueState(**{**nothing, **fields})


def test_nothing_left_is_all_done():
    assert describe(state()).title == "All done"


def test_items_held_by_others_come_with_the_time_they_end():
    until = datetime(2026, 11, 22, 14, 32, tzinfo=UTC)

    empty = describe(state(held_by_others=3, pool=3, next_free_at=until))

    assert empty.title == "3 items are held by others"
    assert "14:32" in empty.lines[0]
    assert len(empty.lines) == 1


def test_one_held_item_reads_as_one():
    assert describe(state(held_by_others=1)).title == (
        "1 item is held by somebody else"
    )


def test_a_pool_with_a_worker_waits_for_the_ranking():
    empty = describe(state(pool=1200))

    assert empty.title == "Waiting for the ranking"
    assert "1,200 utterances" in empty.lines[0]


def test_a_pool_without_a_worker_says_that_none_is_alive():
    empty = describe(state(pool=1, worker_alive=False))

    assert empty.title == "No worker is alive"
    assert "1 utterance has" in empty.lines[0]


def test_held_items_do_not_count_as_waiting():
    assert describe(state(pool=2, held_by_me=2)).title == "You hold the rest yourself"


def test_second_opinions_need_somebody_else():
    empty = describe(state(mine_answered=4))

    assert empty.title == "You have answered all you may"
    assert "4 items wait" in empty.lines[0]


def test_a_ready_item_is_fetched_at_once():
    assert describe(state(ready=1)).title == "An item has just come free"


@pytest.mark.parametrize(
    "fields", [{}, {"pool": 5}, {"held_by_others": 1}, {"mine_answered": 1}]
)
def test_every_empty_desk_looks_again_by_itself(fields):
    assert describe(state(**fields)).poll_seconds > 0
