"""`manage.py ingest` and `manage.py redact`, as a person or a script uses them."""

import csv
import io
import json
import sys

import pytest
from django.core.management import CommandError, call_command

from annotations.models import GoldLabel, Utterance
from annotations.services import scrub

from .conftest import lines


def ingest(*paths, **options) -> dict:
    out = io.StringIO()
    more = {"source": "calls", "stderr": io.StringIO(), **options}
    call_command("ingest", *map(str, paths), json=True, stdout=out, **more)
    return json.loads(out.getvalue().splitlines()[-1])


@pytest.mark.django_db
class TestIngest:
    def test_a_file_is_visible_and_labeled_afterwards(self, tmp_path, full_pass):
        file = tmp_path / "a.jsonl"
        file.write_bytes(lines("hi zorro", {"text": "pay my bill", "intent": "pay"}))

        result = ingest(file)

        assert (result["received"], result["accepted"]) == (2, 2)
        assert result["redaction"]["passed"] == 2
        assert result["waiting_for_redaction"] == 0
        assert GoldLabel.objects.get().intent.name == "pay"
        assert Utterance.objects.visible().count() == 2

    def test_the_same_file_again_is_all_duplicates(self, tmp_path, full_pass):
        file = tmp_path / "a.jsonl"
        file.write_bytes(lines("one", "two", 5))
        ingest(file)

        result = ingest(file)

        assert (result["accepted"], result["duplicate"], result["rejected"]) == (
            0,
            2,
            1,
        )
        assert result["batches"][0]["known"] is True

    def test_a_folder_is_searched_for_files(self, tmp_path, full_pass):
        (tmp_path / "deep").mkdir()
        (tmp_path / "deep" / "a.jsonl").write_bytes(lines("one"))
        (tmp_path / "b.csv").write_bytes(b"text\ntwo\n")
        (tmp_path / "SOURCE.md").write_text("not data")

        result = ingest(tmp_path)

        assert [batch["file"] for batch in result["batches"]] == ["b.csv", "a.jsonl"]
        assert result["accepted"] == 2

    def test_the_full_pass_can_be_left_to_a_worker(self, tmp_path):
        (tmp_path / "a.jsonl").write_bytes(lines("one"))

        result = ingest(tmp_path / "a.jsonl", light=True)

        assert result["redaction"] is None
        assert result["waiting_for_redaction"] == scrub.waiting() == 1

    @pytest.mark.parametrize(
        ("name", "data", "source", "sentence"),
        [
            ("a.jsonl", None, "calls", "no such file"),
            ("a.jsonl", b"{}", "No Name", "A source is a name"),
            ("a.zip.jsonl", b"PK\x03\x04", "calls", "1 of 1 files were not read"),
        ],
    )
    def test_what_cannot_be_read_is_said_in_a_sentence(
        self, tmp_path, name, data, source, sentence
    ):
        file = tmp_path / name
        if data is not None:
            file.write_bytes(data)

        with pytest.raises(CommandError, match=sentence):
            ingest(file, source=source, light=True)

    def test_every_refused_line_is_told_with_its_reason(self, tmp_path, full_pass):
        (tmp_path / "a.jsonl").write_bytes(lines("one", 5, {"text": ""}, {"text": " "}))
        err = io.StringIO()

        result = ingest(tmp_path / "a.jsonl", stderr=err)

        [batch] = result["batches"]
        assert batch["rejected_by_reason"] == {"empty_text": 2, "not_an_object": 1}
        assert [(r["line"], r["code"]) for r in batch["rejects"]] == [
            (2, "not_an_object"),
            (3, "empty_text"),
            (4, "empty_text"),
        ]
        told = err.getvalue()
        assert "2 refused as empty_text" in told
        assert "line 2: The line is not a JSON object." in told

    def test_of_many_refused_lines_the_first_are_told_and_all_are_written(
        self, tmp_path, full_pass
    ):
        for name in ("a", "b"):
            bad = list(range(30))
            (tmp_path / f"{name}.jsonl").write_bytes(lines("one", name, *bad))
        err = io.StringIO()

        result = ingest(
            tmp_path / "a.jsonl",
            tmp_path / "b.jsonl",
            rejects=tmp_path / "refused.csv",
            stderr=err,
        )

        assert [len(batch["rejects"]) for batch in result["batches"]] == [20, 20]
        assert "and 10 more; --rejects FILE writes them all" in err.getvalue()
        written = (tmp_path / "refused.csv").read_text().splitlines()
        rows = list(csv.reader(written))
        assert rows[0] == ["file", "line", "code", "reason"]
        assert len(rows) == 61
        assert rows[1][:3] == ["a.jsonl", "3", "not_an_object"]

    def test_where_refused_lines_cannot_be_written_nothing_is_read(self, tmp_path):
        (tmp_path / "a.jsonl").write_bytes(lines("one"))

        with pytest.raises(CommandError, match="no such folder"):
            ingest(tmp_path / "a.jsonl", rejects=tmp_path / "gone" / "r.csv")

        assert not Utterance.objects.exists()

    def test_what_became_of_labels_is_counted(self, tmp_path, full_pass):
        (tmp_path / "a.jsonl").write_bytes(lines({"text": "pay my bill", "intent": 7}))
        (tmp_path / "b.jsonl").write_bytes(
            lines({"text": "pay my bill", "intent": "other"})
        )

        first, second = ingest(tmp_path / "a.jsonl"), ingest(tmp_path / "b.jsonl")

        assert first["labels"]["stored"] == second["labels"]["disagreeing"] == 1
        assert GoldLabel.objects.get().intent.name == "7"

    def test_rows_without_spans_can_be_taken_for_rows_without_parameters(
        self, tmp_path, full_pass
    ):
        (tmp_path / "a.jsonl").write_bytes(lines({"text": "pay", "intent": "pay"}))

        ingest(tmp_path / "a.jsonl", unmarked="none")

        assert GoldLabel.objects.get().annotation.marks_known

    def test_an_empty_folder_is_said(self, tmp_path):
        with pytest.raises(CommandError, match="in this folder"):
            ingest(tmp_path)


