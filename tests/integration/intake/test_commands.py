"""`manage.py ingest` and `manage.py redact`, as a person or a script uses them."""

import io
import json
import sys

import pytest
from django.core.management import CommandError, call_command

from annotations.models import GoldLabel, Utterance
from annotations.services import scrub

from .conftest import lines


def ingest(*paths, **options) -> dict:
    out, err = io.StringIO(), io.StringIO()
    call_command(
        "ingest", *map(str, paths), json=True, stdout=out, stderr=err,
        **{"source": "calls", **options},
    )  # fmt: skip
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
