"""Readers: one row for each line, whatever the bytes; faults cost their own line."""

import gzip
import io
import json
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotations.intake.readers import READERS, UnreadableFileError, for_file
from annotations.intake.readers.jsonl import leaves_out_empty_spans

from .malformed import CSV_CASES, FILES, LINES


def jsonl(data: bytes, after: int = 0):
    return list(READERS["jsonl"](io.BytesIO(data), {}, after))


def table(data: bytes, after: int = 0, **options: str):
    return list(READERS["csv"](io.BytesIO(data), options, after))


GOOD = json.dumps({"text": "why is my bill so high"}).encode()


@pytest.mark.parametrize(("line", "code"), LINES, ids=[str(c) for _, c in LINES])
def test_a_bad_line_is_rejected_and_its_neighbors_are_not(line, code):
    rows = jsonl(GOOD + b"\n" + line + b"\n" + GOOD + b"\n")

    assert [row.code for row in rows] == ["", code, ""]
    assert [row.line for row in rows] == [1, 2, 3]


@pytest.mark.parametrize(("data", "code"), FILES, ids=[c for _, c in FILES])
def test_a_file_that_is_no_text_is_refused_by_name(data, code):
    with pytest.raises(UnreadableFileError) as refusal:
        jsonl(data)

    assert refusal.value.code == code


@pytest.mark.parametrize(("data", "codes"), CSV_CASES)
def test_a_bad_row_of_a_table_costs_only_itself(data, codes):
    assert [row.code for row in table(data)] == codes


def test_gzip_is_unpacked_even_in_several_members():
    packed = gzip.compress(GOOD + b"\n") + gzip.compress(GOOD + b"\n")

    assert [row.code for row in jsonl(packed)] == ["", ""]


def test_what_stands_before_a_fault_in_a_gzip_file_comes_out():
    lines = b"".join(
        json.dumps({"text": f"line {n} {n * 7919 % 104729}"}).encode() + b"\n"
        for n in range(20_000)
    )
    rows = READERS["jsonl"](io.BytesIO(gzip.compress(lines)[:-2000]), {})
    seen = 0

    with pytest.raises(UnreadableFileError, match="middle"):
        for row in rows:
            seen += row.record is not None

    assert seen > 10_000


def test_lines_that_are_settled_are_skipped():
    data = b"\n".join([GOOD, b"{", GOOD, GOOD])

    assert [row.line for row in jsonl(data, after=2)] == [3, 4]


def test_rows_of_a_table_that_are_settled_are_skipped_by_line():
    data = b'text\n"a\nb"\nc\nd\n'

    assert [(row.line, row.last_line) for row in table(data)] == [
        (2, 3),
        (4, 4),
        (5, 5),
    ]
    assert [row.line for row in table(data, after=3)] == [4, 5]


def test_byte_order_mark_and_carriage_returns_are_no_part_of_the_text():
    (row,) = jsonl(b"\xef\xbb\xbf" + GOOD + b"\r\n")

    assert row.record.text == "why is my bill so high"


def test_a_column_map_names_the_fields():
    data = b"id,Verbatim,When\n1,no signal,2026-11-02\n"

    (row,) = table(data, map="text=Verbatim, occurred_at=When")

    assert row.record.text == "no signal"
    assert row.record.occurred_at.year == 2026


@pytest.mark.parametrize(
    ("header", "spec", "code"),
    [
        (b"a,b\n", "", "no_text_column"),
        (b"a,b\n", "text=c", "bad_header"),
        (b"a,a\n", "text=a", "bad_header"),
        (b"text,b\n", "wish=b", "bad_map"),
        (b"text,b\n", "text", "bad_map"),
        (b'"text\n', "", "open_quote"),
        (b"\xff\xe0,text\n", "", "not_utf8"),
    ],
)
def test_a_header_that_does_not_fit_the_map_is_refused(header, spec, code):
    with pytest.raises(UnreadableFileError) as refusal:
        table(header + b"1,2\n", map=spec)

    assert refusal.value.code == code


@pytest.mark.parametrize("data", [b"", b"\n \n", b",,\n"])
def test_a_table_without_a_header_is_refused(data):
    with pytest.raises(UnreadableFileError) as refusal:
        table(data)

    assert refusal.value.code == "empty_file"


def test_a_wrong_delimiter_is_refused():
    with pytest.raises(UnreadableFileError):
        table(b"text\n", delimiter=";;")


def test_a_file_of_one_endless_line_is_read_in_bounded_memory():
    class Endless:
        left = 64 * 1024**2

        def read(self, size: int = -1) -> bytes:
            self.left -= size
            return b"x" * size if self.left > 0 else b""

    tracemalloc.start()
    (row,) = READERS["jsonl"](Endless(), {})
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert row.code == "line_too_long"
    assert peak < 4 * 1024**2


def test_the_file_name_suggests_the_reader():
    assert for_file("a.jsonl.gz") == "jsonl"
    assert for_file("Q3 Report.CSV") == "csv"
    assert for_file("calls.csv.gz") == "csv"


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_end_in_rows_or_in_a_named_refusal(data):
    for reader in READERS.values():
        try:
            rows = list(reader(io.BytesIO(data), {"map": "text=text"}))
        except UnreadableFileError as error:
            assert error.code
        else:
            assert all(row.record is not None or row.code for row in rows)


@pytest.mark.parametrize(
    ("rows", "leaves_out"),
    [
        ([b'{"text": "a", "spans": [{"start": 0}]}', b'{"text": "b"}'], True),
        ([b'{"text": "a", "spans": [{"start": 0}]}', b'{"spans" : [ ]}'], False),
        ([b'{"text": "a"}', b'{"text": "b", "spans": null}'], False),
        # The caller's words are no field.
        ([b'{"spans": [{"start": 0}]}', rb'{"text": "\"spans\": []"}'], True),
        ([rb'{"text": "\"spans\": [1]"}'], False),
    ],
)
def test_a_file_with_marks_that_never_writes_an_empty_list_leaves_it_out(
    rows, leaves_out
):
    for data in (b"\n".join(rows), gzip.compress(b"\n".join(rows))):
        assert leaves_out_empty_spans(io.BytesIO(data)) is leaves_out
