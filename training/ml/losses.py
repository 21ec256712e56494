"""What fine-tuning minimizes over the intents: three losses with one signature.

Measured equal or worse than cross-entropy in accuracy (docs/models.md), which is the
default; the smooth top-3 trades first places for third ones.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

Loss = Callable[[Tensor, Tensor], Tensor]

TOP = 3
TEMPERATURE = 1.0


def cross_entropy(logits: Tensor, target: Tensor) -> Tensor:
    """logits: (n, n_intents), target: (n,) true columns; the mean over rows."""
    return functional.cross_entropy(logits, target)


def top_cross_entropy(logits: Tensor, target: Tensor, k: int = TOP) -> Tensor:
    """Cross-entropy among the true intent and its k strongest rivals only."""
    true = logits.gather(1, target.unsqueeze(1))  # (n, 1)
    k = min(k, logits.shape[1] - 1)
    rivals = _without(logits, target).topk(k, dim=1).values  # (n, k)
    among = torch.cat([true, rivals], dim=1)
    return functional.cross_entropy(among, torch.zeros_like(target))


def smooth_top(
    logits: Tensor, target: Tensor, k: int = TOP, temperature: float = TEMPERATURE
) -> Tensor:
    """The smooth top-k support vector loss: low where the truth is among the first k.

    Berrada, Zisserman and Kumar, Smooth Loss Functions for Deep Top-k
    Classification, 2018: soft maxima over all sets of k intents, with a margin of 1,
    minus the one over the sets that hold the true intent.
    """
    k = min(k, logits.shape[1] - 1)
    scores = logits / (k * temperature)
    true = scores.gather(1, target.unsqueeze(1)).squeeze(1)  # (n,)
    sums = _log_symmetric_sums(_without(scores, target), k)  # (n, k + 1)
    with_true = true + sums[:, k - 1]
    without_true = sums[:, k] + 1.0 / temperature
    return (temperature * functional.softplus(without_true - with_true)).mean()


LOSSES: dict[str, Loss] = {
    "cross_entropy": cross_entropy,
    "top3_cross_entropy": top_cross_entropy,
    "smooth_top3": smooth_top,
}


def named(name: str) -> Loss:
    """The loss of that name. Raises ValueError."""
    if name not in LOSSES:
        raise ValueError(f"loss is {name!r}, known are {sorted(LOSSES)}")
    return LOSSES[name]


def _without(logits: Tensor, target: Tensor) -> Tensor:
    """The logits with every true column at minus infinity."""
    return logits.scatter(1, target.unsqueeze(1), float("-inf"))


def _log_symmetric_sums(scores: Tensor, k: int) -> Tensor:
    """Logs of the elementary symmetric sums of exp(scores), orders 0 to k.

    scores: (n, m) -> (n, k + 1). One column at a time: adding an element x turns
    e_j into e_j + x * e_(j-1). Minus infinity stands for a column left out.
    """
    least = torch.finfo(scores.dtype).min / 4  # -inf has no gradient to speak of
    scores = scores.clamp(min=least)
    first = torch.zeros_like(scores[:, :1])
    rest = torch.full_like(scores[:, :1].expand(-1, k), least)
    sums = torch.cat([first, rest], dim=1)
    for column in scores.unbind(dim=1):
        grown = torch.logaddexp(sums[:, 1:], sums[:, :-1] + column.unsqueeze(1))
        sums = torch.cat([first, grown], dim=1)
    return sums
