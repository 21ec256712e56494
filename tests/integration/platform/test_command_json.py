"""Every command of ours takes --json and ends in one JSON object."""

import json
import socket
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import (
    CommandError,
    call_command,
    get_commands,
    load_command_class,
)
from django.utils import timezone

from annotations.models import Role, WorkerHeartbeat
from ivr_label.management.commands import prepare
from tests.factories import cast

pytestmark = pytest.mark.django_db
APPS = ("annotations", "training", "ivr_label")
OURS = {name: app for name, app in get_commands().items() if app in APPS}
# Of these the printed JSON is tested where the command is: they train, or read files.
ELSEWHERE = {
    "backtest",
    "demo_data",
    "evaluate",
    "experiment",
    "ingest",
    "predict",
    "rank",
    "redact",
    "train",
}
# Of these further down: they need something made first.
HERE = {"prepare", "worker_alive"}
RUN = {
    "api_token": ["ana", "--scope", "read"],
    "audit": ["verify"],
    "create_person": ["dana", "--role", "reviewer"],
    "deactivate_person": ["ana"],
    "export": ["gold", "gold.jsonl"],
    "import_functions": ["functions", "--by", "ana"],
    "invariants": [],
    "sign_in_links": ["--for", "ana"],
}


def test_every_command_is_known_here():
    assert ELSEWHERE | HERE | set(RUN) == set(OURS)


@pytest.mark.parametrize("name", OURS)
def test_it_takes_json(name):
    parser = load_command_class(OURS[name], name).create_parser("manage.py", name)

    assert "--json" in parser._option_string_actions


@pytest.mark.parametrize("name", RUN)
def test_its_last_line_is_one_json_object(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "functions").mkdir()
    cast.ana()

    assert isinstance(last_line(name, *RUN[name]), dict)


def last_line(name: str, *arguments: str) -> dict:
    out = StringIO()
    call_command(name, *arguments, "--json", stdout=out)
    return json.loads(out.getvalue().splitlines()[-1])


def test_what_was_prepared_is_told_with_a_link_for_each_role(
    settings, tmp_path, monkeypatch, client
):
    settings.STATIC_ROOT = tmp_path / "static"
    monkeypatch.setattr(prepare, "hand_back", lambda app: 3)
    worker("gpu@elsewhere")

    told = last_line(
        "prepare", "--no-worker-is-alive", "--base-url", "http://localhost"
    )

    assert told["tasks_handed_back"] == 3
    assert set(told["links"]) == set(Role.values)
    page = client.get(told["links"]["reviewer"].removeprefix("http://localhost"))
    assert page.status_code == 200
    assert not WorkerHeartbeat.objects.exists()
    assert any((tmp_path / "static").iterdir())


def test_without_an_address_nobody_gets_a_link_and_workers_are_left_alone(
    settings, tmp_path
):
    settings.STATIC_ROOT = tmp_path / "static"
    worker("gpu@elsewhere")

    assert last_line("prepare") == {"tasks_handed_back": 0, "links": {}}
    assert WorkerHeartbeat.objects.exists()


def test_workers_of_this_host_that_are_alive_are_counted():
    worker(f"gpu@{socket.gethostname()}")
    worker("gpu@elsewhere")
    worker(f"default@{socket.gethostname()}", silent_for=timedelta(seconds=41))

    assert last_line("worker_alive") == {"alive": 1}


def test_without_a_living_worker_the_command_fails_and_still_says_how_many():
    worker(f"gpu@{socket.gethostname()}", silent_for=timedelta(seconds=41))
    out = StringIO()

    with pytest.raises(CommandError, match="no worker of this host is alive"):
        call_command("worker_alive", "--json", stdout=out)

    assert json.loads(out.getvalue()) == {"alive": 0}


def worker(name: str, silent_for: timedelta = timedelta()) -> None:
    now = timezone.now()
    WorkerHeartbeat.objects.create(
        name=name, queues="gpu", pid=1, started_at=now, last_seen_at=now - silent_for
    )


def test_keys_are_revoked_in_json_too():
    cast.ana()
    out = StringIO()
    call_command("api_token", "ana", "--scope", "read", "--name", "bot", stdout=out)

    call_command("api_token", "ana", "--revoke", "--json", stdout=out)

    told = json.loads(out.getvalue().splitlines()[-1])
    assert told == {"username": "ana", "revoked": ["bot"]}
