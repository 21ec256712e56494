import threading
import time

import pytest
from django.db import connection

from annotations.locks import Lock
from annotations.models import QueueItem, Suggestion, Utterance
from annotations.services import queue
from tests.factories import cast
from training.models import Ranking, UtteranceEmbedding
from training.services import heads, queue_draw, ranking

pytestmark = pytest.mark.django_db


def reasons():
    return set(QueueItem.objects.values_list("reason", flat=True))


def test_without_labels_the_queue_is_diverse_exam_and_random(pool, encoder, intents):
    found = ranking.rank(reason="test")

    assert found.status == Ranking.Status.DONE
    assert (found.n_pool, found.n_embedded, found.n_gold) == (60, 60, 0)
    assert found.n_queued == QueueItem.objects.count() == 60
    assert reasons() == {"diverse", "exam", "random", "fallback"}
    assert not Suggestion.objects.exists()


def test_with_labels_the_queue_is_uncertain_and_suggests(labeled, pool, encoder):
    found = ranking.rank(reason="test")

    assert found.n_gold == 12
    assert found.model_name == f"head-{found.pk}"
    assert reasons() == {"uncertain", "diverse", "exam", "random", "fallback"}
    uncertain = QueueItem.objects.filter(reason="uncertain").first()
    guess = uncertain.utterance.suggestion
    assert uncertain.why["between"] == [g["intent"] for g in guess.intents[:2]]
    assert [g["confidence"] for g in guess.intents] == sorted(
        (g["confidence"] for g in guess.intents), reverse=True
    )
    assert guess.model_name == found.model_name


def test_suggestions_are_right_where_the_texts_are_alike(labeled, pool, encoder):
    ranking.rank(reason="test")

    guesses = Suggestion.objects.select_related("utterance")
    right = {"i want": "pay_bill", "the in": "report_outage"}
    told = [
        g.intents[0]["intent"] == right[g.utterance.text[:6]]
        for g in guesses
        if g.utterance.text[:6] in right
    ]
    assert len(told) >= 10
    assert all(told)


def test_blind_items_get_no_suggestion(labeled, pool, encoder):
    ranking.rank(reason="test")

    blind = QueueItem.objects.filter(reason__in=["exam", "random"])
    assert blind.exists()
    assert not Suggestion.objects.filter(utterance__queueitem__in=blind).exists()


def test_exam_utterances_are_queued_for_the_exam_only(labeled, pool, encoder):
    ranking.rank(reason="test")

    for item in QueueItem.objects.select_related("utterance"):
        assert (item.reason == "exam") == (item.utterance.split == "exam")


def test_the_head_never_learns_from_the_exam(pool, label, encoder):
    exam = [u for u in pool if u.split == "exam"]
    for number, utterance in enumerate(exam):
        label(utterance, "pay_bill" if number % 2 else "report_outage")

    found = ranking.rank(reason="test")

    assert found.n_gold == 0
    assert heads.current() is None


def test_what_was_answered_never_returns(labeled, pool, encoder):
    gone = [u for u in pool if u not in labeled][:3]
    for utterance, status in zip(
        gone, ("skipped", "quarantined", "review"), strict=True
    ):
        Utterance.objects.filter(pk=utterance.pk).update(status=status)

    ranking.rank(reason="test")

    queued = set(QueueItem.objects.values_list("utterance_id", flat=True))
    assert queued.isdisjoint({u.pk for u in (*labeled, *gone)})


def test_leased_items_stay_as_they_are(labeled, pool, encoder):
    ranking.rank(reason="first")
    held = queue.claim_next(by=cast.ben())
    before = QueueItem.objects.values().get(pk=held.pk)

    ranking.rank(reason="second")

    assert QueueItem.objects.values().get(pk=held.pk) == before
    assert QueueItem.objects.filter(utterance=held.utterance_id).count() == 1


def test_second_opinions_stay(labeled, pool, encoder):
    asked = cast.item(of=pool[7], reason="second_opinion")

    ranking.rank(reason="test")

    assert QueueItem.objects.filter(pk=asked.pk).exists()
    assert QueueItem.objects.filter(utterance=pool[7]).count() == 1


def test_only_fully_redacted_text_is_embedded(pool, encoder, intents):
    secret = cast.utterance("my name is", redaction=Utterance.Redaction.LIGHT)
    failed = cast.utterance("my card is", redaction=Utterance.Redaction.FAILED)

    ranking.rank(reason="test")

    assert secret.text not in encoder.texts
    assert failed.text not in encoder.texts
    assert UtteranceEmbedding.objects.count() == 60


def test_nothing_is_embedded_twice(pool, encoder, intents):
    ranking.rank(reason="first")
    new = cast.utterance("one more thing")

    found = ranking.rank(reason="second")

    assert found.n_embedded == 1
    assert encoder.texts.count(new.text) == 1
    assert len(encoder.texts) == 61


def test_embedding_stops_when_its_time_is_up(pool, encoder, intents, monkeypatch):
    monkeypatch.setattr("training.embeddings.CHUNK", 10)

    found = ranking.rank(reason="test", embed_seconds=0.0)

    assert (found.n_embedded, found.n_pool, found.n_queued) == (10, 10, 10)


