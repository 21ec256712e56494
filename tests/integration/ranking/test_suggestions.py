import pytest

from annotations.models import Suggestion
from tests.factories import cast
from training.ml.data import Span
from training.services import suggestions

pytestmark = pytest.mark.django_db

TEXT = "my account [ACCOUNT_NUMBER_1] and [ACCOUNT_NUMBER_2], the bill for march"


class Tagger:
    def __init__(self, *spans):
        self._spans = list(spans)

    def spans(self, examples):
        return [list(self._spans) for _ in examples]


@pytest.fixture
def bill(db):
    intent = cast.intent("check_bill")
    cast.live_schema(intent)
    cast.intent("small_talk")
    return intent


def write(utterance, intents, suggester=None):
    return suggestions.store(
        suggestions.build(
            {utterance.pk: suggestions.example_of(utterance)},
            {utterance.pk: intents},
            model_name="head-1",
            suggester=suggester,
        )
    )


def parameters(utterance):
    stored = Suggestion.objects.get(utterance=utterance)
    return [(p["param"], p["text"]) for p in stored.parameters]


def test_a_placeholder_is_bound_to_the_parameter_that_accepts_it(bill):
    utterance = cast.utterance(TEXT)

    assert write(utterance, [("check_bill", 0.9)]) == 1

    stored = Suggestion.objects.get(utterance=utterance)
    [found] = stored.parameters
    assert (found["param"], found["text"]) == ("account_number", "[ACCOUNT_NUMBER_1]")
    assert TEXT[found["start"] : found["end"]] == "[ACCOUNT_NUMBER_1]"
    assert stored.intents == [{"intent": "check_bill", "confidence": 0.9}]


def test_an_intent_without_parameters_binds_nothing(bill):
    utterance = cast.utterance(TEXT)

    write(utterance, [("small_talk", 0.9)])

    assert parameters(utterance) == []


def test_tagged_spans_join_where_they_do_not_overlap_a_placeholder(bill):
    utterance = cast.utterance(TEXT)
    month = TEXT.index("march")
    tagger = Tagger(
        Span(month, month + 5, "bill_month", "march"),
        Span(TEXT.index("["), TEXT.index("]"), "bill_month", "?"),
        Span(0, 2, "unknown_parameter", "my"),
    )

    write(utterance, [("small_talk", 0.5), ("check_bill", 0.4)], tagger)

    assert parameters(utterance) == [
        ("account_number", "[ACCOUNT_NUMBER_1]"),
        ("bill_month", "march"),
    ]


def test_intents_no_longer_in_use_are_left_out(bill):
    cast.intent("retired", is_active=False)
    utterance = cast.utterance("hello")

    write(utterance, [("retired", 0.6), ("unheard_of", 0.2), ("small_talk", 0.2)])

    assert [i["intent"] for i in Suggestion.objects.get().intents] == ["small_talk"]


def test_a_newer_suggestion_replaces_the_older(bill):
    utterance = cast.utterance("hello")
    write(utterance, [("check_bill", 0.6)])

    write(utterance, [("small_talk", 0.7)])

    assert [i["intent"] for i in Suggestion.objects.get().intents] == ["small_talk"]


def test_an_utterance_erased_meanwhile_gets_none(bill):
    utterance = cast.utterance("hello", status="erased")

    assert write(utterance, [("check_bill", 0.6)]) == 0
