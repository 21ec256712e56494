import shutil
from datetime import timedelta

import pytest
from django.db import DatabaseError
from django.utils import timezone

from annotations.models import Role, WorkerHeartbeat
from ivr_label import health
from tests.factories import cast

from .conftest import client_of


def worker(queues: str, silence: timedelta = timedelta()) -> None:
    now = timezone.now()
    WorkerHeartbeat.objects.create(
        name=queues, queues=queues, pid=1, started_at=now, last_seen_at=now - silence
    )


def test_alive_needs_no_database(client):
    """No database mark: a query would fail this test."""
    assert client.get("/healthz").json() == {"status": "alive"}


@pytest.mark.django_db
def test_ready_and_whole_with_a_worker_for_each_queue(client):
    worker("default")
    worker("gpu")

    response = client.get("/readyz")

    assert response.status_code == 200
    assert response.json()["degraded"] is False


@pytest.mark.django_db
def test_a_silent_worker_is_told_while_people_can_still_label(client):
    worker("default", silence=timedelta(minutes=2))
    worker("gpu")

    response = client.get("/readyz")

    assert response.status_code == 200
    assert response.json()["degraded"] is True
    assert response.json()["checks"]["workers"]["seconds_since_seen"]["default"] >= 120


@pytest.mark.django_db
def test_not_ready_without_a_database(client, monkeypatch):
    def broken():
        raise DatabaseError("secret host name")

    monkeypatch.setitem(health.VITAL, "database", broken)

    response = client.get("/readyz")

    assert response.status_code == 503
    assert "secret" not in response.content.decode()


@pytest.mark.django_db
def test_not_ready_with_a_full_disk(client, monkeypatch):
    usage = shutil.disk_usage("/")._replace(free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)

    assert client.get("/readyz").status_code == 503


@pytest.mark.django_db
def test_not_ready_before_the_migrations(client, monkeypatch):
    monkeypatch.setattr(health, "_is_migrated", False)
    monkeypatch.setattr(
        health.MigrationExecutor, "migration_plan", lambda self, targets: ["one"]
    )

    assert client.get("/readyz").status_code == 503


@pytest.mark.django_db
def test_metrics_are_read_by_prometheus_own_parser():
    from prometheus_client.parser import text_string_to_metric_families

    cast.item()
    worker("default")
    page = client_of(cast.person("vera", Role.AUDITOR)).get("/metrics")

    families = {
        family.name: family
        for family in text_string_to_metric_families(page.content.decode())
    }

    ready = [
        sample.value
        for sample in families["ivr_queue_items"].samples
        if sample.labels == {"status": "ready"}
    ]
    assert ready == [1]
    assert families["ivr_worker_silence_seconds"].samples[0].value < 5
    assert {"ivr_gold_labels", "ivr_rounds", "ivr_batches"} <= set(families)
