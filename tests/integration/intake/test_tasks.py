"""Intake's tasks, and two workers at once."""

import json
import threading

import pytest
from django.db import connection

from annotations import tasks
from annotations.models import IntakeBatch, Turn, Utterance
from annotations.services import intake

from .conftest import counters, lines, receive, take_in


@pytest.fixture
def rung(monkeypatch):
    """Names and arguments of the bells rung, instead of a broker."""
    bells = []
    monkeypatch.setattr(
        "annotations.tasks_intake.ring",
        lambda task, *ids: bells.append((task.name.rpartition(".")[2], *ids)),
    )
    return bells


@pytest.mark.django_db
def test_a_batch_is_read_and_the_full_pass_rung(rung):
    batch = receive(lines("a text"))

    tasks.process_batch(str(batch.pk))

    batch.refresh_from_db()
    assert batch.status == IntakeBatch.Status.CLOSED
    assert rung == [("scrub",)]


@pytest.mark.django_db
def test_a_batch_delivered_twice_is_read_once(rung):
    batch = receive(lines("a text"))

    for _ in range(3):
        tasks.process_batch(str(batch.pk))

    assert Utterance.objects.get().count == 1
    assert rung == [("scrub",)]


@pytest.mark.django_db
def test_the_full_pass_rings_itself_while_rows_wait(rung, full_pass, monkeypatch):
    monkeypatch.setattr("annotations.tasks_intake.SCRUB_ROWS", 1)
    monkeypatch.setattr("annotations.services.scrub.CHUNK_ROWS", 1)
    take_in(lines("one", "two"))

    tasks.scrub()
    assert rung == [("scrub",)]
    tasks.scrub()

    assert rung == [("scrub",)]
    assert Utterance.objects.visible().count() == 2


@pytest.mark.django_db
def test_the_sweep_finds_what_no_bell_told_of(rung):
    take_in(lines("waits for the full pass"))
    waiting = receive(lines("waits for a worker"))

    tasks.sweep_intake()

    assert rung == [("process_batch", waiting.pk), ("scrub",)]


@pytest.mark.django_db
def test_the_sweep_is_silent_where_all_is_done(rung, full_pass):
    take_in(lines("a"))
    full_pass()

    tasks.sweep_intake()

    assert rung == []


@pytest.mark.django_db(transaction=True)
def test_two_workers_with_the_same_rows_count_each_once():
    """The same turns and texts in two files, in opposite order, at the same time."""
    rows = [
        {"text": f"text {n % 50}", "conversation_id": f"c{n % 30}", "turn": n % 7}
        for n in range(400)
    ]
    first = receive(lines(*rows))
    second = receive(lines(*reversed(rows)))
    errors = []

    def work(batch):
        try:
            intake.process(batch.pk)
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    workers = [threading.Thread(target=work, args=(b,)) for b in (first, second)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    turns = {json.dumps([r["conversation_id"], r["turn"]]) for r in rows}
    assert errors == []
    assert Turn.objects.count() == len(turns)
    assert sum(Utterance.objects.values_list("count", flat=True)) == len(turns)
    for batch in (first, second):
        batch.refresh_from_db()
        assert batch.status == IntakeBatch.Status.CLOSED
        assert counters(batch)[0] == 400
    assert first.accepted + second.accepted == Utterance.objects.count()
