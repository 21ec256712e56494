import gzip
import json

import pytest

from annotations.intake.readers.jsonl import leaves_out_empty_spans
from training.ml.data import (
    Dataset,
    Example,
    Span,
    Turn,
    example_from_record,
    grouped_split,
    read_jsonl,
    settle_marks,
)


def dataset(*rows):
    return Dataset(tuple(Example(text, intent) for text, intent in rows))


def test_a_record_becomes_an_example_with_spans_and_context():
    record = {
        "text": "pay 40 dollars",
        "intent": "pay_bill",
        "spans": [{"start": 4, "end": 6, "param": "amount"}],
        "context": [{"role": "bot", "text": "how can i help"}],
        "dialogue_id": 7,
    }

    example = example_from_record(record)

    assert example == Example(
        "pay 40 dollars",
        "pay_bill",
        (Span(4, 6, "amount", "40"),),
        (Turn("bot", "how can i help"),),
        "7",
    )


def test_a_record_may_say_what_the_turn_does():
    example = example_from_record({"text": "no the third", "act": "corrects"})

    assert example.act == "corrects"
    assert dataset(("no", "x")).digest() != Dataset(
        (Example("no", "x", act="denies"),)
    ).digest()  # fmt: skip


def test_an_act_that_nobody_knows_is_refused():
    with pytest.raises(ValueError, match="act is one of"):
        example_from_record({"text": "no", "act": "shrugs"})


@pytest.mark.parametrize("span", [(-1, 2), (3, 3), (2, 99), (5, 4)])
def test_a_span_outside_the_text_is_refused(span):
    record = {"text": "hello", "spans": [{"start": span[0], "end": span[1]}]}
    record["spans"][0]["param"] = "x"

    with pytest.raises(ValueError, match="outside"):
        example_from_record(record)


@pytest.mark.parametrize("is_gzip", [True, False])
def test_lines_are_read_plain_and_gzipped(tmp_path, is_gzip):
    path = tmp_path / "file.jsonl"
    lines = "\ufeff" + '{"text": "a", "intent": "x"}\n\n{"text": "ü"}\n'
    data = lines.encode()
    path.write_bytes(gzip.compress(data) if is_gzip else data)

    found = read_jsonl(path)

    assert [(e.text, e.intent) for e in found] == [("a", "x"), ("ü", None)]


@pytest.mark.parametrize(
    "line", ["{", "[1]", '{"intent": "x"}', '{"text": 5}', '{"text": "a", "spans": 3}']
)
def test_a_bad_line_is_named(tmp_path, line):
    path = tmp_path / "file.jsonl"
    path.write_text('{"text": "a"}\n' + line + "\n")

    with pytest.raises(ValueError, match=r"file\.jsonl, line 2"):
        read_jsonl(path)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (b"[1]", "no JSON object"),
        (b"7", "no JSON object"),
        (b'{"text": 7}', "text is no string"),
        (b'{"intent": "x"}', "text is missing"),
        (b'{"text": "hi", "intent": ["x"]}', "intent is no string"),
        (b'{"text": "hi", "spans": "0-1"}', "spans is no list of objects"),
        (b'{"text": "hi", "spans": [{"end": 1, "param": "p"}]}', "start or end"),
        (b'{"text": "hi", "spans": [{"start": 0, "end": 1}]}', "no param"),
        (b'{"text": "hi", "context": ["hello"]}', "context is no list of objects"),
        (b'{"text": "hi", "context": [{"text": 7}]}', "turn of context"),
        (b'{"text": "hi", "count": 0}', "count is no number above 0"),
        (b'{"text": "hi", "count": NaN}', "count is no number above 0"),
        (b'{"text": "Z\xfcrich"}', "not UTF-8 at byte 12"),
        (b'{"text": "hi"', "no valid JSON at character"),
        (b'{"text": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "too deep"),
        (b'{"text": "\\ud800"}', "half a surrogate pair"),
    ],
)
def test_what_is_wrong_with_a_line_is_said_with_its_number(tmp_path, line, says):
    path = tmp_path / "mine.jsonl"
    path.write_bytes(b'{"text": "fine"}\n\n' + line + b"\n")

    with pytest.raises(ValueError, match=rf"mine.jsonl, line 3: .*{says}"):
        read_jsonl(path)


def test_a_damaged_gzip_file_is_named(tmp_path):
    whole = gzip.compress(b'{"text": "hello there"}\n' * 1000)
    for name, content in {
        "short": whole[:-20],
        "broken": whole[:30] + b"\0\0\0\0" + whole[34:],
    }.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ValueError, match=f"{name}: the gzip file is damaged"):
            read_jsonl(tmp_path / name)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"gone\.jsonl: No such file"):
        read_jsonl(tmp_path / "gone.jsonl")


def test_what_is_null_counts_as_left_out():
    record = {
        "text": "pay 40",
        "intent": None,
        "spans": [{"start": 4, "end": 6, "param": "amount", "value": None}],
        "context": None,
        "count": None,
        "conversation_id": None,
        "dialogue_id": "d1",
    }

    found = example_from_record(record)

    assert found == Example(
        "pay 40", None, (Span(4, 6, "amount", "40"),), conversation_id="d1"
    )


def test_an_emoji_written_as_a_pair_of_escapes_is_one_letter(tmp_path):
    path = tmp_path / "pair.jsonl"
    path.write_text('{"text": "\\ud83d\\ude00 hi"}\n')

    assert read_jsonl(path).texts == ["\N{GRINNING FACE} hi"]


