import pytest

from ivr_label.celery import app


@pytest.mark.parametrize("entry", sorted(app.conf.beat_schedule))
def test_every_scheduled_task_exists(entry):
    app.loader.import_default_modules()

    assert app.conf.beat_schedule[entry]["task"] in app.tasks


def test_every_sweep_is_scheduled():
    app.loader.import_default_modules()
    sweeps = {name for name in app.tasks if ".sweep_" in name}

    assert sweeps <= {entry["task"] for entry in app.conf.beat_schedule.values()}


def test_every_routed_task_exists_and_goes_to_a_queue_that_a_worker_serves():
    app.loader.import_default_modules()
    routes = app.conf.task_routes

    assert set(routes) <= set(app.tasks)
    assert {route["queue"] for route in routes.values()} <= {"default", "gpu"}


def test_a_message_survives_the_worker_that_took_it():
    assert app.conf.task_acks_late
    assert app.conf.task_reject_on_worker_lost
    assert app.conf.worker_prefetch_multiplier == 1


def test_messages_are_plain_json_and_results_are_not_kept():
    assert app.conf.accept_content == ["json"]
    assert app.conf.task_serializer == "json"
    assert app.conf.result_backend is None
