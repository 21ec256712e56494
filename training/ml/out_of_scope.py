"""Whether any intent fits at all: energy of the logits and nearness to known rows."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.ml.data import OUT_OF_SCOPE

Floats = NDArray[np.floating[Any]]

ACCEPTANCE = 0.95


@dataclass(frozen=True)
class ScopeRule:
    """Score = standardised energy + standardised familiarity; refuse below threshold.

    Energy: Liu et al., Energy-based Out-of-distribution Detection, 2020.
    """

    energy_mean: float
    energy_sd: float
    familiarity_mean: float
    familiarity_sd: float
    threshold: float

    def score(
        self, classes: tuple[str, ...], logits: Floats, familiarity: Floats
    ) -> NDArray[np.float32]:
        """(n,), higher = more surely in scope."""
        energy = (_energy(classes, logits) - self.energy_mean) / self.energy_sd
        near = (np.asarray(familiarity) - self.familiarity_mean) / self.familiarity_sd
        return np.asarray(energy + near, dtype=np.float32)

    def as_dict(self) -> dict[str, float]:
        return asdict(self)

    @classmethod
    def from_dict(cls, facts: dict[str, float]) -> ScopeRule:
        return cls(**facts)


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
    threshold = float(np.quantile(scores, 1.0 - acceptance))
    return ScopeRule(**{**rule.as_dict(), "threshold": threshold})


def _energy(classes: tuple[str, ...], logits: Floats) -> NDArray[np.float64]:
    """Log-sum-exp over the in-scope columns, (n,)."""
    columns = [i for i, name in enumerate(classes) if name != OUT_OF_SCOPE]
    z = np.asarray(logits, dtype=np.float64)[:, columns]
    peak = z.max(axis=1)
    return np.asarray(peak + np.log(np.exp(z - peak[:, None]).sum(axis=1)))