def redact(monkeypatch, data: bytes, **options) -> list[str]:
    out = io.StringIO()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    call_command("redact", light=True, stdout=out, **options)
    return out.getvalue().splitlines()


class TestRedact:
    def test_lines_come_out_in_order(self, monkeypatch):
        said = b"my name is john smith\n\nplain\nmy pin is one two three four\n"

        assert redact(monkeypatch, said) == [
            "my name is [NAME_1]",
            "",
            "plain",
            "my pin is [PIN_1]",
        ]

    def test_json_tells_where_in_the_input(self, monkeypatch):
        text = "it is five five five one two"
        question = [{"role": "bot", "text": "what is your account number?"}]
        data = json.dumps({"text": text, "context": question}).encode()

        (line,) = redact(monkeypatch, data, json=True)

        assert json.loads(line) == {
            "text": "it is [ACCOUNT_NUMBER_1]",
            "entities": [{"start": 6, "end": 28, "type": "ACCOUNT_NUMBER"}],
        }

    def test_what_cannot_be_read_keeps_its_place_and_fails_at_the_end(
        self, monkeypatch
    ):
        data = b'{"text": "a"}\n{\n{"text": ""}\n{"text": "pin 4411"}\n'
        out = io.StringIO()
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))

        with pytest.raises(CommandError, match="1 line"):
            call_command("redact", light=True, json=True, stdout=out)

        assert [json.loads(line) for line in out.getvalue().splitlines()] == [
            {"text": "a", "entities": []},
            {"text": None, "entities": [], "error": "bad_json", "line": 2},
            {"text": "", "entities": []},
            {
                "text": "pin [PIN_1]",
                "entities": [{"start": 4, "end": 8, "type": "PIN"}],
            },
        ]

    def test_a_plain_line_that_cannot_be_read_is_never_printed(self, monkeypatch):
        out = io.StringIO()
        data = b"fine\ncaf\xe9 4111111111111111\nlast\n"
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))

        with pytest.raises(CommandError):
            call_command("redact", light=True, stdout=out)

        assert out.getvalue().splitlines() == ["fine", "[UNREADABLE]", "last"]
