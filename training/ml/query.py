"""Every query strategy by its name: which utterances of the pool to ask about next."""

from __future__ import annotations

from training.ml import acquisition
from training.ml.query_batch import Badge, ClusterMargin, RankedBatch
from training.ml.query_coverage import (
    DiverseMargin,
    TypicalPoints,
    TypicalThenMargin,
    n_coverage_clusters,
)
from training.ml.query_pool import Pool, QueryStrategy
from training.ml.query_turns import FollowUp, TokenMargin
from training.ml.query_uncertainty import FrequencyWeighted, RandomDraw, Uncertainty

__all__ = [
    "DEFAULT_STRATEGY",
    "Pool",
    "QueryStrategy",
    "n_coverage_clusters",
    "strategies",
    "strategy_named",
]

DEFAULT_STRATEGY = "typiclust_margin"


def strategies() -> dict[str, QueryStrategy]:
    """Every strategy by name."""
    known: list[QueryStrategy] = [
        RandomDraw(),
        Uncertainty(
            "least_confidence", acquisition.least_confidence, "uncertainty_sampling"
        ),
        Uncertainty("margin", acquisition.margin, "margin_sampling"),
        Uncertainty("entropy", acquisition.entropy, "entropy_sampling"),
        FrequencyWeighted(),
        RankedBatch(),
        DiverseMargin(),
        TypicalPoints(),
        TypicalThenMargin(),
        Badge(),
        ClusterMargin(),
        TokenMargin(),
        FollowUp(),
    ]
    return {strategy.name: strategy for strategy in known}


def strategy_named(name: str) -> QueryStrategy:
    """Raises ValueError naming the known strategies where there is no such."""
    known = strategies()
    if name not in known:
        raise ValueError(f"no strategy {name!r}; there are {', '.join(sorted(known))}")
    return known[name]
