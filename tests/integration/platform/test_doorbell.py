import logging
from uuid import UUID

import pytest
from celery import Celery
from django.db import transaction
from kombu.exceptions import EncodeError

from annotations import doorbell


@pytest.fixture(autouse=True)
def no_silence(monkeypatch):
    monkeypatch.setattr(doorbell, "_silent_until", 0.0)


def a_task(broker: str):
    app = Celery("bell", broker=broker, set_as_current=False)
    app.conf.broker_transport_options = {"socket_connect_timeout": 0.2}

    @app.task(name="bell.work")
    def work(*ids):
        """Never runs here: the tests look at the message."""

    return app, work


@pytest.mark.django_db(transaction=True)
def test_the_bell_rings_after_the_commit_with_ids_as_json():
    app, task = a_task("memory://after-commit")
    identifier = UUID(int=7)

    with transaction.atomic():
        doorbell.ring(task, 3, identifier)
        before = waiting(app)

    assert before is None
    assert waiting(app).payload[0] == [3, str(identifier)]


@pytest.mark.django_db(transaction=True)
def test_what_was_rolled_back_rings_no_bell():
    app, task = a_task("memory://rolled-back")

    with pytest.raises(ZeroDivisionError), transaction.atomic():
        doorbell.ring(task, 3)
        raise ZeroDivisionError

    assert waiting(app) is None


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "broker", ["redis+socket:///nowhere/valkey.sock", "redis://127.0.0.1:1/0"]
)
def test_a_broker_that_is_down_fails_nothing_and_is_noted(broker, caplog):
    _, task = a_task(broker)

    with caplog.at_level(logging.WARNING), transaction.atomic():
        doorbell.ring(task, 3)

    [record] = [r for r in caplog.records if r.name == "annotations.doorbell"]
    assert record.task == "bell.work"
    assert record.ids == [3]


@pytest.mark.django_db(transaction=True)
def test_after_a_failure_the_next_requests_do_not_wait_for_the_broker(monkeypatch):
    _, task = a_task("redis+socket:///nowhere/valkey.sock")
    tries = []
    real = task.apply_async
    monkeypatch.setattr(task, "apply_async", lambda **kw: tries.append(1) or real(**kw))

    doorbell.ring(task, 3)
    doorbell.ring(task, 4)
    assert len(tries) == 1

    monkeypatch.setattr(doorbell, "_silent_until", 0.0)
    doorbell.ring(task, 5)
    assert len(tries) == 2


@pytest.mark.django_db(transaction=True)
def test_a_mistake_of_ours_is_not_swallowed():
    _, task = a_task("memory://mistake")

    with pytest.raises(EncodeError), transaction.atomic():
        doorbell.ring(task, object())


def waiting(app: Celery):
    with app.connection_for_read() as connection:
        return connection.SimpleQueue("celery").queue.get()
