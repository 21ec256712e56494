import numpy as np
import pytest

from training.ml import comparison
from training.ml.comparison import Gates, Side, judge, mcnemar


def side(hits: str, ece: float = 0.02, latency: float = 20.0) -> Side:
    return Side(np.array([hit == "1" for hit in hits]), ece, latency)


GATES = Gates(min_exam=10)


def test_mcnemar_by_hand():
    # Five heads in five throws: 1/32; as surprising either way: 1/16.
    assert mcnemar(5, 0, alternative="greater") == pytest.approx(1 / 32)
    assert mcnemar(5, 0, alternative="two-sided") == pytest.approx(1 / 16)
    assert mcnemar(0, 0, alternative="greater") == 1.0


def test_a_clear_win_passes_and_says_by_how_much():
    verdict = judge(side("1" * 20), side("1" * 10 + "0" * 10), ["a"] * 20, GATES)

    assert verdict.passed and verdict.is_decided
    assert verdict.comparison.difference == 0.5
    assert (verdict.comparison.only_challenger, verdict.comparison.only_champion) == (
        10,
        0,
    )
    assert "100.0 % against 50.0 % on the same 20 items" in verdict.reasons[0]


def test_better_by_chance_does_not_pass():
    verdict = judge(side("11" * 10), side("11" * 9 + "01"), ["a"] * 20, GATES)

    assert not verdict.passed
    assert verdict.is_decided
    assert verdict.reasons[0].startswith("The challenger is not provably better")


def test_equal_models_pass_only_where_not_worse_is_enough():
    hits = "10" * 100
    gates = Gates(min_exam=10, rule="not_worse", margin=0.01)

    assert not judge(side(hits), side(hits), ["a"] * 200, GATES).passed
    assert judge(side(hits), side(hits), ["a"] * 200, gates).passed


def test_not_worse_fails_where_the_interval_reaches_below_the_margin():
    gates = Gates(min_exam=10, rule="not_worse", margin=0.01)

    verdict = judge(side("1" * 18 + "00"), side("1" * 20), ["a"] * 20, gates)

    assert not verdict.passed
    assert verdict.reasons[0].startswith("The challenger may be worse")


def test_too_few_items_decide_nothing():
    verdict = judge(side("1" * 9), None, ["a"] * 9, GATES)

    assert not verdict.passed and not verdict.is_decided
    assert verdict.reasons == (
        "Too few exam items are labeled to decide: 9 of the 10 the gate needs.",
    )


@pytest.mark.parametrize(
    ("challenger", "gates", "word"),
    [
        (side("1" * 10, ece=0.2), GATES, "Calibration error 0.200 is above"),
        (
            side("1" * 10, latency=900),
            GATES,
            "A turn takes 900 ms undisturbed (p95), above",
        ),
        (
            side("1" * 6 + "0" * 4),
            Gates(min_exam=10, min_accuracy=0.7),
            "Accuracy 60.0 % misses the floor of 70.0 %",
        ),
    ],
)
def test_each_gate_alone_can_refuse(challenger, gates, word):
    verdict = judge(challenger, None, ["a"] * 10, gates)

    assert not verdict.passed
    assert any(reason.startswith(word) for reason in verdict.reasons)


def test_a_critical_intent_must_not_pay_for_the_others():
    intents = ["outage"] * 10 + ["billing"] * 20
    champion = side("1" * 10 + "0" * 20)
    challenger = side("1" * 6 + "0" * 4 + "1" * 20)

    free = judge(challenger, champion, intents, GATES)
    held = judge(
        challenger, champion, intents, Gates(min_exam=10, critical=("outage",))
    )

    assert free.passed
    assert not held.passed
    assert "The critical intent outage lost 40.0 points of recall." in held.reasons


def test_one_item_lost_by_chance_does_not_condemn_a_critical_intent():
    intents = ["outage"] * 10 + ["billing"] * 20
    champion = side("1" * 10 + "0" * 20)
    challenger = side("1" * 9 + "0" + "1" * 20)
    gates = Gates(min_exam=10, critical=("outage",))

    assert judge(challenger, champion, intents, gates).passed


def test_a_critical_intent_with_too_few_items_is_not_judged():
    intents = ["outage"] * 9 + ["billing"] * 20
    challenger = side("0" * 9 + "1" * 20)

    found = judge(
        challenger,
        side("1" * 9 + "0" * 20),
        intents,
        Gates(min_exam=10, critical=("outage",)),
    )

    assert found.comparison.intent_drops == {}


def test_sides_with_different_items_are_refused():
    with pytest.raises(ValueError, match="items differ"):
        judge(side("1" * 12), side("1" * 11), ["a"] * 12, GATES)


def test_the_interval_is_the_same_for_the_same_seed_and_holds_the_difference():
    rng = np.random.default_rng(1)
    ours, theirs = rng.random(300) < 0.8, rng.random(300) < 0.7

    low, high = comparison.paired_interval(ours, theirs, seed=3)

    assert (low, high) == comparison.paired_interval(ours, theirs, seed=3)
    assert low < ours.mean() - theirs.mean() < high


def test_gates_refuse_what_nobody_knows():
    with pytest.raises(ValueError, match="unknown gates: max_ecee"):
        Gates.from_json({"max_ecee": 0.1})
    with pytest.raises(ValueError, match="rule is 'best'"):
        Gates.from_json({"rule": "best"})
    assert Gates.from_json({"critical": ["a"]}).critical == ("a",)
