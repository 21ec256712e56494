"""Suspect labels and near-duplicates, on numbers worked by hand."""

import numpy as np
import pytest

from training.ml import label_errors
from training.ml.label_errors import Suspect, Twin

# Three rows of class 0, three of class 1. The mean probability of the own class is
# (.9 + .8 + .2) / 3 = .633 for 0 and (.9 + .7 + .8) / 3 = .8 for 1: the third row
# reaches class 1's threshold only and is labeled 0.
CODES = np.array([0, 0, 0, 1, 1, 1])
PROBA = np.array([[0.9, 0.1], [0.8, 0.2], [0.2, 0.8], [0.1, 0.9], [0.3, 0.7],
                  [0.2, 0.8]])  # fmt: skip


def test_the_row_off_the_confident_diagonal_is_suspect():
    """Its score is (1 - .2 + .8) / 2."""
    assert label_errors.suspects(CODES, PROBA) == [
        Suspect(2, 1, 0.8, 0.2, pytest.approx(0.8), is_confident=True)
    ]


def test_a_row_below_every_threshold_is_suspect_without_confidence():
    """.75 is under class 1's mean of .8: the model disagrees, but not as surely."""
    proba = PROBA.copy()
    proba[2] = [0.25, 0.75]

    (found,) = label_errors.suspects(CODES, proba)

    assert (found.row, found.is_confident) == (2, False)
    assert found.score == pytest.approx(0.75)


def test_confident_ones_come_first_then_the_widest_margin():
    codes = np.array([0, 0, 0, 0, 0, 1, 1, 1])
    proba = np.array([[0.9, 0.1], [0.9, 0.1], [0.1, 0.9], [0.05, 0.95], [0.45, 0.55],
                      [0.2, 0.8], [0.3, 0.7], [0.2, 0.8]])  # fmt: skip

    found = label_errors.suspects(codes, proba)

    assert [(s.row, s.is_confident) for s in found] == [
        (3, True), (2, True), (4, False),
    ]  # fmt: skip


@pytest.mark.parametrize("codes", [[], [0, 0]])
def test_with_less_than_two_classes_nothing_is_suspect(codes):
    proba = np.full((len(codes), 2), 0.5)

    assert label_errors.suspects(np.array(codes, dtype=np.intp), proba) == []


def test_columns_no_row_is_labeled_with_do_no_harm():
    wide = np.insert(PROBA, 1, 0.0, axis=1)

    found = label_errors.suspects(np.where(CODES == 1, 2, 0), wide)

    assert [(s.row, s.predicted) for s in found] == [(2, 2)]


def test_twins_are_the_pairs_at_or_above_the_cosine():
    rows = np.array([[1, 0], [0.8, 0.6], [0, 1], [1, 0]], dtype=np.float32)

    assert label_errors.twins(rows, least=0.8) == [
        Twin(0, 1, pytest.approx(0.8)),
        Twin(0, 3, pytest.approx(1.0)),
        Twin(1, 3, pytest.approx(0.8)),
    ]


def test_twins_are_found_across_blocks(monkeypatch):
    monkeypatch.setattr(label_errors, "_BLOCK", 2)
    rows = np.eye(7, dtype=np.float32)[[0, 1, 2, 3, 0, 1, 6]]

    assert [(t.left, t.right) for t in label_errors.twins(rows, least=0.9)] == [
        (0, 4),
        (1, 5),
    ]


def clustered(n_each: int, rng: np.random.Generator) -> tuple[np.ndarray, list[str]]:
    centres = rng.normal(size=(6, 32))
    rows = np.repeat(centres, n_each, axis=0) + rng.normal(
        scale=0.6, size=(6 * n_each, 32)
    )
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return rows.astype(np.float32), [
        f"intent_{k}" for k in range(6) for _ in range(n_each)
    ]


def test_out_of_fold_rows_are_probabilities_and_repeat_with_their_seed():
    x, labels = clustered(20, np.random.default_rng(1))

    classes, proba = label_errors.out_of_fold(x, labels)

    assert classes == tuple(sorted(set(labels)))
    assert proba.sum(axis=1) == pytest.approx(1.0)
    assert np.array_equal(proba, label_errors.out_of_fold(x, labels)[1])


def test_no_row_is_answered_by_a_head_that_saw_it():
    """Rows in a corner of their own: memory would answer them with their label."""
    x, labels = np.eye(40, dtype=np.float32), ["a", "b"] * 20

    _, proba = label_errors.out_of_fold(x, labels)

    own = proba[np.arange(40), [0, 1] * 20]
    assert own.max() < 0.6


@pytest.mark.parametrize("seed", range(3))
def test_four_of_five_flips_of_a_poisoned_intent_surface(seed):
    """One person flips 5 % of an intent; the list must hold at least 80 % of them."""
    rng = np.random.default_rng(seed)
    x, labels = clustered(200, rng)
    flipped = rng.choice(200, 10, replace=False)
    poisoned = list(labels)
    for row in flipped:
        poisoned[row] = "intent_1"
    classes, proba = label_errors.out_of_fold(x, poisoned)
    codes = np.array([classes.index(label) for label in poisoned])

    found = {suspect.row for suspect in label_errors.suspects(codes, proba)}

    assert len(found & set(flipped.tolist())) >= 8
    assert len(found) <= 0.06 * len(labels)
