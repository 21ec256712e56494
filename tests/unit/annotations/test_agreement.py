"""Agreement against published figures and figures worked by hand."""

import pytest

from annotations.agreement import Mark, alpha, span_agreement

# K. Krippendorff, "Computing Krippendorff's Alpha-Reliability" (2011), section C:
# four observers, twelve units, missing data; the nominal alpha given there is 0.743.
OBSERVERS = (
    (1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None),
    (1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3),
    (None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None),
    (1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None),
)
UNITS = [[v for v in unit if v is not None] for unit in zip(*OBSERVERS, strict=True)]


def test_alpha_is_the_one_of_krippendorffs_worked_example():
    found = alpha(UNITS)

    assert found.value == pytest.approx(0.743, abs=0.0005)
    assert (found.n_units, found.n_answers) == (11, 40)


def test_the_interval_holds_the_value_and_repeats_with_its_seed():
    found, again = alpha(UNITS), alpha(UNITS)

    low, high = found.interval
    assert low < found.value < high <= 1.0
    assert found == again


def test_alpha_of_two_binary_observers_is_worked_by_hand():
    """The paper's section A: ten units, alpha 0.095."""
    one = (0, 1, 0, 0, 0, 0, 0, 0, 1, 0)
    other = (1, 1, 1, 0, 0, 1, 0, 0, 0, 0)

    assert alpha(list(zip(one, other, strict=True))).value == pytest.approx(
        0.095, abs=0.0005
    )


def test_alpha_does_not_depend_on_order_or_names():
    names = {1: "pay", 2: "bill", 3: "oos", 4: "hi", 5: "x"}
    shuffled = [[names[v] for v in reversed(unit)] for unit in reversed(UNITS)]

    assert alpha(shuffled).value == pytest.approx(alpha(UNITS).value)


def test_more_of_the_same_units_narrow_the_interval():
    narrow, wide = alpha(UNITS * 20).interval, alpha(UNITS).interval

    assert narrow[1] - narrow[0] < (wide[1] - wide[0]) / 2


@pytest.mark.parametrize("units", [[], [["a"]], [["a", "a"], ["a", "a"]]])
def test_where_nothing_can_differ_there_is_no_value(units):
    found = alpha(units)

    assert found.value is None
    assert found.interval is None


def test_few_units_have_a_value_and_no_interval():
    found = alpha([["a", "a"], ["a", "b"], ["b", "b"]])

    assert found.value is not None
    assert found.interval is None


def test_span_f1_counts_equal_and_touching_places_apart():
    """Five spans in all: one pair equal, one pair touching, one alone."""
    one = [Mark("amount", 0, 5), Mark("month", 8, 12), Mark("plan", 20, 24)]
    other = [Mark("amount", 0, 5), Mark("month", 9, 12)]

    found = span_agreement([[one, other]])

    assert found.exact == pytest.approx(2 / 5)
    assert found.overlap == pytest.approx(4 / 5)
    assert (found.n_pairs, found.n_spans) == (1, 5)


def test_another_parameter_at_the_same_place_is_no_agreement():
    found = span_agreement([[[Mark("amount", 0, 5)], [Mark("month", 0, 5)]]])

    assert (found.exact, found.overlap) == (0.0, 0.0)


def test_three_answers_are_three_pairs():
    mark = [Mark("amount", 0, 5)]

    assert span_agreement([[mark, mark, []]]).n_pairs == 3
    assert span_agreement([[mark, mark, []]]).exact == pytest.approx(2 / 4)


def test_without_any_span_there_is_no_span_agreement():
    assert span_agreement([[[], []]]).exact is None


def test_answers_that_never_differ_have_no_interval():
    found = alpha([["a", "a"], ["b", "b"]] * 20)

    assert (found.value, found.interval) == (1.0, None)
    assert found.why_no_interval == "none where no two answers differ"


def test_one_utterance_gives_no_interval_and_says_so():
    found = alpha([["a", "b"]])

    assert found.interval is None
    assert found.why_no_interval == "one utterance gives none"
    assert alpha(UNITS[:3]).why_no_interval == "fewer than 10 utterances give none"
    assert alpha(UNITS * 20).why_no_interval == ""
