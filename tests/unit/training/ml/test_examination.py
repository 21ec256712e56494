import json
from dataclasses import replace

import numpy as np
import pytest

from training.ml import breakdown, metrics, prompts
from training.ml.data import OUT_OF_SCOPE, Span
from training.ml.evaluation import Detail
from training.ml.exam_items import Items
from training.ml.examination import examine
from training.ml.resampling import Resampler, ratio

INTENTS = ("bill", "pay", "reset")


def items(rows, **changed) -> Items:
    """Items of (truth, said, confidence, calls, conversation)."""
    proba = np.full((len(rows), len(INTENTS)), 0.0)
    for row, (_, said, confidence, _, _) in enumerate(rows):
        proba[row] = (1.0 - confidence) / 2
        proba[row, INTENTS.index(said) if said in INTENTS else 0] = confidence
    n = len(rows)
    fields = {
        "keys": [100 + row for row in range(n)],
        "truth": [row[0] for row in rows],
        "predicted": [row[1] for row in rows],
        "named": [row[1] for row in rows],
        "proba": proba,
        "classes": INTENTS,
        "scope_score": np.ones(n),
        "spans": [()] * n,
        "found_spans": [()] * n,
        "groups": [row[4] for row in rows],
        "calls": np.array([row[3] for row in rows], dtype=float),
        "domains": {"bill": "billing", "pay": "billing", "reset": "repair"},
        "sources": ["calls"] * n,
        "heard": [None] * n,
        "turn_ms": (),
    }
    return Items(**{**fields, **changed})


ROWS = [
    ("bill", "bill", 0.9, 6, "a"),
    ("bill", "pay", 0.6, 2, "a"),
    ("pay", "pay", 0.8, 1, "b"),
    ("reset", "bill", 0.5, 1, "c"),
]


def test_each_utterance_counts_once_or_as_often_as_it_was_called():
    found = examine(items(ROWS)).figure("intent_accuracy")

    assert found.value == pytest.approx(2 / 4)
    assert found.by_calls == pytest.approx(7 / 10)
    assert (found.baseline, found.target) == ((0.78, 0.78), 0.92)


def test_macro_f1_worked_by_hand_unweighted_and_by_calls():
    found = examine(items(ROWS)).figure("macro_f1")

    # bill: 1 hit of 2 true and 2 said. pay: 1 of 1 and 2. reset: none of 1 and 0.
    assert found.value == pytest.approx((2 / 4 + 2 / 3 + 0) / 3)
    # By calls: 6 of 8 and 7; 1 of 1 and 3; 0 of 1 and 0.
    assert found.by_calls == pytest.approx((12 / 15 + 2 / 4 + 0) / 3)


def test_calibration_error_and_bins_agree():
    detail = examine(items(ROWS))

    gaps = [abs(b.confidence - b.accuracy) * b.n for b in detail.calibration if b.n]
    assert detail.figure("ece").value == pytest.approx(sum(gaps) / 4)
    assert sum(b.n for b in detail.calibration) == 4


@pytest.mark.parametrize("has_class", [False, True])
def test_what_the_gate_judges_by_is_what_the_report_shows(has_class):
    rows = [*ROWS, (OUT_OF_SCOPE, OUT_OF_SCOPE, 0.7, 1, "d")]
    exam = items(rows)
    if has_class:
        classes = (*INTENTS, OUT_OF_SCOPE)
        proba = np.hstack([exam.proba, np.zeros((len(rows), 1))])
        proba[-1] = [0.1, 0.1, 0.1, 0.7]
        exam = items(rows, classes=classes, proba=proba)
    named = [exam.classes[i] for i in exam.proba.argmax(axis=1)]
    exam = replace(exam, named=named)

    detail = examine(exam)

    gate = metrics.score_intents(
        exam.truth,
        exam.proba,
        exam.classes,
        predicted=exam.predicted,
        groups=exam.groups,
    )
    for name in ("ece", "top3"):
        assert detail.figure(name).value == pytest.approx(getattr(gate, name))
    counted = 5 if has_class else 4
    assert detail.figure("ece").n == counted
    assert sum(one.n for one in detail.calibration) == counted


