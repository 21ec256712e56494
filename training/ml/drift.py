"""Whether callers, or what a model makes of them, are other than they were.

Every test compares a reference sample with a current one and says three things: how
large the change is (an effect size that does not grow with the sample), how likely a
change that large is by chance alone, and from which size on it matters.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, stats
from threadpoolctl import threadpool_limits

from training.ml.multiplicity import holm

Floats = NDArray[np.floating[Any]]
Ints = NDArray[np.integer[Any]]

LEVEL = 0.01  # of all questions together
# Of all questions together, in one part of the window: a part only confirms what the
# whole has shown, so false alarms stay at LEVEL, and a change that was in one part
# alone is confirmed by the other one time in twenty.
PART_LEVEL = 0.05
# The smallest p they can tell stays below the level when it is counted four times:
# embeddings alone may raise the alarm.
PERMUTATIONS = 400
FOLDS = 5
SMOOTHING = 0.5  # of an item, so that an empty cell has a logarithm
# Effect sizes from which a change matters. PSI: the usual reading of 0.1 to 0.2.
MATTERS = {
    # AUC of telling old from new. A share s of turns of a new kind gives at most
    # 0.5 + s / 2, so this is a fifth of the turns.
    "embeddings": 0.60,
    "intents": 0.15,  # Cramér's V
    "stability": 0.2,  # population stability index
    "confidence": 0.10,  # Kolmogorov-Smirnov distance
}


@dataclass(frozen=True)
class Test:
    """One comparison. effect: see MATTERS; p_value: under no change at all."""

    name: str
    effect: float
    p_value: float
    matters_from: float

    @property
    def is_large(self) -> bool:
        return self.effect >= self.matters_from


def embeddings_test(
    reference: Floats, current: Floats, rng: np.random.Generator
) -> tuple[Test, Floats]:
    """Can a classifier tell current rows from reference rows?

    reference: (n, d), current: (m, d). Classifier two-sample test (Lopez-Paz and
    Oquab, 2017) with cross-validated linear discriminants; p by permutation of its
    AUC. Also returns (m,) how new each current row looks, higher = newer.
    """
    x = np.concatenate([reference, current]).astype(np.float64)
    is_new = np.repeat([False, True], [len(reference), len(current)])
    fold = rng.permutation(len(x)) % FOLDS
    shuffled = rng.permuted(np.tile(is_new, (PERMUTATIONS, 1)), axis=1)
    asked = np.concatenate([is_new[None], shuffled])
    with threadpool_limits(1, user_api="blas"):  # several spin on products this small
        scores = _cross_validated(x, fold, asked)
    found, *by_chance = auc(scores, asked)
    p = (1 + sum(c >= found for c in by_chance)) / (1 + PERMUTATIONS)
    return Test("embeddings", float(found), p, MATTERS["embeddings"]), scores[0, is_new]


def _cross_validated(x: Floats, fold: Ints, labelings: NDArray[np.bool_]) -> Floats:
    """(k, n) scores of a ridge discriminant for k labelings, rows by the other folds.

    The least-squares classifier on centred labels is Fisher's discriminant; its
    matrix does not depend on the labels, so all permutations cost one product.
    """
    scores = np.empty(labelings.shape)
    for index in range(FOLDS):
        seen, unseen = fold != index, fold == index
        mean = x[seen].mean(axis=0)
        a, b = x[seen] - mean, x[unseen] - mean
        ridge = np.trace(a.T @ a) / a.shape[1] + 1e-12
        solved = np.linalg.solve(a.T @ a + ridge * np.eye(a.shape[1]), a.T)
        target = labelings[:, seen].astype(np.float64)
        target -= target.mean(axis=1, keepdims=True)
        scores[:, unseen] = target @ (b @ solved).T
    return scores


def auc(scores: Floats, positive: NDArray[np.bool_]) -> Floats:
    """(k,) how often a positive outranks a negative in each of k rows of (k, n).

    Ties count half.
    """
    ranks = stats.rankdata(scores, axis=1)
    n, m = positive.sum(axis=1), (~positive).sum(axis=1)
    won: NDArray[np.float64] = (ranks * positive).sum(axis=1) - n * (n + 1) / 2
    shares: NDArray[np.float64] = won / (n * m)
    return shares


def intents_test(reference: Mapping[str, int], current: Mapping[str, int]) -> Test:
    """Do the shares of the predicted intents differ? Chi-square, Cramér's V.

    Intents expected fewer than five times are taken together (Cochran's rule).
    """
    names = sorted(set(reference) | set(current))
    counts = np.array(
        [[side.get(name, 0) for name in names] for side in (reference, current)],
        dtype=np.float64,
    )
    table = _with_rare_together(counts)
    if table.shape[1] < 2:
        return Test("intents", 0.0, 1.0, MATTERS["intents"])
    found = stats.chi2_contingency(table, correction=False)
    effect = float(np.sqrt(found.statistic / table.sum()))
    return Test("intents", effect, float(found.pvalue), MATTERS["intents"])


def _with_rare_together(counts: Floats) -> Floats:
    total = counts.sum()
    expected = counts.sum(axis=1, keepdims=True) * counts.sum(axis=0) / total
    rare = expected.min(axis=0) < 5
    kept = counts[:, ~rare]
    if not rare.any():
        return kept
    return np.concatenate([kept, counts[:, rare].sum(axis=1, keepdims=True)], axis=1)


def stability_test(reference: Mapping[str, int], current: Mapping[str, int]) -> Test:
    """Population stability index of the predicted intents, p by its distribution.

    Without a change, PSI times n*m/(n+m) is about chi-square with one degree less
    than there are cells (Yurdakul, 2018).
    """
    names = sorted(set(reference) | set(current))
    counts = np.array(
        [[side.get(name, 0) for name in names] for side in (reference, current)],
        dtype=np.float64,
    )
    cells = _with_rare_together(counts)
    shares = (cells + SMOOTHING) / (cells + SMOOTHING).sum(axis=1, keepdims=True)
    before, after = shares
    index = float(((after - before) * np.log(after / before)).sum())
    n, m = counts.sum(axis=1)
    p = float(stats.chi2.sf(index * n * m / (n + m), max(1, cells.shape[1] - 1)))
    return Test("stability", index, p, MATTERS["stability"])


def confidence_test(reference: Floats, current: Floats) -> Test:
    """Is the model as sure as it was? Two-sample Kolmogorov-Smirnov."""
    found = stats.ks_2samp(reference, current)
    return Test(
        "confidence",
        float(found.statistic),
        float(found.pvalue),
        MATTERS["confidence"],
    )


@dataclass(frozen=True)
class LabelShift:
    """What the mix of intents has become, judged by predictions alone.

    shares: estimated share of each intent now. accuracy: what the model's accuracy is
    with that mix if each intent is recognized as well as before.
    """

    shares: dict[str, float]
    accuracy: float


def label_shift(
    truth: Sequence[str], predicted: Sequence[str], current: Mapping[str, int]
) -> LabelShift:
    """Black-box shift estimation (Lipton, Wang and Smola, 2018).

    truth, predicted: of labeled items from the reference; current: how often each
    intent is predicted now. Solved with weights of at least zero.
    """
    if not set(current) & set(predicted):
        raise ValueError("current has no intent that was predicted for labeled items")
    names = sorted(set(truth) | set(predicted) | set(current))
    column = {name: index for index, name in enumerate(names)}
    joint = np.zeros((len(names), len(names)))  # predicted x true
    for said, meant in zip(predicted, truth, strict=True):
        joint[column[said], column[meant]] += 1.0 / len(truth)
    now = np.array([current.get(name, 0) for name in names], dtype=np.float64)
    now /= now.sum()
    ridge = 1e-3  # towards no shift, for intents that hardly any item shows
    left = np.concatenate([joint, ridge * np.eye(len(names))])
    right = np.concatenate([now, np.full(len(names), ridge)])
    weights, _ = optimize.nnls(left, right)
    before = joint.sum(axis=0)
    shares = weights * before
    total = shares.sum()
    right_share = float((np.diag(joint) * weights).sum() / total)
    return LabelShift(
        {name: float(share / total) for name, share in zip(names, shares, strict=True)},
        right_share,
    )


def is_changed(tests: Sequence[Test], level: float = LEVEL) -> list[bool]:
    """Per test: too large for chance, all tests counted, and large enough to matter."""
    return [
        beyond and test.is_large
        for beyond, test in zip(_beyond_chance(tests, level), tests, strict=True)
    ]


def _beyond_chance(tests: Sequence[Test], level: float) -> list[bool]:
    return [p < level for p in holm([test.p_value for test in tests])]


def persists(
    whole: Sequence[Test], parts: Sequence[Sequence[Test]], level: float = LEVEL
) -> list[bool]:
    """Per test: changed, and seen in every part of the window as well.

    The size is asked of the whole: a part has fewer turns to tell old from new by,
    which makes the same change look smaller in it.
    """
    shown = [_beyond_chance(part, PART_LEVEL) for part in parts]
    return [all(each) for each in zip(is_changed(whole, level), *shown, strict=True)]
