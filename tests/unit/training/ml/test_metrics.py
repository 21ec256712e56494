import numpy as np
import pytest
from sklearn.metrics import f1_score

from training.ml import metrics
from training.ml.data import Span


def test_accuracy_is_the_share_of_equal_answers():
    assert metrics.accuracy(["a", "b", "b", "c"], ["a", "b", "a", "a"]) == 0.5


def test_macro_f1_worked_by_hand():
    # a: precision 1/2, recall 1 -> 2/3.  b: 1/1, 1/2 -> 2/3.  c is never right: 0.
    score = metrics.macro_f1(["a", "b", "b"], ["a", "b", "c"])

    assert score == pytest.approx((1.0 + 2 / 3 + 0.0) / 3)


def test_macro_f1_is_scikit_learns():
    rng = np.random.default_rng(0)
    truth = rng.choice(list("abcde"), 300)
    predicted = np.where(rng.random(300) < 0.6, truth, rng.choice(list("abcf"), 300))

    ours = metrics.macro_f1(list(truth), list(predicted))

    assert ours == pytest.approx(f1_score(truth, predicted, average="macro"))
    by_intent = metrics.f1_by_intent(list(truth), list(predicted))
    assert ours == pytest.approx(np.mean(list(by_intent.values())))


def test_top_k_counts_intents_among_the_likeliest():
    proba = np.array([[0.5, 0.3, 0.2], [0.1, 0.2, 0.7], [0.6, 0.3, 0.1]])

    assert metrics.top_k(["b", "a", "z"], proba, ["a", "b", "c"], 1) == 0.0
    assert metrics.top_k(["b", "a", "z"], proba, ["a", "b", "c"], 2) == pytest.approx(
        1 / 3
    )
    assert metrics.top_k(["b", "a", "z"], proba, ["a", "b", "c"], 3) == pytest.approx(
        2 / 3
    )


def test_calibration_error_worked_by_hand():
    # Bin (0.8, 0.8667]: confidence 0.85, accuracy 0.5. Bin (0.2, 0.2667]: 0.25 and 0.
    confidence = np.array([0.85, 0.85, 0.25, 0.25])
    correct = np.array([True, False, False, False])

    found = metrics.expected_calibration_error(confidence, correct)

    assert found == pytest.approx(0.5 * 0.35 + 0.5 * 0.25)


def test_confidence_of_one_and_zero_have_a_bin():
    found = metrics.expected_calibration_error(
        np.array([1.0, 0.0]), np.array([True, False])
    )

    assert found == 0.0


