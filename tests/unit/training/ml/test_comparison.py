import numpy as np
import pytest

from training.ml import comparison, gate
from training.ml.comparison import IntentLimits, Side, intent_changes, mcnemar
from training.ml.gate import Exam, Gates, Guard


def side(hits: str, ece: float = 0.02, latency: float = 20.0) -> Side:
    return Side(np.array([hit == "1" for hit in hits]), ece, latency)


def judge(challenger, champion, intents, gates, **kept):
    return gate.judge(challenger, champion, Exam(intents), gates, **kept)


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
    assert "items won 10, lost 0, p < 0.001" in verdict.reasons[0]  # 1 in 1,024


def test_better_by_chance_does_not_pass():
    verdict = judge(side("11" * 10), side("11" * 9 + "01"), ["a"] * 20, GATES)

    assert not verdict.passed
    assert verdict.is_decided
    assert verdict.reasons[0].startswith("The challenger is not provably better")
    assert "items won 1, lost 0, p = 0.500" in verdict.reasons[0]


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
    assert any(
        reason.startswith("The critical intent outage lost 40.0 points of recall")
        for reason in held.reasons
    )


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

    [outage] = found.comparison.intents
    assert outage.outcome == comparison.TOO_FEW
    assert found.reasons[-1] == (
        "Too few exam items to judge 1 critical intent (fewer than 10 each): outage."
    )


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


def test_among_many_intents_a_small_loss_is_a_doubt_and_not_a_fall():
    names = [f"i{n}" for n in range(10)]
    intents = [name for name in names for _ in range(20)]
    theirs = np.ones(200, dtype=bool)
    ours = theirs.copy()
    ours[:4] = False  # i0 loses 4 of 20: 1/16, but ten intents were looked at

    found = {c.name: c for c in intent_changes(ours, theirs, intents, names,
                                               IntentLimits())}  # fmt: skip

    assert found["i0"].chance == pytest.approx(1 / 16)
    assert found["i0"].adjusted == pytest.approx(10 / 16)
    assert found["i0"].outcome == comparison.DOUBT
    assert found["i1"].outcome == comparison.HELD
    alone = intent_changes(ours, theirs, intents, ["i0"], IntentLimits())
    assert alone[0].outcome == comparison.FELL


def test_what_few_items_cannot_rule_out_is_said():
    # Of 10 items none was lost: 1 - .05 ** (1/10) may be.
    assert comparison.most_lost(0, 0, 10) == pytest.approx(1 - 0.05**0.1)
    verdict = judge(
        side("1" * 10 + "1" * 20),
        side("1" * 10 + "0" * 20),
        ["outage"] * 10 + ["billing"] * 20,
        Gates(min_exam=10, critical=("outage",)),
    )
    assert verdict.passed
    assert "10 cannot rule out a loss of 26 points" in verdict.reasons[-1]


def test_a_doubt_passes_but_asks_for_a_person():
    names = [f"i{n}" for n in range(10)]
    intents = [name for name in names for _ in range(20)]
    challenger = side("0" * 4 + "1" * 196)
    champion = side("1" * 100 + "0" * 100)

    verdict = judge(
        challenger, champion, intents, Gates(min_exam=10, critical=tuple(names))
    )

    assert verdict.passed and verdict.in_doubt
    assert any(r.startswith("A person should look at i0") for r in verdict.reasons)


def test_many_wins_in_one_conversation_are_one_win():
    challenger, champion = side("1" * 12 + "10" * 20), side("0" * 12 + "10" * 20)
    one_call = ["call"] * 12 + [f"c{n}" for n in range(40)]

    by_item = gate.judge(challenger, champion, Exam(["a"] * 52), GATES)
    by_call = gate.judge(challenger, champion, Exam(["a"] * 52, one_call), GATES)

    assert by_item.passed
    assert not by_call.passed
    assert by_call.comparison.p_better == pytest.approx(0.5, abs=0.05)