def test_draw_probabilities_of_exam_and_random_are_uniform(
    pool, encoder, intents, settings
):
    settings.RANKING_QUOTAS = {"length": 20}

    ranking.rank(reason="test")

    exam = QueueItem.objects.filter(reason="exam")
    assert exam.count() == 4
    assert {i.draw_probability for i in exam} == {4 / 12}
    control = QueueItem.objects.filter(reason="random")
    assert {i.draw_probability for i in control} == {2 / 48}
    assert QueueItem.objects.count() == 20


def test_a_failure_is_kept_in_the_row_and_the_queue_stays(
    pool, encoder, intents, monkeypatch
):
    ranking.rank(reason="first")
    before = set(QueueItem.objects.values_list("pk", flat=True))

    def broken(*args, **kwargs):
        raise RuntimeError("disk full")

    monkeypatch.setattr(queue_draw, "draw", broken)
    with pytest.raises(RuntimeError):
        ranking.rank(reason="second")

    last = Ranking.objects.first()
    assert last.status == Ranking.Status.FAILED
    assert "disk full" in last.error
    assert set(QueueItem.objects.values_list("pk", flat=True)) == before


def test_suggestions_that_cannot_be_stored_leave_the_queue_alone(
    labeled, pool, encoder, monkeypatch
):
    ranking.rank(reason="first")
    before = set(QueueItem.objects.values_list("pk", flat=True))

    def broken(*args, **kwargs):
        raise RuntimeError("no")

    monkeypatch.setattr(queue_draw.suggestions, "store", broken)
    with pytest.raises(RuntimeError):
        ranking.rank(reason="second")

    assert set(QueueItem.objects.values_list("pk", flat=True)) == before


@pytest.mark.django_db(transaction=True)
def test_one_ranking_at_a_time(pool, encoder, intents):
    inside, go_on = threading.Event(), threading.Event()
    other = []

    def hold():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [Lock.RANKING.value])
            inside.set()
            go_on.wait(10)
            cursor.execute("SELECT pg_advisory_unlock(%s)", [Lock.RANKING.value])
        connection.close()

    thread = threading.Thread(target=hold)
    thread.start()
    inside.wait(10)
    other.append(ranking.rank(reason="test"))
    go_on.set()
    thread.join()

    assert other == [None]
    assert not Ranking.objects.exists()
    assert ranking.rank(reason="test").status == Ranking.Status.DONE


@pytest.mark.django_db(transaction=True)
def test_annotators_always_find_an_item_while_the_queue_is_replaced(
    labeled, pool, encoder
):
    ranking.rank(reason="first")
    ben, over, missed, claimed = cast.ben(), threading.Event(), [], []

    def work():
        while not over.is_set():
            item = queue.claim_next(by=ben)
            if item is None:
                missed.append(1)
            else:
                claimed.append(item.pk)
                # As if nobody had held it: such items are all replaced.
                QueueItem.objects.filter(pk=item.pk).update(
                    status="ready",
                    leased_by=None,
                    leased_at=None,
                    lease_expires_at=None,
                )
        connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    draws = [
        queue.Draw(utterance_id=u.pk, reason="uncertain", draw_probability=0.5)
        for u in pool
        if u not in labeled
    ]
    for _ in range(25):
        queue.refill(draws)
        time.sleep(0.05)  # rankings are seconds apart, not back to back
    over.set()
    thread.join()

    assert missed == []
    assert len(claimed) > 10


def test_a_ranking_left_running_is_buried_by_the_next(pool, encoder, intents):
    dead = Ranking.objects.create(cause="killed")

    ranking.rank(reason="test")

    dead.refresh_from_db()
    assert dead.status == Ranking.Status.FAILED


def test_an_empty_pool_leaves_an_empty_queue(db, encoder):
    found = ranking.rank(reason="test")

    assert (found.status, found.n_queued) == (Ranking.Status.DONE, 0)


def test_the_head_is_kept_for_others(labeled, pool, encoder):
    found = ranking.rank(reason="test")

    kept = heads.current()
    assert kept.name == found.model_name
    assert kept.encoder == "fake"
    [answers] = kept.model.predict(
        encoder.encode(["i want to pay my bill number 3 with a card"])
    ).top(1)
    assert answers[0][0] == "pay_bill"


def test_a_torn_head_file_counts_as_none(data_folder):
    heads.path().parent.mkdir(parents=True)
    heads.path().write_bytes(b"PK\x03\x04 torn")

    assert heads.current() is None


def test_queued_items_know_the_answered_ones_they_are_like(encoder, labeled):
    ranking.rank(reason="test", seed=1)

    items = QueueItem.objects.select_related("utterance")
    known = {u.pk: u.text[:12] for u in labeled}
    shown = [item for item in items if not item.is_blind and "answered" in item.why]
    assert shown
    assert all("answered" not in item.why for item in items if item.is_blind)
    for item in shown:
        assert {known[pk] for pk in item.why["answered"][:2]} == {
            item.utterance.text[:12]
        }
