"""Head or fine-tuning: whichever answers rows better that neither has seen.

How far fine-tuning helps depends on the data: it won a point on many intents and
nothing where the frozen encoder told the intents apart already (docs/models.md). So
the head is fitted first, which takes seconds; where it leaves nothing to win, minutes
are spared, and else both are compared.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.ml import recipe_finetune, recipe_head
from training.ml.hooks import Hooks
from training.ml.recipe_parts import (
    FINETUNE,
    HEAD,
    Judged,
    Parts,
    TrainConfig,
    Trained,
)

LEAST_ROWS = 100  # held out; fewer cannot choose
# Even a model that makes none of so few mistakes is better only within what chance
# does: a sign test of five against none has p = 0.06.
NOTHING_TO_WIN = 5


@dataclass(frozen=True)
class Duel:
    """The share answered right of the same held-out rows, and who won."""

    head: float
    finetune: float
    rows: int
    winner: str


def train(
    parts: Parts,
    config: TrainConfig,
    base: Path,
    work: Path,
    shared: Path,
    hooks: Hooks,
) -> Trained:
    """Train the head, fine-tune where that can win, and keep the better one."""
    head = recipe_head.train(parts, config, base, shared, hooks)
    if head.judged is not None and leaves_nothing(head.judged):
        return replace(head, choice="the head leaves nothing to win")
    tuned = recipe_finetune.train(parts, config, base, work, shared, hooks)
    found = duel(head.judged, tuned.judged)
    if found is None:
        return tuned
    winner = head if found.winner == HEAD else tuned
    said = (
        f"of {found.rows} rows held out the head had {100 * found.head:.1f} % right, "
        f"fine-tuning {100 * found.finetune:.1f} %"
    )
    return replace(winner, choice=said)


def leaves_nothing(judged: Judged) -> bool:
    """Whether even a model without a mistake would win no more than by chance."""
    right = _right(judged, with_tags=judged.tags is not None)
    return len(right) >= LEAST_ROWS and int((~right).sum()) <= NOTHING_TO_WIN


def duel(head: Judged | None, tuned: Judged | None) -> Duel | None:
    """Who has more of the rows right that both were asked; None for too few rows.

    A row is right where its intent is and, if both could be judged by them, all tags.
    With as many right the surer one wins, by the log loss of the intents.
    """
    if head is None or tuned is None:
        return None
    rows, mine, theirs = np.intersect1d(head.rows, tuned.rows, return_indices=True)
    if len(rows) < LEAST_ROWS:
        return None
    with_tags = head.tags is not None and tuned.tags is not None
    one, other = head.take(mine), tuned.take(theirs)
    shares = [float(_right(side, with_tags=with_tags).mean()) for side in (one, other)]
    surest = [-float(side.losses.mean()) for side in (one, other)]
    is_head = (shares[0], surest[0]) >= (shares[1], surest[1])
    winner = HEAD if is_head else FINETUNE
    return Duel(head=shares[0], finetune=shares[1], rows=len(rows), winner=winner)


def _right(judged: Judged, *, with_tags: bool) -> NDArray[np.bool_]:
    if not with_tags or judged.tags is None:
        return judged.intents
    return np.asarray(judged.intents & judged.tags)
