"""Leases: one holder at a time, nothing stuck, nothing disturbed by a refill."""

import threading
from collections import Counter

import pytest
from django.db import connection

from annotations.errors import LeaseLostError
from annotations.models import QueueItem, Utterance
from annotations.services import labels, queue
from annotations.services.labels import Answer
from annotations.services.queue import Draw
from tests.factories import cast


@pytest.mark.django_db
def test_the_best_ranked_item_comes_first():
    later, first = cast.item(rank=9), cast.item(rank=2)

    ana = cast.ana()

    assert [queue.claim_next(by=ana).pk for _ in range(2)] == [first.pk, later.pk]
    assert queue.claim_next(by=ana) is None


@pytest.mark.django_db
def test_an_item_answered_by_a_person_is_not_offered_to_them_again():
    ana, ben = cast.ana(), cast.ben()
    cast.intent("check_bill")
    utterance = cast.utterance()
    cast.item(utterance)
    item = queue.claim_next(by=ana)
    labels.submit(
        by=ana,
        answer=Answer(uuid=cast.new_id(), item_id=item.pk, intent="check_bill"),
    )
    again = cast.item(utterance, reason="second_opinion")

    assert queue.claim_next(by=ana) is None
    assert queue.claim_next(by=ben).pk == again.pk


@pytest.mark.django_db
def test_an_expired_lease_is_offered_again_without_a_worker():
    item = cast.item()
    queue.claim_next(by=cast.ana())
    QueueItem.objects.update(lease_expires_at="2020-01-01T00:00Z")

    assert queue.claim_next(by=cast.ben()).pk == item.pk


@pytest.mark.django_db
def test_a_heartbeat_extends_only_ones_own_lease():
    ana = cast.ana()
    cast.item()
    item = queue.claim_next(by=ana)

    assert queue.renew(item_id=item.pk, by=ana) >= item.lease_expires_at
    with pytest.raises(LeaseLostError):
        queue.renew(item_id=item.pk, by=cast.ben())


@pytest.mark.django_db
def test_release_gives_back_only_ones_own_lease():
    ana = cast.ana()
    cast.item()
    item = queue.claim_next(by=ana)

    assert not queue.release(item.pk, by=cast.ben())
    assert queue.release(item.pk, by=ana)
    assert QueueItem.objects.get().status == QueueItem.Status.READY


@pytest.mark.django_db
def test_many_open_pages_do_not_hold_the_queue():
    ana = cast.ana()
    for _ in range(queue.MAX_LEASES + 2):
        cast.item()
        queue.claim_next(by=ana)

    assert queue.release_surplus(by=ana) == 2
    leased = QueueItem.objects.filter(status=QueueItem.Status.LEASED)
    assert leased.count() == queue.MAX_LEASES


@pytest.mark.django_db
def test_refill_replaces_what_nobody_holds():
    ana = cast.ana()
    held = cast.item(rank=1)
    queue.claim_next(by=ana)
    stale = cast.item(rank=2)
    fresh = [cast.utterance() for _ in range(3)]

    n = queue.refill([Draw(u.pk, "uncertain", 0.2) for u in fresh], ranking_id=7)

    assert n == 3
    assert not QueueItem.objects.filter(pk=stale.pk).exists()
    assert QueueItem.objects.get(pk=held.pk).status == QueueItem.Status.LEASED
    ready = QueueItem.objects.filter(status="ready").order_by("rank")
    assert [i.utterance_id for i in ready] == [u.pk for u in fresh]


@pytest.mark.django_db
def test_refill_passes_over_what_left_the_pool_or_is_held():
    cast.item()
    held = queue.claim_next(by=cast.ana())
    labeled = cast.utterance(status=Utterance.Status.LABELED)
    unscrubbed = cast.utterance(redaction=Utterance.Redaction.LIGHT)
    wanted = cast.utterance()

    n = queue.refill(
        [
            Draw(u, "diverse", 0.1)
            for u in (held.utterance_id, labeled.pk, unscrubbed.pk, wanted.pk)
        ]
    )

    assert n == 1
    assert QueueItem.objects.get(status="ready").utterance == wanted


@pytest.mark.django_db
def test_refill_keeps_items_that_somebody_held_lately():
    ana = cast.ana()
    cast.item()
    item = queue.claim_next(by=ana)
    queue.release(item.pk, by=ana)

    queue.refill([])

    assert QueueItem.objects.filter(pk=item.pk).exists()


@pytest.mark.django_db
def test_the_state_tells_what_is_held_by_others_and_that_no_worker_lives():
    ana = cast.ana()
    cast.item()
    queue.claim_next(by=cast.ben())

    state = queue.state(by=ana)

    assert (state.ready, state.held_by_others) == (0, 1)
    assert state.next_free_at is not None
    assert not state.worker_alive


@pytest.mark.django_db(transaction=True)
def test_a_thousand_simultaneous_claims_hand_out_no_item_twice():
    people = [cast.person(f"p{n}", "annotator") for n in range(8)]
    QueueItem.objects.bulk_create(
        QueueItem(
            utterance=cast.utterance(), reason="uncertain", rank=n, draw_probability=1
        )
        for n in range(1000)
    )
    got: list[int] = []
    start = threading.Barrier(len(people))

    def work(person):
        start.wait()
        for _ in range(125):
            got.append(queue.claim_next(by=person).pk)
        connection.close()

    threads = [threading.Thread(target=work, args=(p,)) for p in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(got) == 1000
    assert max(Counter(got).values()) == 1
