"""Two models on the same live turns, by hand."""

from training.ml.data import OUT_OF_SCOPE
from training.ml.shadow import Turn, checks, compare

TURNS = [
    Turn("pay", "pay", 10.0, None, 1),
    Turn("pay", "bill", 20.0, 4.0, 2),
    Turn("pay", "bill", 30.0, None, 3),
    Turn("bill", OUT_OF_SCOPE, 40.0, 6.0, 4),
]


def test_without_a_turn_there_is_nothing_to_compare():
    assert compare([]) is None


def test_agreement_fallbacks_and_latency_are_shares_of_the_turns():
    found = compare(TURNS)

    assert (found.turns, found.agreement) == (4, 0.25)
    low, high = found.agreement_interval
    assert round(low, 3) == 0.046  # Wilson, 1 of 4
    assert round(high, 3) == 0.699
    assert (found.champion_fallback, found.challenger_fallback) == (0.0, 0.25)
    assert (found.champion_latency.n, found.champion_latency.p50) == (4, 25.0)
    assert (found.challenger_latency.n, found.challenger_latency.p50) == (2, 5.0)


def test_what_changed_most_comes_first_with_an_example():
    changes = compare(TURNS).changes

    assert [(c.champion, c.challenger, c.turns, c.example) for c in changes] == [
        ("pay", "bill", 2, 2),
        ("bill", OUT_OF_SCOPE, 1, 4),
    ]


def test_equal_turns_in_another_order_tell_the_same_counts():
    backwards = compare(TURNS[::-1])

    assert [c.turns for c in backwards.changes] == [2, 1]
    assert backwards.agreement == compare(TURNS).agreement


def test_too_few_turns_do_not_pass_and_say_how_many():
    [enough, *_] = checks(compare(TURNS), 4, 200)

    assert not enough.passed
    assert enough.reason == "Seen on 4 of 200 live turns in shadow."


def test_enough_turns_pass_with_what_they_showed_in_words():
    told = checks(compare(TURNS), 4, 4)

    assert all(check.passed for check in told)
    said = " ".join(check.reason for check in told)
    assert "agreed with the champion on 25.0 % of 4 turns" in said
    assert "fell back on 25.0 %, the champion on 0.0 %" in said
    assert "pay became bill (2); bill became oos (1)" in said
    assert "6 ms in the worker (p95 of 2), the champion 38 ms live (p95 of 4)" in said
