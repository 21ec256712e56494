"""The gradients of a batch, its rows shared among the threads of a CPU.

Two threads that split every small product between them wait for each other hundreds
of times a step; a thread that takes its share of the rows through the whole model and
back waits once. Shares are added in their order, and the shares of as many threads are
the same ones, so that a step ends in the same weights each time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.ml import reproducible

MOST = 4  # eight rows of a batch of 32 each; gradients are kept for every share

Rows = NDArray[np.int64]
Gradients = tuple[Tensor | None, ...]
# The part of the batch's loss that some rows have; the second tells shares apart.
LossOf = Callable[[Rows, int], Tensor]


@dataclass(frozen=True)
class Shares:
    """How many threads share a batch, `each` of them with so many of torch's own."""

    n: int
    each: int
    threads: Executor

    def backward(
        self, loss_of: LossOf, rows: Rows, parameters: Sequence[torch.nn.Parameter]
    ) -> float:
        """The parameters have the gradients of the batch's loss, which is returned.

        The losses of the shares have to add up to it.
        """

        def one(share: int) -> tuple[float, Gradients]:
            # Rows stand in the order of their length: every n-th is a fair share.
            loss = loss_of(rows[share :: self.n], share)
            found = torch.autograd.grad(loss, parameters, allow_unused=True)
            return float(loss.detach()), found

        with reproducible.torch_threads(self.each):
            parts = list(self.threads.map(one, range(min(self.n, len(rows)))))
        for parameter, *gradients in zip(
            parameters, *(found for _, found in parts), strict=True
        ):
            parameter.grad = _sum(gradients)
        return sum(lost for lost, _ in parts)


@contextmanager
def shares(place: torch.device) -> Iterator[Shares]:
    """As many shares as torch has threads, four at most; one on another device."""
    threads = torch.get_num_threads()
    n = min(threads, MOST) if place.type == "cpu" else 1
    with ThreadPoolExecutor(n) as executor:
        yield Shares(n, threads // n, executor)


def _sum(gradients: Sequence[Tensor | None]) -> Tensor | None:
    """Their sum, in memory of its own: autograd may give one tensor to several."""
    found = [one for one in gradients if one is not None]
    if not found:
        return None
    first, *others = found
    total = first + others[0] if others else first.clone()
    for other in others[1:]:
        total.add_(other)
    return total
