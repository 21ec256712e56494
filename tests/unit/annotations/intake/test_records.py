import pytest

from annotations.intake.records import RecordError, Span, Turn, parse

DEEP: object = []
for _ in range(30):
    DEEP = [DEEP]


def test_a_full_record_is_read():
    record = parse(
        {
            "text": "pay my march bill",
            "intent": "pay_bill",
            "spans": [{"start": 7, "end": 12, "param": "month", "value": "march"}],
            "context": [{"role": "bot", "text": "how can i help"}],
            "dialogue_id": 17,
            "turn": 2,
            "domain": "billing",
            "occurred_at": "2026-11-02T14:00:47Z",
            "bot_intent": "Pay Bill",
            "bot_confidence": 0.4,
            "is_fallback": True,
            "outcome": "selfService",
            "tags": "anything else is left alone",
        }
    )

    assert record.spans == (Span(7, 12, "month", "march"),)
    assert record.context == (Turn("bot", "how can i help"),)
    assert record.conversation_id == "17"
    assert record.occurred_at.isoformat() == "2026-11-02T14:00:47+00:00"
    assert record.outcome == "contained"


@pytest.mark.parametrize(("given", "name"), [(7, "7"), ("7", "7"), (0, "0")])
def test_an_intent_may_be_a_number(given, name):
    record = parse({"text": "hi", "intent": given, "domain": given})

    assert (record.intent, record.domain) == (name, name)


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("2026-03", "2026-03"),
        ("march", "march"),
        ("March", "March"),
        (None, "march"),
        ("", "march"),
        (3, "3"),
        (12.5, "12.5"),
        (True, "true"),
    ],
)
def test_a_span_may_say_what_its_words_amount_to(value, kept):
    span = {"start": 7, "end": 12, "param": "month", "value": value}

    for more in ({}, {"text": "march"}):
        record = parse({"text": "pay my march bill", "spans": [{**span, **more}]})
        assert record.spans == (Span(7, 12, "month", kept),)


SPAN = {"start": 4, "end": 6, "param": "what", "value": "my"}


@pytest.mark.parametrize(
    ("said", "known"),
    [
        ({}, None),
        ({"spans": None}, None),
        ({"spans": []}, True),
        ({"spans": [SPAN]}, True),
        ({"spans": [SPAN], "marks_known": False}, False),
        ({"marks_known": True}, True),
    ],
)
def test_marks_are_known_where_spans_are_given_even_if_there_are_none(said, known):
    assert parse({"text": "pay my bill", **said}).marks_known is known


