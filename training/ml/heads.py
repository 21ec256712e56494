"""Fit the intent head of a served model: linear parts, neighbours, calibration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from training.ml.scoring import IntentHead, Linear, Neighbours, sharpen

INVERSE_REGULARIZATION = 10.0
MAX_ITERATIONS = 400
ABSENT = -30.0
N_NEIGHBOURS = 10
SHARPNESS = 20.0
MAX_MEMORY = 50_000
IN_SCOPE_ACCEPTANCE = 0.95
TEMPERATURES = (0.1, 5.0)

Floats = NDArray[np.floating[Any]]
Ints = NDArray[np.integer[Any]]


def fit_linear(embeddings: Floats, labels: Ints, n_intents: int) -> Linear:
    """A multinomial logistic regression as arrays.

    labels: int (n,) below n_intents, at least two different ones. An intent without
    an example gets a score so low that it is never the answer.
    """
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=INVERSE_REGULARIZATION, max_iter=MAX_ITERATIONS)
    model.fit(embeddings, labels)
    coefficients, intercepts = model.coef_, model.intercept_
    if len(model.classes_) == 2:  # sklearn keeps one row for two classes
        coefficients = np.concatenate([-coefficients, coefficients]) / 2
        intercepts = np.concatenate([-intercepts, intercepts]) / 2
    weight = np.zeros((n_intents, embeddings.shape[1]), dtype=np.float32)
    bias = np.full(n_intents, ABSENT, dtype=np.float32)
    weight[model.classes_] = coefficients
    bias[model.classes_] = intercepts
    return Linear(weight, bias)


def remember(embeddings: Floats, labels: Ints, *, seed: int) -> Neighbours:
    """Labeled embeddings as neighbours; of too many a random share is kept."""
    rows = np.arange(len(labels))
    if len(rows) > MAX_MEMORY:
        rng = np.random.default_rng(seed)
        rows = np.sort(rng.choice(len(rows), MAX_MEMORY, replace=False))
    return Neighbours(embeddings[rows], labels[rows], N_NEIGHBOURS, SHARPNESS)


def calibrated(head: IntentHead, embeddings: Floats, labels: Ints) -> IntentHead:
    """The head with temperature and scope threshold set on held-out rows in scope.

    Guo et al., On Calibration of Modern Neural Networks, 2017. With no rows to go by
    the head stays as it is.
    """
    if len(labels) == 0:
        return head
    temperature = fit_temperature(head.raw_proba(embeddings), labels)
    scores = head.scope_score(embeddings)
    threshold = float(np.quantile(scores, 1.0 - IN_SCOPE_ACCEPTANCE))
    return replace(head, temperature=temperature, scope_threshold=threshold)


def fit_temperature(proba: Floats, labels: Ints) -> float:
    """The temperature under which the labels are likeliest."""
    rows = np.arange(len(labels))

    def loss(log_temperature: float) -> float:
        likely = sharpen(proba, float(np.exp(log_temperature)))[rows, labels]
        return float(-np.log(likely + 1e-12).mean())

    bounds = (float(np.log(TEMPERATURES[0])), float(np.log(TEMPERATURES[1])))
    found = minimize_scalar(loss, bounds=bounds, method="bounded")
    return float(np.exp(found.x))


def codes_of(names: Sequence[str], intents: Sequence[str]) -> NDArray[np.int64]:
    """Positions of names among the intents; -1 where a name is none of them."""
    index = {name: position for position, name in enumerate(intents)}
    return np.array([index.get(name, -1) for name in names], dtype=np.int64)
