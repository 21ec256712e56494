"""A training that can be done again, to the bit, on the same kind of processor.

Sums of floats depend on how many threads share them and on the instructions used, so
both are part of what a checkpoint says about itself (PyTorch, Reproducibility).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


def settle(threads: int | None = None) -> dict[str, Any]:
    """Have torch compute the same each time; returns the conditions it computes under.

    threads: those of the training that is repeated; as they are where not given.
    """
    import torch

    torch.use_deterministic_algorithms(True, warn_only=True)
    # Else every new tensor is filled first, which only shows who reads one too early.
    # (torch's types do not know the switch.)
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    if threads is not None:
        torch.set_num_threads(threads)
    return {
        "threads": torch.get_num_threads(),
        "processor": torch.backends.cpu.get_cpu_capability(),
        "cuda": torch.cuda.is_available(),
        "deterministic": torch.are_deterministic_algorithms_enabled(),
    }


@contextmanager
def torch_threads(n: int) -> Iterator[None]:
    """Torch computes on `n` threads at a time, for as long as the block runs."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(n)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def one_torch_thread() -> Iterator[None]:
    """Torch computes on the thread that asks it, for as long as the block runs."""
    with torch_threads(1):
        yield
