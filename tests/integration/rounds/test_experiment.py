"""`experiment` with the real encoder, on files and without a database."""

import json

import pytest
from django.core.management import CommandError, call_command

SAID = {
    "check_bill": ["why is my bill {} this month", "what do i owe you for {}"],
    "fix_internet": ["the internet is {}", "my wifi has been {} all day"],
    "cancel_plan": ["i want to cancel the {} plan", "stop my {} contract"],
}
WORDS = ("high", "slow", "old", "new", "broken", "gold", "wrong", "family")


def write(path, words, oos: bool = False) -> None:
    rows = []
    for intent, sayings in SAID.items():
        for saying in sayings:
            for word in words:
                text = saying.format(word)
                start = text.index(word)
                span = {"start": start, "end": start + len(word), "param": "what"}
                rows.append({"text": text, "intent": intent, "spans": [span]})
    if oos:
        rows += [
            {"text": f"sing a song about a {w} cat", "intent": "oos"} for w in words
        ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


@pytest.mark.models
def test_every_metric_of_the_promise_is_printed(tmp_path, capsys):
    train, test = tmp_path / "train.jsonl", tmp_path / "test.jsonl"
    write(train, WORDS[:6])
    write(test, WORDS[6:], oos=True)

    call_command("experiment", train=train, test=test, json=True)

    report = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert set(report) == {"intent", "parameters", "latency_ms", "seconds", "about"}
    assert report["about"]["recipe"] == "head"
    assert set(report["intent"]) == {
        "accuracy",
        "accuracy_interval",
        "macro_f1",
        "top3",
        "n",
        "ece",
        "in_scope_accuracy",
        "oos_recall_at_95",
    }
    promised = {"span_f1", "utterance_exact", "frame"}
    assert set(report["parameters"]) == promised | {"n", "marks_unknown"}
    assert set(report["latency_ms"]) == {"p50", "p95"}
    assert report["intent"]["n"] == 14
    assert report["intent"]["in_scope_accuracy"] > 0.8
    low, high = report["intent"]["accuracy_interval"]
    assert low <= report["intent"]["accuracy"] <= high


def test_a_file_that_is_not_there_or_not_labeled_is_named(tmp_path):
    train, bad = tmp_path / "train.jsonl", tmp_path / "bad.jsonl"
    write(train, WORDS[:2])
    bad.write_text('{"text": "x", "intent": "a"}\nnot json\n')

    with pytest.raises(CommandError, match=r"absent\.jsonl"):
        call_command("experiment", train=train, test=tmp_path / "absent.jsonl")
    with pytest.raises(CommandError, match=r"bad\.jsonl, line 2"):
        call_command("experiment", train=train, test=bad)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--seed", "-1"),
        ("--epochs", "many"),
        ("--context", "-2"),
        ("--speech-noise", "7"),
        ("--device", "tpu"),
        ("--encoder", "/nowhere"),
    ],
)
def test_an_option_that_makes_no_sense_is_refused_before_anything_is_read(
    tmp_path, option, value
):
    gone = str(tmp_path / "gone")

    with pytest.raises(CommandError, match=f"argument {option}"):
        call_command("experiment", f"--train={gone}", f"--test={gone}", option, value)


@pytest.mark.parametrize("part", ["train", "valid", "test"])
def test_a_file_that_cannot_be_read_is_named_before_anything_is_learned(tmp_path, part):
    fine, broken = tmp_path / "fine.jsonl", tmp_path / "broken.jsonl"
    write(fine, WORDS[:1])
    broken.write_text('{"text": "hi", "spans": [{"end": 2, "param": "p"}]}\n')
    files = dict.fromkeys(("train", "valid", "test"), fine) | {part: broken}

    with pytest.raises(CommandError, match=r"broken\.jsonl, line 1: a span"):
        call_command("experiment", **files)
