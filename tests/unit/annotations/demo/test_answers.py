import re

from annotations.demo import answers, calls, catalogue
from annotations.demo.answers import Mark, place
from annotations.demo.dice import Dice
from annotations.intake.redaction import light
from annotations.intake.redaction.entities import Numbering

KNOWN = catalogue.load()
RAW = "it's four one two and the march bill"
ACCOUNT = {"start": 5, "end": 17, "param": "account_number", "value": "412"}
MONTH = {"start": 26, "end": 31, "param": "bill_month", "value": "2026-03"}


def test_spans_of_an_unredacted_text_stay_where_they_are():
    assert place(RAW, RAW, [ACCOUNT, MONTH]) == [
        Mark(5, 17, "account_number", "four one two", "412"),
        Mark(26, 31, "bill_month", "march", "2026-03"),
    ]


def test_a_span_becomes_the_placeholder_that_replaced_it():
    redacted = "it's [ACCOUNT_NUMBER_1] and the march bill"

    marks = place(RAW, redacted, [ACCOUNT, MONTH])

    assert marks == [
        Mark(5, 23, "account_number", "[ACCOUNT_NUMBER_1]", "[ACCOUNT_NUMBER_1]"),
        Mark(32, 37, "bill_month", "march", "2026-03"),
    ]


def test_a_span_partly_replaced_covers_the_whole_placeholder():
    redacted = "it's four [ACCOUNT_NUMBER_1] the march bill"

    (mark,) = place(RAW, redacted, [ACCOUNT])

    assert mark.text == "four [ACCOUNT_NUMBER_1]"


def test_texts_that_differ_otherwise_give_no_spans():
    assert place(RAW, "something else [NAME_1]", [ACCOUNT]) == []


def test_no_two_marks_share_a_placeholder():
    spans = [ACCOUNT, {**MONTH, "start": 18, "end": 21}]

    marks = place(RAW, "it's [ACCOUNT_NUMBER_1] the march bill", spans)

    assert [mark.param for mark in marks] == ["account_number"]


def test_a_faultless_annotator_says_what_was_meant_and_what_was_not_spoken():
    record = {"text": RAW, "intent": "explain_charge", "spans": [MONTH]}

    given = answers.answer(record, RAW, error_rate=0, dice=Dice(1), catalogue=KNOWN)

    assert given.intent == "explain_charge"
    assert [mark.param for mark in given.marks] == ["bill_month"]
    assert given.not_spoken == ("account_number",)
    assert given.shown_ms > 1000


def test_errors_are_look_alikes_at_the_given_rate_with_parameters_they_know():
    record = {"text": RAW, "intent": "explain_charge", "spans": [MONTH]}

    given = [
        answers.answer(record, RAW, error_rate=0.2, dice=Dice(n), catalogue=KNOWN)
        for n in range(1000)
    ]
    wrong = [g for g in given if g.intent != "explain_charge"]

    assert 150 < len(wrong) < 250
    for one in wrong:
        intent = KNOWN.by_name[one.intent]
        assert intent.name in KNOWN.by_name["explain_charge"].confusable
        assert {mark.param for mark in one.marks} <= set(intent.parameters or {})


def test_nearly_all_spans_survive_the_real_redaction():
    said = found = 0
    for record in calls.generate_records(1500, seed=11):
        redacted = light.redact(record["text"], record["context"], Numbering()).text
        marks = place(record["text"], redacted, record["spans"])
        for mark in marks:
            assert redacted[mark.start : mark.end] == mark.text
            if mark.param == "account_number":
                assert re.search(r"\[[A-Z_]+_\d+\]", mark.text)
        said += len(record["spans"])
        found += len(marks)
    assert found > 0.98 * said


def test_a_call_has_turns_that_go_on_correct_confirm_and_close():
    known = catalogue.load()
    said = [known.requests_by_popularity[0].name]
    said += ["provide_details", "correct_details", "confirm_yes", "end_call", said[0]]
    records = [
        {"conversation_id": "c", "turn": n, "intent": intent}
        for n, intent in enumerate(said)
    ]

    found = answers.acts(records[::-1], known)

    assert [found["c", n] for n in range(len(said))] == [
        "new", "continues", "corrects", "confirms", "closes", "new",
    ]  # fmt: skip


def test_a_torn_number_is_no_value_to_submit():
    parameter = catalogue.load().parameters["zip_code"]

    assert answers.is_fit(parameter, "[ZIP_1]")
    assert answers.is_fit(parameter, "10225")
    assert not answers.is_fit(parameter, "[PHONE_1] two")
