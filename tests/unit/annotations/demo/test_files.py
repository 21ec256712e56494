import json
from datetime import date
from itertools import pairwise

import pytest

from annotations.demo import calls, files
from annotations.intake import records as canonical

DAY = date(2026, 11, 22)


@pytest.fixture(scope="module")
def records():
    return list(calls.generate_records(8000, seed=7))


@pytest.fixture(scope="module")
def made(records):
    return list(files.files(records, seed=7, last_day=DAY))


def rows(file):
    return [json.loads(line) for line in file.content().splitlines()]


def test_every_record_stands_in_exactly_one_file(records, made):
    places = [(r["conversation_id"], r["turn"]) for f in made for r in rows(f)]

    assert len(places) == len(set(places)) == len(records)


def test_the_first_file_is_small_and_holds_calls(made):
    assert made[0].source == "calls"
    assert files.FIRST_ROWS <= len(made[0].records) < files.FIRST_ROWS + 30


def test_no_file_mixes_sources(made):
    for file in made:
        assert {record["source"] for record in file.records} == {file.source}


def test_the_first_file_tears_no_conversation_apart(made):
    last = made[0].records[-1]["conversation_id"]

    assert all(
        record["conversation_id"] != last for f in made[1:] for record in f.records
    )


def test_the_answers_are_left_out(made):
    assert all(not {"intent", "spans"} & set(row) for f in made for row in rows(f))


def test_intake_can_read_every_line(made):
    for file in made:
        for row in rows(file):
            record = canonical.parse(row)
            assert record.text == row["text"]
            assert record.occurred_at is not None
            assert bool(record.outcome) == (file.source == "calls")


def test_names_sort_in_the_order_of_loading_and_tell_the_last_day(made):
    assert all(left.name < right.name for left, right in pairwise(made))
    assert {files.last_day(file.name, 7) for file in made} == {DAY}


def test_nothing_makes_no_file():
    assert list(files.files([], seed=7, last_day=DAY)) == []


def test_the_same_records_make_the_same_bytes(records, made):
    again = list(files.files(records, seed=7, last_day=DAY))

    assert [f.content() for f in again] == [f.content() for f in made]
