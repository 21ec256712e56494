"""Chance, and the rows about which the head is least sure.

The only importer of modAL. Its learners cannot be taught under the scikit-learn we
run, so its query functions are used on a stand-in classifier and the fit is ours.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.ml import acquisition
from training.ml.calibration import softmax
from training.ml.linear_head import LinearHead
from training.ml.query_pool import Floats, Indices, Pool, best, check

SMALL_POOL = 20_000  # rows up to which modAL's own functions are called


@dataclass(frozen=True)
class RandomDraw:
    """Every row is as likely as any other: the yardstick."""

    name: str = "random"

    def select(self, pool: Pool, n: int, rng: np.random.Generator) -> Indices:
        check(pool, n)
        return rng.choice(len(pool), n, replace=False).astype(np.intp)


@dataclass(frozen=True)
class Uncertainty:
    """The n rows with the highest acquisition score, through modAL on small pools."""

    name: str
    score: acquisition.Acquisition
    query: str  # the name of modAL's function

    def select(self, pool: Pool, n: int, rng: np.random.Generator) -> Indices:
        check(pool, n)
        if pool.head is None:
            return RandomDraw().select(pool, n, rng)
        if len(pool) <= SMALL_POOL:
            return _through_modal(self.query, pool.head, pool.embeddings, n)
        if self.score is acquisition.margin:
            return pool.nearest_ties(n)
        return best(pool.scores(self.score), n)


@dataclass(frozen=True)
class FrequencyWeighted:
    """Near ties that many callers said: the margin score times a root of the count.

    A label then corrects as many calls as it can; the root keeps the few sayings of
    everybody from crowding out all others.
    """

    name: str = "frequency"
    power: float = 0.5

    def select(self, pool: Pool, n: int, rng: np.random.Generator) -> Indices:
        check(pool, n)
        worth = np.asarray(pool.counts, dtype=np.float64) ** self.power
        if pool.head is not None:
            return best(pool.scores(acquisition.margin) * worth, n)
        keys = np.log(worth) + rng.gumbel(size=len(pool))
        return best(keys, n)


class _Frozen:
    """A classifier as modAL expects one, answering with our head's probabilities."""

    def __init__(self, head: LinearHead) -> None:
        self._head = head

    def predict_proba(self, x: Floats, **_: Any) -> NDArray[np.float64]:
        return softmax(self._head.logits(x)).astype(np.float64)


def _through_modal(query: str, head: LinearHead, x: Floats, n: int) -> Indices:
    from modAL import uncertainty

    function: Callable[..., tuple[Indices, Floats]] = getattr(uncertainty, query)
    indices, scores = function(_Frozen(head), np.asarray(x), n_instances=n)
    # modAL hands the best n in no order; margin_sampling's scores fall, others rise.
    sign = 1.0 if query == "margin_sampling" else -1.0
    return np.asarray(indices[np.lexsort((indices, sign * scores))], dtype=np.intp)
