"""Every command of ours takes --json and ends in one JSON object."""

import json
from io import StringIO

import pytest
from django.core.management import call_command, get_commands, load_command_class

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
    "prepare",
    "rank",
    "redact",
    "train",
    "worker_alive",
}
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
    assert ELSEWHERE | set(RUN) == set(OURS)


@pytest.mark.parametrize("name", OURS)
def test_it_takes_json(name):
    parser = load_command_class(OURS[name], name).create_parser("manage.py", name)

    assert "--json" in parser._option_string_actions


@pytest.mark.parametrize("name", RUN)
def test_its_last_line_is_one_json_object(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "functions").mkdir()
    cast.ana()
    out = StringIO()

    call_command(name, *RUN[name], "--json", stdout=out)

    assert isinstance(json.loads(out.getvalue().splitlines()[-1]), dict)


def test_keys_are_revoked_in_json_too():
    cast.ana()
    out = StringIO()
    call_command("api_token", "ana", "--scope", "read", "--name", "bot", stdout=out)

    call_command("api_token", "ana", "--revoke", "--json", stdout=out)

    told = json.loads(out.getvalue().splitlines()[-1])
    assert told == {"username": "ana", "revoked": ["bot"]}
