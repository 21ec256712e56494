"""What the model registry is told of rounds, and that none waits for it."""

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models.functions import Now

from tests.factories import rounds as factory
from training.models import Checkpoint, RegistryEntry
from training.services import mlflow_store, promotion, registry, rounds
from training.services.mlflow_store import Run, Store, uri

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("tiny", "bells"),
]
REASON = "it was checked by hand"


class Kept(Store):
    """A registry in memory; `faults` are raised first, one a call."""

    def __init__(self) -> None:
        self.runs: dict[int, Run] = {}
        self.writes = 0
        self.faults: list[Exception] = []

    def write(self, run: Run) -> str:
        if self.faults:
            raise self.faults.pop(0)
        self.writes += 1
        self.runs[run.round_id] = run
        return f"run-{run.round_id}"


def test_an_ended_round_is_told_once_with_all_that_names_it():
    factory.world()
    found, store = factory.ended(factory.policy()), Kept()

    assert registry.sweep(store) == 1
    assert registry.sweep(store) == 0

    run = store.runs[found.pk]
    assert run.is_champion
    assert run.parameters["recipe"] == "head"
    assert run.parameters["n_exam"] == 12
    assert run.metrics["intent_accuracy"] == 1.0
    assert "intent_accuracy.low" in run.metrics
    assert run.tags["dataset.digest"] == found.snapshot.digest
    assert run.tags["checkpoint.manifest_sha256"] == found.challenger.manifest_sha256
    assert run.tags["versions.code"]
    assert run.folder.name == found.challenger.path


def test_two_workers_that_sweep_at_once_make_one_run():
    """Telling takes seconds; the other would find no run yet and make a second."""
    factory.world()
    factory.ended(factory.policy())

    class Slow(Kept):
        told_meanwhile = 0

        def write(self, run: Run) -> str:
            def sweep() -> None:
                self.told_meanwhile += registry.sweep(Kept())
                connection.close()

            other = threading.Thread(target=sweep)
            other.start()
            other.join()
            return super().write(run)

    store = Slow()
    assert registry.sweep(store) == 1
    assert store.told_meanwhile == 0


def test_a_change_of_the_champion_is_told_again(tmp_path):
    factory.world()
    found, store = factory.ended(factory.policy()), Kept()
    registry.sweep(store)
    other = factory.checkpoint("other", tmp_path / "other", factory.SAYINGS)
    promotion.promote(
        checkpoint=other, reason=REASON, by=None, instead_of=found.challenger
    )

    assert registry.sweep(store) == 1

    assert not store.runs[found.pk].is_champion
    assert RegistryEntry.objects.get().told == "promoted retired"


def test_a_registry_that_fails_is_kept_on_record_and_tried_again_after_a_pause():
    factory.world()
    found, store = factory.ended(factory.policy()), Kept()
    store.faults = [ConnectionError("refused"), ConnectionError("refused again")]

    assert registry.sweep(store) == 0
    entry = RegistryEntry.objects.get()
    assert (entry.attempts, entry.error) == (1, "ConnectionError: refused")
    assert registry.sweep(store) == 0
    assert len(store.faults) == 1, "it was tried again at once"

    def sweep_after(minutes: float) -> int:
        RegistryEntry.objects.update(tried_at=Now() - timedelta(minutes=minutes))
        return registry.sweep(store)

    assert sweep_after(1.1) == 0
    assert sweep_after(1.1) == 0, "the second pause is longer"
    assert sweep_after(2.1) == 1
    entry.refresh_from_db()
    assert (entry.attempts, entry.error) == (0, "")
    found.refresh_from_db()
    assert found.status == "promoted"


def test_a_registry_that_cannot_be_opened_fails_no_round(monkeypatch, settings):
    settings.MODEL_REGISTRY = "mlflow"
    factory.world()
    found = factory.ended(factory.policy())

    def refuse() -> Store:
        raise ModuleNotFoundError("No module named 'mlflow'")

    monkeypatch.setattr(Store, "open", refuse)

    assert registry.sweep() == 0
    assert "No module named" in RegistryEntry.objects.get().error
    found.refresh_from_db()
    assert found.status == "promoted"


def test_it_can_be_switched_off(settings):
    settings.MODEL_REGISTRY = "off"
    factory.world()
    factory.ended(factory.policy())

    assert registry.sweep() == 0
    assert not RegistryEntry.objects.exists()


def test_a_round_without_a_model_is_not_told():
    factory.world()
    found = rounds.request(policy=factory.policy(), cause="a test", by=None)
    rounds.cancel(round_id=found.pk, by=factory.engineer())

    assert registry.sweep(Kept()) == 0


def test_the_address_shows_mlflow_its_own_schema_and_nothing_else():
    at = {
        "USER": "ivr",
        "PASSWORD": "p@ss/word",
        "HOST": "db.example",
        "PORT": "5433",
        "NAME": "ivr",
        "OPTIONS": {"sslmode": "require", "prepare_threshold": 0},
    }

    assert uri(at) == (
        "postgresql+psycopg://ivr:p%40ss%2Fword@db.example:5433/ivr"
        "?sslmode=require&options=-csearch_path%3Dmlflow"
    )


@pytest.mark.models
@pytest.mark.filterwarnings("default")  # what MLflow warns of is its own
def test_mlflow_itself_keeps_the_run_the_version_and_the_champion_once(settings):
    """The real one, in the test's database: makes its tables, so it takes a while."""
    settings.MODEL_REGISTRY = "mlflow"
    factory.world()
    found = factory.ended(factory.policy())
    try:
        assert registry.sweep() == 1
        # A worker that died before it kept the id finds its run again.
        RegistryEntry.objects.all().delete()
        assert registry.sweep() == 1

        client = Store.open()._client
        [run] = client.search_runs(
            [client.get_experiment_by_name("intent").experiment_id]
        )
        assert run.data.tags["dataset.digest"] == found.snapshot.digest
        assert run.data.metrics["intent_accuracy"] == 1.0
        assert run.info.status == "FINISHED"
        version = client.get_model_version_by_alias("intent", "champion")
        assert version.run_id == run.info.run_id
        assert version.source.endswith(found.challenger.path)
        assert version.tags["manifest_sha256"] == found.challenger.manifest_sha256
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM information_schema.tables "
                "WHERE table_schema = 'public' AND table_name IN "
                "('runs', 'experiments', 'alembic_version')"
            )
            assert cursor.fetchone() == (0,)
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"DROP SCHEMA IF EXISTS {mlflow_store.SCHEMA} CASCADE")
    assert Checkpoint.objects.count() == 1
