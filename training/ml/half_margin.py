"""The gap between the two likeliest intents, from a pool kept in bfloat16.

Half the memory of float32, and on a processor with AMX several times as fast: the
product is so cheap there that finding the best two has to cost next to nothing. The
bits of positive bfloat16 numbers order as integers do, so a knockout over int16 does.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.ml.clusters import Rows
from training.ml.linear_head import LinearHead
from training.ml.reproducible import one_torch_thread

Halves = NDArray[np.uint16]  # the bits of bfloat16 numbers

# Rows a block: its product stays in the second-level cache of one core.
BLOCK = 8192
# With fewer intents the second likeliest often lies below the mean of all.
FEWEST_INTENTS = 8
PROCESSOR = Path("/proc/cpuinfo")


def is_fast_here() -> bool:
    """Whether the processor multiplies matrices of bfloat16 (AMX)."""
    return PROCESSOR.exists() and " amx_bf16" in PROCESSOR.read_text()


def halved(vectors: NDArray[np.float32]) -> Halves:
    """bfloat16 bits of finite float32 numbers, rounded to the nearest, ties to even."""
    bits = np.ascontiguousarray(vectors, dtype=np.float32).view(np.uint32)
    return np.asarray((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16, dtype=np.uint16)


def widened(halves: NDArray[Any]) -> NDArray[np.float32]:
    """The float32 numbers that bfloat16 bits stand for."""
    return (halves.view(np.uint16).astype(np.uint32) << 16).view(np.float32)


def half_margin(
    head: LinearHead, halves: Rows, *, workers: int = 1
) -> NDArray[np.float32]:
    """The gap between the two highest logits, (n,): SMALLER is more informative.

    halves: (n, d) bits of bfloat16. Logits are rounded to bfloat16 as well, to one
    part in 256. Gaps are right to about a hundredth of the highest logit.
    """
    # Without their mean the logits say the same and the best two lie above zero.
    coef = head.coef - head.coef.mean(axis=0)
    intercept = head.intercept - head.intercept.mean()
    out = np.full(len(halves), np.inf, dtype=np.float32)
    if len(coef) < 2:
        return out
    best_two = _Knockout(coef, intercept) if len(coef) >= FEWEST_INTENTS else None

    def one(start: int) -> None:
        block = np.ascontiguousarray(halves[start : start + BLOCK])
        if best_two is None:
            found = _exactly(block, coef, intercept)
        else:
            found, unsure = best_two.gaps(block)
            if unsure.any():
                found[unsure] = _exactly(block[unsure], coef, intercept)
        out[start : start + len(block)] = found

    # Torch computes on one thread each: the blocks are what is shared out.
    with one_torch_thread(), ThreadPoolExecutor(max(1, workers)) as threads:
        list(threads.map(one, range(0, len(halves), BLOCK)))
    return out


class _Knockout:
    """The highest and second highest logit of every row, pair by pair."""

    def __init__(
        self, coef: NDArray[np.float32], intercept: NDArray[np.float32]
    ) -> None:
        import torch

        if len(coef) % 2:  # one more that never wins
            coef = np.vstack([coef, np.zeros_like(coef[:1])])
            intercept = np.append(intercept, np.float32(-1e30))
        self._coef = torch.from_numpy(np.ascontiguousarray(coef)).bfloat16()
        self._intercept = torch.from_numpy(intercept).bfloat16()

    def gaps(self, block: Halves) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """The gaps of rows, (b,), and where a negative number makes them unsure."""
        import torch

        rows = torch.from_numpy(block.view(np.int16)).view(torch.bfloat16)
        logits = torch.nn.functional.linear(rows, self._coef, self._intercept)
        bits = logits.view(torch.int16).numpy()  # (b, n_intents)
        half = bits.shape[1] // 2
        left, right = bits[:, :half], bits[:, half:]
        high = np.ascontiguousarray(np.maximum(left, right).T)  # (n_intents / 2, b)
        low = np.ascontiguousarray(np.minimum(left, right).T)
        while len(high) > 1:
            high, low = _round(high, low)
        return widened(high[0]) - widened(low[0]), low[0] < 0


def _round(
    high: NDArray[np.int16], low: NDArray[np.int16]
) -> tuple[NDArray[np.int16], NDArray[np.int16]]:
    """Pairs of (best, second) become one each; an odd one out joins the first."""
    half = len(high) // 2
    a, b = high[:half], high[half : 2 * half]
    second = np.minimum(a, b)
    np.maximum(second, low[:half], out=second)
    np.maximum(second, low[half : 2 * half], out=second)
    best = np.maximum(a, b)
    if len(high) % 2:
        loser = np.minimum(best[0], high[-1])
        np.maximum(second[0], np.maximum(loser, low[-1]), out=second[0])
        np.maximum(best[0], high[-1], out=best[0])
    return best, second


def _exactly(
    block: Halves, coef: NDArray[np.float32], intercept: NDArray[np.float32]
) -> NDArray[np.float32]:
    logits = widened(block) @ coef.T + intercept
    best_two = np.partition(logits, -2, axis=1)[:, -2:]
    return np.asarray(best_two[:, 1] - best_two[:, 0], dtype=np.float32)