def test_the_interval_is_wider_where_conversations_win_as_a_whole():
    rng = np.random.default_rng(5)
    ours = np.repeat(rng.random(60) < 0.8, 10)
    theirs = np.repeat(rng.random(60) < 0.6, 10)
    groups = [str(n // 10) for n in range(600)]

    by_item = comparison.paired_interval(ours, theirs, seed=0)
    by_call = comparison.paired_interval(ours, theirs, groups, seed=0)

    assert by_call[1] - by_call[0] > 2 * (by_item[1] - by_item[0])


def test_too_large_a_model_is_refused():
    big = Side(np.ones(10, dtype=bool), size_bytes=600_000_000)

    verdict = judge(big, None, ["a"] * 10, GATES)

    assert not verdict.passed
    assert "The files take 600 MB, above the 500 MB allowed." in verdict.reasons


def test_losses_that_were_each_allowed_do_not_add_up_over_iterations():
    """The champion lost 4 points once already; against it another 4 look small."""
    intents = ["bill"] * 100 + ["router"] * 100
    reference = side("1" * 100 + "0" * 100)
    champion = side("0" * 4 + "1" * 96 + "0" * 100)
    challenger = side("0" * 8 + "1" * 92 + "1" * 100)
    gates = Gates(min_exam=10, critical=("bill",))

    free = judge(challenger, champion, intents, gates)
    guarded = judge(
        challenger, champion, intents, gates,
        guard=Guard(("bill",), reference, "intent-r1"),
    )  # fmt: skip

    assert free.passed
    assert not guarded.passed
    assert guarded.guarded[0].drop == pytest.approx(0.08)
    assert any(
        reason.startswith("Against intent-r1, which last served earlier iterations")
        for reason in guarded.reasons
    )


def test_what_did_not_change_has_no_sign_of_a_loss():
    reference = side("1" * 40)

    verdict = gate.judge(
        reference, None, Exam(["bill"] * 40), GATES,
        guard=Guard(["bill"], reference, "intent-r1"),
    )  # fmt: skip

    assert "is kept: +0.0 points on their 40 items" in verdict.reasons[-1]


def test_small_losses_over_all_earlier_intents_show_together():
    names = [f"i{n}" for n in range(20)]
    intents = [name for name in names for _ in range(20)]
    reference = side("1" * 400)
    challenger = side(("0" + "1" * 19) * 20)  # each loses 1 of 20: nothing alone

    verdict = judge(
        challenger, None, intents, GATES, guard=Guard(names, reference, "intent-r1")
    )

    assert not verdict.passed
    assert verdict.reasons[-1].startswith("What earlier iterations learned is lost")


def test_the_interval_of_matched_shares_is_that_worked_by_hand():
    # wins 4.5, losses 1.5 of 22: 3/22 and sqrt(6 - 9/22)/22 = 0.10748.
    low, high = comparison.matched_interval(4, 1, 20)

    assert low == pytest.approx(3 / 22 - 1.959964 * 0.107480, abs=1e-5)
    assert high == pytest.approx(3 / 22 + 1.959964 * 0.107480, abs=1e-5)
    assert comparison.matched_interval(0, 0, 0) == (-1.0, 1.0)


def test_two_models_that_never_differ_are_not_known_to_be_alike():
    alike = np.ones(100, dtype=bool)

    low, high = comparison.paired_interval(alike, alike, seed=0)

    # Half a pair in each cell: 1.96 sqrt(1) / 102.
    assert (low, high) == pytest.approx((-1.959964 / 102, 1.959964 / 102))


def test_one_conversation_tells_of_one():
    ours, theirs = np.ones(100, dtype=bool), np.zeros(100, dtype=bool)

    low, high = comparison.paired_interval(ours, theirs, ["call"] * 100, seed=0)

    # One pair won of one: 1.5 and 0.5 of 3, 1/3 -+ 1.96 sqrt(2 - 1/3) / 3.
    half = 1.959964 * (2 - 1 / 3) ** 0.5 / 3
    assert (low, high) == pytest.approx((1 / 3 - half, 1.0))


def test_few_items_without_a_loss_do_not_show_that_a_model_is_not_worse():
    gates = Gates(min_exam=10, rule="not_worse", margin=0.01)

    few = judge(side("1" * 100), side("1" * 100), ["a"] * 100, gates)
    many = judge(side("1" * 1000), side("1" * 1000), ["a"] * 1000, gates)

    # 100 items leave 1.9 points open, 1,000 items 0.2.
    assert not few.passed
    assert many.passed