def test_out_of_scope_recall_is_that_of_the_metrics():
    rows = [("bill", "bill", 0.9, 1, str(n)) for n in range(20)]
    rows += [(OUT_OF_SCOPE, OUT_OF_SCOPE, 0.4, 3, f"o{n}") for n in range(4)]
    scores = np.array([*np.linspace(1, 2, 20), 0.1, 0.2, 1.01, 1.9])

    detail = examine(items(rows, scope_score=scores))

    found = detail.figure("oos_recall_at_95")
    assert found.value == pytest.approx(0.75)
    assert found.by_calls == pytest.approx(0.75)
    assert found.n == 4
    assert detail.figure("in_scope_accuracy").n == 20


def test_parameters_exact_by_parameter_utterance_and_frame():
    amount, date = Span(0, 2, "amount"), Span(3, 5, "date")
    detail = examine(
        items(
            ROWS,
            spans=[(amount, date), (amount,), (), ()],
            found_spans=[(amount, date), (date,), (), (amount,)],
        )
    )

    assert detail.figure("parameter_exact").value == pytest.approx(2 / 3)
    assert detail.figure("parameter_exact").n == 3
    assert detail.figure("utterance_exact").value == pytest.approx(2 / 4)
    assert detail.figure("utterance_exact_marked").value == pytest.approx(1 / 3)
    # Of the two exact utterances both have the right intent as well.
    assert detail.figure("frame").value == pytest.approx(2 / 4)
    [worst, other] = detail.parameters
    assert (worst.intent, worst.parameter, worst.n) == ("bill", "amount", 2)
    assert worst.exact.value == 0.5
    assert worst.exact.by_calls == pytest.approx(6 / 8)
    assert other.exact.value == 1.0


def test_slices_are_worst_first_and_carry_their_numbers():
    detail = examine(items(ROWS))

    assert [one.name for one in detail.slices["domain"]] == ["repair", "billing"]
    billing = detail.slices["domain"][1]
    assert (billing.n, billing.calls, billing.conversations) == (3, 9.0, 2)
    bill = next(one for one in detail.slices["intent"] if one.name == "bill")
    assert bill.accuracy.value == 0.5
    assert bill.precision == 0.5
    assert bill.f1 == pytest.approx(0.5)


def test_speech_quality_is_cut_where_the_recognizer_said_how_sure_it_was():
    detail = examine(items(ROWS, heard=[0.95, 0.5, None, 0.8]))

    assert {one.name: one.n for one in detail.slices["speech"]} == {
        "heard well (0.9 and above)": 1,
        "heard fairly (0.7 to 0.9)": 1,
        "heard badly (below 0.7, or marked as misheard)": 1,
        "unknown": 1,
    }


def test_confusions_name_pairs_and_keys_and_never_texts():
    detail = examine(items([*ROWS, ("bill", "pay", 0.7, 1, "d")]))

    first = detail.confusions["intent"][0]
    assert (first.truth, first.predicted, first.n, first.calls) == (
        "bill",
        "pay",
        2,
        3.0,
    )
    assert first.share == pytest.approx(2 / 3)
    assert first.examples == (101, 104)
    [domain] = detail.confusions["domain"]
    assert (domain.truth, domain.predicted) == ("repair", "billing")


def test_at_most_thirty_pairs_are_listed():
    names = [f"i{n:02d}" for n in range(40)]
    rows = [("x", name, 0.9, 1, name) for name in names]

    found = examine(items(rows))

    assert len(found.confusions["intent"]) == breakdown.MAX_CONFUSIONS


def test_the_interval_covers_what_conversations_vary_by():
    rng = np.random.default_rng(3)
    rows = []
    for conversation in range(200):
        right = rng.random() < 0.8
        rows += [("bill", "bill" if right else "pay", 0.8, 1, str(conversation))] * 5

    found = examine(items(rows)).figure("intent_accuracy")

    low, high = found.interval
    # 200 conversations that are right or wrong as a whole: 1.96 sqrt(.8 .2 / 200).
    assert high - low == pytest.approx(2 * 1.96 * np.sqrt(0.8 * 0.2 / 200), rel=0.15)
    assert low < 0.8 < high


