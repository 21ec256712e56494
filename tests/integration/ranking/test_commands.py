import json

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from training.ml import encoder as encoders
from training.services import ranking


@pytest.fixture
def files(tmp_path):
    """A labeled training and test file of three plain intents."""
    texts = {
        "pay": "i want to pay my bill {n}",
        "outage": "the internet is down {n}",
        "visit": "send me a technician on day {n}",
    }
    paths = []
    for name, numbers in (("train", range(30)), ("test", range(30, 40))):
        lines = [
            json.dumps({"text": text.format(n=n), "intent": intent})
            for n in numbers
            for intent, text in texts.items()
        ]
        paths.append(tmp_path / f"{name}.jsonl")
        paths[-1].write_text("\n".join(lines))
    return paths


@pytest.fixture
def no_model(monkeypatch, encoder):
    monkeypatch.setattr(encoders, "default_encoder", lambda folder: encoder)


def backtest(files, *options):
    train, test = files
    call_command("backtest", "--train", train, "--test", test, *options)


def test_backtest_prints_one_json_object_and_needs_no_database(
    files, no_model, capsys, monkeypatch
):
    def refuse(*args, **kwargs):
        raise AssertionError("the database was asked")

    monkeypatch.setattr(connection, "cursor", refuse)

    backtest(files, "--budget", "20", "--batch", "10", "--seeds", "2", "--json")

    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert found["strategy"] == "typiclust_margin"
    assert [point["labels"] for point in found["curve"]] == [10, 20]
    assert found["curve"][-1]["accuracy"] > 0.9


def test_backtest_prints_a_table_for_people(files, no_model, capsys):
    backtest(files, "--budget", "10", "--batch", "10", "--seeds", "1")

    out = capsys.readouterr().out
    assert "random" in out
    assert "labels to 0.85" in out


def test_backtest_embeds_no_text_twice(files, no_model, encoder):
    for _ in range(2):
        backtest(files, "--budget", "5", "--batch", "5", "--seeds", "1", "--json")

    assert len(encoder.texts) == len(set(encoder.texts)) == 120


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--strategy", "guess"], "no strategy 'guess'"),
        (["--budget", "0"], "budget must be at least 1"),
    ],
)
def test_backtest_refuses_in_a_sentence(files, no_model, options, says):
    with pytest.raises(CommandError, match=says):
        backtest(files, *options)


def test_backtest_names_the_bad_line(files, no_model):
    files[0].write_text('{"text": "a", "intent": "b"}\nnot json\n')

    with pytest.raises(CommandError, match=r"train\.jsonl, line 2"):
        backtest(files)


@pytest.mark.django_db
def test_rank_prints_what_it_did(labeled, pool, encoder, capsys):
    call_command("rank", "--json")

    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert found["pool"] == 48
    assert (found["embedded"], found["gold"]) == (60, 12)
    assert found["queued"] > 40
    assert found["model"] == f"head-{found['ranking']}"
    assert set(found["seconds"]) == {"embed", "vectors", "fit", "score", "queue"}


@pytest.mark.django_db
def test_rank_says_that_another_is_at_it(pool, encoder, monkeypatch):
    monkeypatch.setattr(ranking, "rank", lambda **kwargs: None)

    with pytest.raises(CommandError, match="being ranked just now"):
        call_command("rank")