def test_duplicates_become_one_example_with_their_weight():
    found = dataset(("Pay  my bill", "a"), ("hi", "b"), ("pay my BILL", "c"))

    assert [(e.text, e.intent, e.weight) for e in found.deduplicated()] == [
        ("Pay  my bill", "a", 2.0),
        ("hi", "b", 1.0),
    ]


def test_labels_refuse_examples_without_intent():
    with pytest.raises(ValueError, match="1 of 2"):
        _ = dataset(("a", "x"), ("b", None)).labels


def test_no_conversation_is_torn_apart_by_a_split():
    examples = tuple(
        Example(f"text {c} {n}", "x", conversation_id=str(c))
        for c in range(200)
        for n in range(3)
    )

    parts = grouped_split(Dataset(examples), (0.7, 0.2, 0.1), seed=3)

    groups = [set(part.groups) for part in parts]
    assert sum(map(len, parts)) == 600
    assert not groups[0] & groups[1] and not groups[0] & groups[2]
    assert 0.6 < len(groups[0]) / 200 < 0.8


def test_equal_texts_without_conversation_stay_together():
    examples = tuple(Example("hi" if n % 2 else f"text {n}", "x") for n in range(100))

    parts = grouped_split(Dataset(examples), (0.5, 0.5), seed=0)

    assert sum(any(e.text == "hi" for e in part) for part in parts) == 1


def test_adding_examples_moves_no_other():
    few = dataset(*((f"text {n}", "x") for n in range(50)))
    more = Dataset((*few.examples, *(Example(f"new {n}", "x") for n in range(50))))

    first, _ = grouped_split(few, (0.5, 0.5), seed=1)
    grown, _ = grouped_split(more, (0.5, 0.5), seed=1)

    assert set(first.texts) == {t for t in grown.texts if t.startswith("text")}


def test_shares_that_do_not_sum_to_one_are_refused():
    with pytest.raises(ValueError, match="sum to 1"):
        grouped_split(Dataset(), (0.5, 0.4), seed=0)


def test_the_digest_changes_with_a_label_and_with_nothing_else():
    one, same = dataset(("a", "x"), ("b", "y")), dataset(("a", "x"), ("b", "y"))

    assert one.digest() == same.digest()
    assert one.digest() != dataset(("a", "x"), ("b", "x")).digest()


def test_canonical_records_survive_a_round_through_a_file(tmp_path):
    path = tmp_path / "f.jsonl"
    record = {"text": "a b", "intent": "oos", "conversation_id": "c1"}
    path.write_text(json.dumps(record))

    [example] = read_jsonl(path)

    assert (example.intent, example.conversation_id) == ("oos", "c1")
    assert len(Dataset((example,)).in_scope()) == 0


BILL = {"text": "pay my bill", "intent": "pay"}
MARK = {"start": 7, "end": 11, "param": "what"}


def test_an_empty_list_of_spans_is_an_answer_and_none_is_not():
    assert example_from_record({**BILL, "spans": []}).marks_known
    assert not example_from_record(BILL).marks_known
    assert not example_from_record(
        {**BILL, "spans": [MARK], "marks_known": False}
    ).marks_known
    with pytest.raises(ValueError, match="marks_known is neither true nor false"):
        example_from_record({**BILL, "marks_known": "no"})


def test_unknown_marks_are_another_dataset():
    known = example_from_record({**BILL, "spans": []})
    unknown = example_from_record(BILL)

    assert Dataset((known,)).digest() != Dataset((unknown,)).digest()


def test_what_is_unmarked_is_none_only_of_intents_that_no_mark_is_known_of():
    rows = [{**BILL, "spans": [MARK]}, BILL, {"text": "hello", "intent": "greet"}]
    train = Dataset(tuple(map(example_from_record, rows)))
    test = Dataset((example_from_record(BILL),))

    settled = settle_marks(train, test)

    assert [e.marks_known for e in settled[0]] == [True, False, True]
    assert [e.marks_known for e in settled[1]] == [False]


LOST = {**BILL, "spans": [MARK], "marks_known": False}


@pytest.mark.parametrize(
    ("rows", "unmarked", "known"),
    [
        # Marks, and never an empty list: what has none is left out.
        ([{**BILL, "spans": [MARK]}, BILL, LOST], "auto", [True, True, False]),
        # An empty list is how this file says none, so silence says nothing.
        ([{**BILL, "spans": [MARK]}, BILL, {**BILL, "spans": []}], "auto", [1, 0, 1]),
        ([BILL, {**BILL, "spans": None}], "auto", [False, False]),
        ([{**BILL, "spans": [MARK]}, BILL], "unknown", [True, False]),
        ([BILL, LOST], "none", [True, False]),
    ],
)
def test_a_row_without_spans_says_what_its_file_makes_of_it(
    tmp_path, rows, unmarked, known
):
    path = tmp_path / "rows.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))

    assert [e.marks_known for e in read_jsonl(path, unmarked)] == known


@pytest.mark.parametrize(
    "rows",
    [
        [{**BILL, "spans": [MARK]}, BILL],
        [{**BILL, "spans": [MARK]}, BILL, {**BILL, "spans": []}],
        [{**BILL, "spans": []}, BILL],
        [{**BILL, "spans": None}, BILL],
    ],
)
def test_intake_makes_the_same_of_a_row_without_spans(tmp_path, rows):
    path = tmp_path / "rows.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))

    with path.open("rb") as file:
        is_known = leaves_out_empty_spans(file)

    assert read_jsonl(path).examples[1].marks_known is is_known
