import numpy as np
import pytest

from training.ml import acquisition
from training.ml.calibration import softmax
from training.ml.intent_model import LinearHead

PROBA = np.array([[0.5, 0.5, 0.0], [0.8, 0.1, 0.1], [1.0, 0.0, 0.0]])
FUNCTIONS = [acquisition.least_confidence, acquisition.margin, acquisition.entropy]


@pytest.fixture
def head():
    rng = np.random.default_rng(0)
    coef = rng.normal(size=(12, 32)).astype(np.float32)
    return LinearHead(tuple(f"i{n}" for n in range(12)), coef, coef[:, 0].copy())


@pytest.fixture
def rows():
    rng = np.random.default_rng(1)
    return rng.normal(size=(5000, 32)).astype(np.float32)


def test_margin_is_one_when_two_intents_tie():
    assert acquisition.margin(PROBA).tolist() == pytest.approx([1.0, 0.3, 0.0])


def test_least_confidence_is_what_the_best_lacks():
    assert acquisition.least_confidence(PROBA).tolist() == pytest.approx([0.5, 0.2, 0])


def test_entropy_in_nats_worked_by_hand():
    expected = [np.log(2), -(0.8 * np.log(0.8) + 0.2 * np.log(0.1)), 0.0]

    assert acquisition.entropy(PROBA).tolist() == pytest.approx(expected)


@pytest.mark.parametrize("score", FUNCTIONS)
def test_the_less_certain_row_scores_higher(score):
    first, second, third = score(PROBA)

    assert first > second > third >= 0


@pytest.mark.parametrize("score", FUNCTIONS)
def test_permuted_rows_give_permuted_scores(score):
    proba = softmax(np.random.default_rng(0).normal(size=(50, 7)))
    order = np.random.default_rng(1).permutation(50)

    np.testing.assert_array_equal(score(proba)[order], score(proba[order]))


@pytest.mark.parametrize("score", FUNCTIONS)
def test_no_rows_give_no_scores(score):
    assert score(np.empty((0, 3))).shape == (0,)


@pytest.mark.parametrize("score", FUNCTIONS)
@pytest.mark.parametrize("workers", [1, 2])
def test_blocks_score_as_the_whole_does(score, head, rows, workers, monkeypatch):
    monkeypatch.setattr(acquisition, "BLOCK", 999)

    found = acquisition.score_blocked(head, rows, score, workers=workers)

    np.testing.assert_allclose(found, score(softmax(head.logits(rows))), atol=1e-5)


def test_the_logit_gap_is_the_distance_of_the_best_two(head, rows):
    best_two = np.sort(head.logits(rows), axis=1)[:, -2:]

    found = acquisition.logit_margin(head, rows, workers=2)

    np.testing.assert_allclose(found, best_two[:, 1] - best_two[:, 0], atol=1e-4)


def test_a_head_of_one_intent_is_never_unsure():
    head = LinearHead(("a",), np.zeros((1, 4), np.float32), np.zeros(1, np.float32))

    assert np.isinf(acquisition.logit_margin(head, np.ones((3, 4)))).all()


@pytest.mark.parametrize("n", [1, 100, 5000, 9999])
def test_pruning_picks_what_a_full_pass_picks(head, rows, n):
    scores = acquisition.margin(softmax(head.logits(rows)))

    found = acquisition.most_uncertain_by_margin(head, rows, n)

    assert len(found) == len(set(found.tolist())) == min(n, 5000)
    np.testing.assert_allclose(
        scores[found], np.sort(scores)[::-1][: len(found)], atol=1e-6
    )


def test_no_pool_array_of_all_intents_is_made(head, rows, monkeypatch):
    seen = []
    whole = acquisition.softmax

    def watched(logits):
        seen.append(len(logits))
        return whole(logits)

    monkeypatch.setattr(acquisition, "softmax", watched)
    acquisition.score_blocked(head, rows, acquisition.entropy)

    assert sum(seen) == 5000
    assert max(seen) <= acquisition.BLOCK