def test_only_the_last_turns_of_a_long_context_are_kept():
    turns = [{"role": "bot", "text": str(n)} for n in range(40)]

    record = parse({"text": "hi", "context": turns})

    assert [turn.text for turn in record.context] == [str(n) for n in range(28, 40)]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ([], "not_an_object"),
        ("text", "not_an_object"),
        (None, "not_an_object"),
        ({}, "no_text"),
        ({"text": None}, "wrong_type"),
        ({"text": 7}, "wrong_type"),
        ({"text": ["a"]}, "wrong_type"),
        ({"text": ""}, "empty_text"),
        ({"text": " \t\n"}, "empty_text"),
        ({"text": "a\0b"}, "unstorable_text"),
        ({"text": "a\ud800b"}, "unstorable_text"),
        ({"text": "a" * 2001}, "too_long"),
        ({"text": "a", "intent": True}, "wrong_type"),
        ({"text": "a", "intent": [5]}, "wrong_type"),
        ({"text": "a", "spans": [{"start": 0, "end": 1, "param": "p", "value": {}}]},
         "wrong_type"),
        ({"text": "a", "spans": [{"start": 0, "end": 1, "param": "p",
                                  "value": "x" * 501}]}, "too_long"),
        ({"text": "a", "spans": [{"start": 0, "end": 1, "param": "p", "text": "b"}]},
         "span_differs"),
        ({"text": "a", "marks_known": "no"}, "wrong_type"),
        ({"text": "a", "intent": "x" * 81}, "too_long"),
        ({"text": "a", "intent": "x\0"}, "unstorable_text"),
        ({"text": "a", "spans": "no"}, "bad_spans"),
        ({"text": "a", "spans": ["no"]}, "bad_spans"),
        ({"text": "a", "spans": [{"start": 0}]}, "bad_spans"),
        ({"text": "a", "spans": [{"start": "0", "end": 1, "param": "p"}]}, "bad_spans"),
        ({"text": "a", "spans": [{"start": True, "end": 1, "param": "p"}]},
         "bad_spans"),
        ({"text": "a", "spans": [{"start": 0, "end": 1, "param": " "}]}, "bad_spans"),
        ({"text": "a", "spans": [{"start": 0, "end": 1}]}, "wrong_type"),
        ({"text": "a", "spans": [{"start": 0, "end": 2, "param": "p"}]},
         "span_outside"),
        ({"text": "a", "spans": [{"start": 1, "end": 1, "param": "p"}]},
         "span_outside"),
        ({"text": "ab", "spans": [{"start": 0, "end": 1, "param": "p", "value": "b"}]},
         "span_differs"),
        ({"text": "a", "spans": [{}] * 51}, "bad_spans"),
        ({"text": "a", "context": "hi"}, "bad_context"),
        ({"text": "a", "context": ["hi"]}, "bad_context"),
        ({"text": "a", "context": [{"role": "bot"}]}, "bad_context"),
        ({"text": "a", "context": [{"role": "bot", "text": "x\0"}]}, "bad_context"),
        ({"text": "a", "context": [{"role": 1, "text": "x"}]}, "bad_context"),
        ({"text": "a", "context": [{"role": "b", "text": "x" * 2001}]}, "bad_context"),
        ({"text": "a", "turn": -1}, "bad_turn"),
        ({"text": "a", "turn": "1"}, "bad_turn"),
        ({"text": "a", "turn": 2**31}, "bad_turn"),
        ({"text": "a", "turn": True}, "bad_turn"),
        ({"text": "a", "conversation_id": ["x"]}, "wrong_type"),
        ({"text": "a", "conversation_id": "x" * 121}, "too_long"),
        ({"text": "a", "occurred_at": "yesterday"}, "bad_time"),
        ({"text": "a", "occurred_at": 5}, "bad_time"),
        ({"text": "a", "occurred_at": "9999-01-01"}, "bad_time"),
        ({"text": "a", "occurred_at": "0001-01-01T00:00:00+14:00"}, "bad_time"),
        ({"text": "a", "bot_confidence": "0.3"}, "bad_confidence"),
        ({"text": "a", "bot_confidence": True}, "bad_confidence"),
        ({"text": "a", "bot_confidence": 1.5}, "bad_confidence"),
        ({"text": "a", "bot_confidence": float("nan")}, "bad_confidence"),
        ({"text": "a", "is_fallback": "yes"}, "wrong_type"),
        ({"text": "a", "spans": DEEP}, "bad_spans"),
    ],
)  # fmt: skip
def test_a_faulty_record_is_refused_by_the_name_of_its_fault(data, code):
    with pytest.raises(RecordError) as refusal:
        parse(data)

    assert refusal.value.code == code


def test_a_refusal_never_holds_the_text():
    secret = "4111111111111111"
    for data in [
        {"text": secret * 200},
        {"text": f"{secret}\0"},
        {"text": secret, "spans": [{"start": 0, "end": 4, "param": "p", "text": "x"}]},
    ]:
        with pytest.raises(RecordError) as refusal:
            parse(data)
        assert secret not in str(refusal.value)


def test_what_a_turn_does_is_one_of_a_few_words():
    assert parse({"text": "no", "act": "Denies"}).act == "denies"
    with pytest.raises(RecordError, match="none of: new, continues"):
        parse({"text": "no", "act": "shrugs"})


def test_a_span_of_an_earlier_turn_is_none_of_this_text():
    span = {"start": 0, "end": 5, "param": "month", "turn": 0, "value": "2026-03"}

    assert parse({"text": "no", "spans": [span]}).spans == ()