def test_alike_utterances_of_a_conversation_widen_the_interval():
    rng = np.random.default_rng(1)
    by_conversation = np.repeat(rng.random(50) < 0.8, 20)
    groups = [str(n // 20) for n in range(1000)]

    alone = metrics.share_interval(by_conversation)
    grouped = metrics.share_interval(by_conversation, groups)

    assert grouped[1] - grouped[0] > 2 * (alone[1] - alone[0])
    assert grouped[0] < by_conversation.mean() < grouped[1]


def test_the_bootstrap_repeats_with_its_seed():
    correct, groups = np.arange(80) % 3 > 0, [str(n // 2) for n in range(80)]

    first = metrics.share_interval(correct, groups, seed=5)

    assert first == metrics.share_interval(correct, groups, seed=5)


def test_all_right_in_few_conversations_is_not_certain():
    groups = [str(n // 10) for n in range(40)]

    found = metrics.share_interval(np.ones(40, dtype=bool), groups)

    # Wilson's of 4 of 4 conversations: 4 / (4 + 1.96²).
    assert found == pytest.approx((4 / (4 + 1.959964**2), 1.0))


def test_two_conversations_tell_what_two_tell_of():
    groups = ["a"] * 20 + ["b"] * 20

    low, high = metrics.share_interval(np.arange(40) % 2 == 0, groups)

    # Half right in both: resampled they would always come to exactly a half. Wilson's
    # of 1 of 2: 1/2 -+ 1.96 / (2 + 1.96²) * sqrt(2 / 4 + 1.96² / 4).
    assert (low, high) == pytest.approx((0.0945, 0.9055), abs=1e-4)


def test_out_of_scope_recall_worked_by_hand():
    in_scope = np.linspace(1.0, 2.0, 21)  # 5 % lie below 1.05
    outside = np.array([0.5, 1.04, 1.06, 3.0])
    scores = np.concatenate([in_scope, outside])
    is_in_scope = np.arange(25) < 21

    assert metrics.out_of_scope_recall(scores, is_in_scope) == 0.5


def spans(*places):
    return [Span(start, end, param) for start, end, param in places]


def test_parameter_scores_worked_by_hand():
    truth = [spans((0, 2, "a"), (3, 5, "b")), [], spans((0, 1, "a"))]
    predicted = [spans((0, 2, "a"), (3, 6, "b")), [], spans((0, 1, "a"))]

    found = metrics.score_parameters(truth, predicted, [True, True, False])

    assert found.n == 3

    assert found.span_f1 == pytest.approx(2 * 2 / (3 + 3))
    assert found.utterance_exact == pytest.approx(2 / 3)
    assert found.frame == pytest.approx(1 / 3)


def test_an_exact_place_with_another_parameter_is_wrong():
    found = metrics.score_parameters([spans((0, 2, "a"))], [spans((0, 2, "b"))], [True])

    assert (found.span_f1, found.utterance_exact) == (0.0, 0.0)


def test_a_report_has_the_promised_keys_and_no_more():
    proba = np.array([[0.9, 0.1], [0.2, 0.8]])
    scores = metrics.score_intents(["a", "b"], proba, ["a", "b"])

    found = metrics.Report(scores, 1.5, metrics.percentile_ms([1.0, 2.0])).as_json()

    assert set(found) == {"intent", "latency_ms", "seconds"}
    assert set(found["intent"]) == {
        "accuracy",
        "accuracy_interval",
        "macro_f1",
        "top3",
        "n",
        "ece",
    }
    assert found["latency_ms"] == {"p50": 1.5, "p95": 1.95}


def test_scope_figures_appear_where_the_truth_has_both_kinds():
    proba = np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]])

    found = metrics.score_intents(
        ["a", "b", "oos"],
        proba,
        ["a", "b"],
        predicted=["a", "oos", "oos"],
        scope_score=np.array([3.0, 2.0, 1.0]),
    ).as_json()

    assert found["accuracy"] == pytest.approx(2 / 3, abs=1e-6)
    assert found["in_scope_accuracy"] == 0.5
    assert found["oos_recall_at_95"] == 1.0


def test_probabilities_of_another_shape_are_refused():
    with pytest.raises(ValueError, match="proba is"):
        metrics.score_intents(["a"], np.ones((2, 2)), ["a", "b"])


def test_recall_by_parameter_counts_utterances_by_intent():
    found = metrics.recall_by_parameter(
        ["pay", "pay", "check"],
        [spans((0, 2, "a"), (3, 4, "b")), spans((0, 2, "a")), spans((1, 2, "a"))],
        [spans((0, 2, "a")), spans((0, 3, "a")), spans((1, 2, "a"), (5, 6, "c"))],
    )

    assert found == {
        "check": {"a": metrics.ParameterRecall(n=1, found=1)},
        "pay": {
            "a": metrics.ParameterRecall(n=2, found=1),
            "b": metrics.ParameterRecall(n=1, found=0),
        },
    }


def test_macro_f1_over_the_present_leaves_out_what_was_only_predicted():
    truth, predicted = ["a", "b", "b"], ["a", "b", "c"]

    # a: 1; b: one of two found, none false: 2 / 3; c is in no truth.
    assert metrics.macro_f1_present(truth, predicted) == pytest.approx(5 / 6)


def test_a_refused_row_out_of_scope_counts_as_on_top_and_not_for_calibration():
    proba = np.array([[0.9, 0.1], [0.8, 0.2], [0.7, 0.3]])

    scores = metrics.score_intents(
        ["a", "oos", "oos"], proba, ("a", "b"), predicted=["a", "oos", "a"]
    )

    assert scores.top3 == pytest.approx(2 / 3)
    assert scores.ece == pytest.approx(0.1)


def test_acts_are_scored_where_somebody_said_one():
    truth = ["new", "", "confirms", "new", "denies"]
    said = ["new", "closes", "denies", "new", "denies"]

    found = metrics.score_acts(truth, said, list("abcde"))

    assert found is not None
    assert (found.accuracy, found.n) == (3 / 4, 4)
    assert found.accuracy_interval == metrics.wilson_interval(3, 4)
    # new 1, confirms 0, denies 2 / 3
    assert found.macro_f1 == pytest.approx((1 + 0 + 2 / 3) / 3)


@pytest.mark.parametrize(
    ("truth", "said"), [(["", ""], ["new", "new"]), (["new", "new"], ["", ""])]
)
def test_no_acts_are_scored_where_nobody_or_no_model_says_any(truth, said):
    assert metrics.score_acts(truth, said, ["a", "b"]) is None
