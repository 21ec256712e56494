"""The linear fit finds what scikit-learn looks for."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from training.ml import softmax_regression
from training.ml.softmax_regression import fit


def rows_of(n_classes: int, n: int = 400, seed: int = 0):
    """Unit rows around a common mean that vary along some directions far more."""
    rng = np.random.default_rng(seed)
    codes = np.concatenate([np.arange(n_classes), rng.integers(n_classes, size=n)])
    centres = rng.normal(size=(n_classes, 16))
    x = 4.0 + (centres[codes] + rng.normal(size=(len(codes), 16))) / np.arange(1, 17)
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    return x.astype(np.float32), codes


def given_logits(x, coef, intercept):
    logits = x @ np.asarray(coef).T + intercept
    return logits - logits.mean(axis=1, keepdims=True)


@pytest.mark.parametrize("n_classes", [3, 7])
def test_it_is_the_minimum_that_scikit_learn_finds(n_classes):
    x, codes = rows_of(n_classes)
    weights = np.where(codes == 0, 3.0, 1.0)
    weights /= weights.mean()
    theirs = LogisticRegression(C=10.0, tol=1e-8, max_iter=10_000).fit(
        x.astype(float), codes, sample_weight=weights
    )

    ours = fit(x, codes, weights, c=10.0, max_iter=300)

    np.testing.assert_allclose(
        given_logits(x, *ours),
        given_logits(x, theirs.coef_, theirs.intercept_),
        atol=0.05,
    )


def test_two_classes_share_what_scikit_learn_gives_their_difference():
    x, codes = rows_of(2)
    theirs = LogisticRegression(C=10.0, tol=1e-8, max_iter=10_000).fit(
        x.astype(float), codes
    )

    coef, intercept = fit(x, codes, np.ones(len(x)), c=10.0, max_iter=300)

    logits = x @ coef.T + intercept
    np.testing.assert_allclose(
        logits[:, 1] - logits[:, 0], theirs.decision_function(x), atol=0.05
    )


def test_a_step_from_where_it_ended_changes_nothing(monkeypatch):
    x, codes = rows_of(5)
    ended = fit(x, codes, np.ones(len(x)), c=10.0, max_iter=300)
    steps = []
    whole = softmax_regression.minimize

    def watched(*given, **named):
        found = whole(*given, **named)
        steps.append(found.nit)
        return found

    monkeypatch.setattr(softmax_regression, "minimize", watched)
    again = fit(x, codes, np.ones(len(x)), c=10.0, max_iter=300, start=ended)
    fit(x, codes, np.ones(len(x)), c=10.0, max_iter=300)

    np.testing.assert_allclose(again[0], ended[0], atol=0.05)
    assert steps[0] <= 2 < steps[1]


def test_rows_fewer_than_their_columns_are_learned_too():
    x, codes = rows_of(4, n=2)
    theirs = LogisticRegression(C=10.0, tol=1e-8, max_iter=10_000).fit(
        x.astype(float), codes
    )

    ours = fit(x, codes, np.ones(len(x)), c=10.0, max_iter=300)

    np.testing.assert_allclose(
        given_logits(x, *ours),
        given_logits(x, theirs.coef_, theirs.intercept_),
        atol=0.05,
    )


def test_the_same_rows_give_the_same_bits():
    x, codes = rows_of(6)

    first, second = (
        fit(x, codes, np.ones(len(x)), c=10.0, max_iter=300) for _ in range(2)
    )

    assert first[0].tobytes() == second[0].tobytes()
    assert first[1].tobytes() == second[1].tobytes()
