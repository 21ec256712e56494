"""What teaches parameters, and what teaches the turns that need those before them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training.ml import acquisition
from training.ml.query_pool import Indices, Pool, best, check
from training.ml.query_uncertainty import RandomDraw


@dataclass(frozen=True)
class TokenMargin:
    """The rows with the least sure words, by the probabilities of their tags.

    As in least-margin sampling for sequences (Settles and Craven, 2008), but by words:
    the mean over the few nearest to a tie, so that long rows do not win by length.
    """

    name: str = "token_margin"
    n_words: int = 3

    def select(self, pool: Pool, n: int, rng: np.random.Generator) -> Indices:
        check(pool, n)
        if pool.tags is None:
            return RandomDraw().select(pool, n, rng)
        return best(acquisition.token_margin(pool.tags, self.n_words), n)


@dataclass(frozen=True)
class FollowUp:
    """Turns whose meaning hangs on the turns before them, one of a conversation first.

    The score is half the margin score in context and half how far the context moved
    the answer (total variation): an unsure answer, or one that the words alone would
    not have given.
    """

    name: str = "follow_up"

    def select(self, pool: Pool, n: int, rng: np.random.Generator) -> Indices:
        check(pool, n)
        if pool.head is None or pool.in_context is None:
            return RandomDraw().select(pool, n, rng)
        moved = 0.5 * np.abs(pool.in_context - pool.proba()).sum(axis=1)
        score = 0.5 * acquisition.margin(pool.in_context) + 0.5 * moved
        order = best(score, len(pool))
        return order[_by_conversation(pool, order)][:n]


def _by_conversation(pool: Pool, order: Indices) -> Indices:
    """Places of `order`: the first row of every conversation, then the second, …"""
    if pool.conversations is None:
        return np.arange(len(order))
    seen: dict[object, int] = {}
    turn = np.empty(len(order), dtype=np.intp)
    for place, row in enumerate(order):
        key = pool.conversations[row]
        turn[place] = seen.get(key, 0)
        seen[key] = int(turn[place]) + 1
    return np.argsort(turn, kind="stable")