def test_all_right_in_few_conversations_is_not_certain():
    rows = [("bill", "bill", 0.9, 1, str(n // 10)) for n in range(40)]

    low, high = examine(items(rows)).figure("intent_accuracy").interval

    # Wilson's interval of 4 of 4: the four conversations, not the forty turns.
    assert (low, high) == pytest.approx((0.5101, 1.0), abs=1e-3)


def test_sums_of_conversations_give_the_interval_that_their_items_give():
    rng = np.random.default_rng(0)
    groups = [str(group) for group in rng.integers(60, size=300)]
    hits, of = rng.integers(2, size=300) * 1.0, rng.integers(1, 3, size=300) * 1.0
    calls = rng.integers(1, 9, size=300) * 1.0
    draws = Resampler(groups, seed=0)

    found = draws.share_interval(hits, of, calls)

    assert found == draws.interval(ratio(hits, of), calls)


def test_nine_of_ten_intervals_and_more_cover_the_truth():
    rng = np.random.default_rng(11)
    covered = 0
    for _ in range(200):
        hits = (rng.random(60) < 0.85).astype(float)
        once = np.ones(60)
        draws = Resampler([str(n) for n in range(60)], seed=0, repeats=300)
        low, high = draws.share_interval(hits, once, once)
        covered += low <= 0.85 <= high
    assert covered >= 180


def test_the_same_items_and_seed_give_the_same_evaluation():
    assert examine(items(ROWS), seed=5) == examine(items(ROWS), seed=5)


def test_an_evaluation_survives_json():
    detail = examine(items(ROWS, turn_ms=(1.0, 2.0, 3.0)))

    stored = json.loads(json.dumps(detail.as_json()))

    again = Detail.from_json(stored)
    assert again.as_json() == detail.as_json()
    assert again.figure("latency_p50_ms").value == 2.0
    with pytest.raises(ValueError, match="format 99"):
        Detail.from_json({**stored, "format": 99})


def test_no_items_are_refused():
    with pytest.raises(ValueError, match="no labeled utterances"):
        examine(items([]))


def test_prompts_with_likely_functions_only_save_tokens_and_say_what_they_miss():
    tools = {
        "bill": {"name": "check_bill"},
        "pay": {"name": "pay"},
        "reset": {"name": "reset_router"},
    }
    costs = prompts.costs(tools, len, "characters")

    found = prompts.tokens_of_turns(
        ["abc", "de"], ["bill", "oos"], [["pay", "reset"], ["bill"]], costs, k=1
    )

    each = {name: len(prompts.minified(tool)) for name, tool in tools.items()}
    everything = 2 + sum(each.values()) + 2
    assert list(found.full) == [3 + everything, 2 + everything]
    assert list(found.top_k) == [3 + 2 + each["pay"], 2 + 2 + each["bill"]]
    assert found.offered[0] == 0.0
    assert np.isnan(found.offered[1])
    figures = examine(
        items(ROWS[:2]), tokens=found, about_tokens={"counter": "characters"}
    )
    assert figures.figure("token_reduction").value == pytest.approx(
        1 - found.top_k.sum() / found.full.sum()
    )
    assert figures.tokens["counter"] == "characters"


def test_acts_count_where_somebody_said_one():
    acts = ("new", "", "denies", "confirms")
    found = ("new", "new", "denies", "denies")

    figure = examine(items(ROWS, acts=acts, found_acts=found)).figure("act_accuracy")

    assert (figure.value, figure.n) == (pytest.approx(2 / 3), 3)
    # Said six times, once and once: seven of eight calls.
    assert figure.by_calls == pytest.approx(7 / 8)


def test_utterances_whose_marks_are_unknown_count_in_no_figure_of_parameters():
    month = (Span(0, 4, "month"),)
    detail = examine(
        items(
            ROWS,
            spans=[month, month, (), ()],
            found_spans=[month, (), month, ()],
            marks_known=[True, True, False, False],
        )
    )

    assert detail.about["marks_unknown"] == 2
    assert detail.figure("intent_accuracy").n == 4
    # The first is right in both, the second in neither.
    for name in ("utterance_exact", "frame", "utterance_exact_marked"):
        assert (detail.figure(name).n, detail.figure(name).value) == (2, 0.5)
    assert [line.n for line in detail.parameters] == [2]
