"""Whether any intent fits at all: energy of the logits and nearness to known rows.

Where out-of-scope rows are labeled, a third signal says how much a row is like those,
a hint beside the other two.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.ml.data import OUT_OF_SCOPE

Floats = NDArray[np.floating[Any]]

ACCEPTANCE = 0.95
MIN_OUTSIDE = 20  # so many labeled out-of-scope rows are needed to learn from them
# What is labeled out of scope is a small part of what there is: a hint beside energy
# and familiarity. On clinc150's validation rows 0.3 refused 96 % of what is outside,
# no hint 92 % (95 % of what is inside accepted).
OUTSIDE_WEIGHT = 0.3
MIN_DOMAIN = 50  # so many held-out rows a domain needs for a threshold of its own


@dataclass(frozen=True)
class ScopeRule:
    """Score = weighted sum of standardized signals; refuse below the threshold.

    Energy: Liu et al., Energy-based Out-of-distribution Detection, 2020. outside: a
    linear rule on the embedding, its bias last; empty where nothing out of scope was
    labeled. weights: of energy, familiarity and unlikeness to what is outside.
    intent_thresholds: {intent: threshold} where its domain has one of its own.
    """

    energy_mean: float
    energy_sd: float
    familiarity_mean: float
    familiarity_sd: float
    threshold: float
    weights: tuple[float, float, float] = (1.0, 1.0, 0.0)
    outside: tuple[float, ...] = ()
    outside_mean: float = 0.0
    outside_sd: float = 1.0
    intent_thresholds: Mapping[str, float] = field(default_factory=dict)

    def score(
        self,
        classes: tuple[str, ...],
        logits: Floats,
        familiarity: Floats,
        embeddings: Floats | None = None,
    ) -> NDArray[np.float32]:
        """(n,), higher = more surely in scope."""
        signals = self.signals(classes, logits, familiarity, embeddings)
        return np.asarray(signals @ np.asarray(self.weights), dtype=np.float32)

    def signals(
        self,
        classes: tuple[str, ...],
        logits: Floats,
        familiarity: Floats,
        embeddings: Floats | None = None,
    ) -> NDArray[np.float64]:
        """The standardized signals, (n, 3)."""
        energy = (_energy(classes, logits) - self.energy_mean) / self.energy_sd
        near = (np.asarray(familiarity) - self.familiarity_mean) / self.familiarity_sd
        unlike: Floats = np.zeros(len(energy))
        if self.outside and embeddings is not None:
            said = _outside_score(self.outside, embeddings)
            unlike = (said - self.outside_mean) / self.outside_sd
        return np.stack([energy, near, unlike], axis=1).astype(np.float64)

    def thresholds(self, intents: Sequence[str]) -> NDArray[np.float64]:
        """For each named intent the threshold its rows have to reach, (n,)."""
        own = self.intent_thresholds
        return np.array([own.get(name, self.threshold) for name in intents])

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, facts: Mapping[str, Any]) -> ScopeRule:
        found = dict(facts)
        for name in ("weights", "outside"):
            if name in found:
                found[name] = tuple(found[name])
        return cls(**found)


def fit_scope_rule(
    classes: tuple[str, ...],
    logits: Floats,
    familiarity: Floats,
    codes: NDArray[np.intp],
    acceptance: float = ACCEPTANCE,
) -> ScopeRule:
    """Accept `acceptance` of held-out in-scope rows.

    logits: (n, n_intents) and familiarity: (n,) of rows the model had not seen,
    codes: (n,) their true columns. Nothing held out: nothing is refused.
    """
    in_scope = np.array([classes[code] != OUT_OF_SCOPE for code in codes], dtype=bool)
    if in_scope.sum() < 2:
        return ScopeRule(0.0, 1.0, 0.0, 1.0, float(np.finfo(np.float32).min))
    energy = _energy(classes, logits)[in_scope]
    near = np.asarray(familiarity)[in_scope]
    rule = ScopeRule(
        energy_mean=float(energy.mean()),
        energy_sd=float(max(energy.std(), 1e-6)),
        familiarity_mean=float(near.mean()),
        familiarity_sd=float(max(near.std(), 1e-6)),
        threshold=0.0,
    )
    scores = rule.score(classes, np.asarray(logits)[in_scope], near)
    return replace(rule, threshold=_quantile(scores, acceptance))


@dataclass(frozen=True)
class Unseen:
    """Held-out rows as the model sees them; is_inside: bool (n,)."""

    embeddings: Floats
    logits: Floats
    familiarity: Floats
    is_inside: NDArray[np.bool_]


def with_outside(
    rule: ScopeRule,
    classes: tuple[str, ...],
    inside: Floats,
    outside: Floats,
    unseen: Unseen,
    acceptance: float = ACCEPTANCE,
) -> ScopeRule:
    """The rule that also heeds labeled out-of-scope rows, where there are enough.

    inside, outside: embeddings (n, d) trained on. The new signal has a fixed weight:
    fitted on a hundred rows it was trusted far too much. The threshold accepts
    `acceptance` of held-out rows inside.
    """
    if len(outside) < MIN_OUTSIDE or not unseen.is_inside.any():
        return rule
    linear = _fit_outside(inside, outside)
    said = _outside_score(linear, unseen.embeddings[unseen.is_inside])
    found = replace(
        rule,
        outside=linear,
        outside_mean=float(said.mean()),
        outside_sd=float(max(said.std(), 1e-6)),
        weights=(1.0, 1.0, OUTSIDE_WEIGHT),
    )
    signals = found.signals(
        classes, unseen.logits, unseen.familiarity, unseen.embeddings
    )
    scores = signals[unseen.is_inside] @ np.asarray(found.weights)
    return replace(found, threshold=_quantile(scores, acceptance))


def with_domains(
    rule: ScopeRule,
    classes: tuple[str, ...],
    unseen: Unseen,
    domains: Mapping[str, str],
    acceptance: float = ACCEPTANCE,
) -> ScopeRule:
    """The rule with a threshold for every domain that has rows enough held out.

    domains: {intent: domain}. Each threshold accepts `acceptance` of its domain's
    rows: a domain whose callers are harder to recognize is not refused more often
    than others. Rows count where the likeliest intent points, as when serving.
    """
    scores = rule.score(classes, unseen.logits, unseen.familiarity, unseen.embeddings)
    likeliest = np.asarray(unseen.logits).argmax(axis=1)
    of_row = np.array([domains.get(classes[i], "") for i in likeliest], dtype=object)
    thresholds: dict[str, float] = {}
    for domain in sorted(set(domains.values()) - {""}):
        rows = (of_row == domain) & unseen.is_inside
        if rows.sum() >= MIN_DOMAIN:
            threshold = _quantile(scores[rows], acceptance)
            own = [intent for intent in classes if domains.get(intent) == domain]
            thresholds.update(dict.fromkeys(own, threshold))
    return replace(rule, intent_thresholds=thresholds)


def _fit_outside(inside: Floats, outside: Floats) -> tuple[float, ...]:
    """A linear rule, positive inside; both kinds weigh the same."""
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits

    x = np.concatenate([inside, outside]).astype(np.float64)
    is_inside = np.arange(len(x)) < len(inside)
    with threadpool_limits(1):
        model = LogisticRegression(C=1.0, class_weight="balanced", max_iter=300)
        model.fit(x, is_inside)
    return tuple(float(one) for one in (*model.coef_[0], model.intercept_[0]))


def _outside_score(linear: tuple[float, ...], embeddings: Floats) -> Floats:
    weights = np.asarray(linear)
    return np.asarray(np.asarray(embeddings) @ weights[:-1] + weights[-1])


def _quantile(scores: Floats, acceptance: float) -> float:
    return float(np.quantile(scores, 1.0 - acceptance))


def _energy(classes: tuple[str, ...], logits: Floats) -> NDArray[np.float64]:
    """Log-sum-exp over the in-scope columns, (n,)."""
    columns = [i for i, name in enumerate(classes) if name != OUT_OF_SCOPE]
    z = np.asarray(logits, dtype=np.float64)[:, columns]
    peak = z.max(axis=1)
    return np.asarray(peak + np.log(np.exp(z - peak[:, None]).sum(axis=1)))
