"""Seeded chance that gives the same answers on every platform and Python version."""

import random
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import TypeVar

T = TypeVar("T")


class Dice:
    """Draws from `random.random()` alone, whose sequence Python promises to keep."""

    def __init__(self, *seed: object) -> None:
        self._next = random.Random("/".join(map(str, seed))).random

    def chance(self, probability: float) -> bool:
        return self._next() < probability

    def between(self, low: int, high: int) -> int:
        """A whole number from low to high, both included."""
        return low + int(self._next() * (high - low + 1))

    def share(self, low: float = 0.0, high: float = 1.0) -> float:
        return low + self._next() * (high - low)

    def pick(self, options: Sequence[T]) -> T:
        return options[int(self._next() * len(options))]

    def favour(self, options: Sequence[T]) -> T:
        """One of the options, the earlier ones more often."""
        share = self._next()
        return options[int(share * share * len(options))]

    def digits(self, count: int) -> str:
        return "".join(str(self.between(0, 9)) for _ in range(count))

    def weighted(self, options: "Weighted[T]") -> T:
        position = self._next() * options.total
        return options.options[bisect_right(options.cumulative, position)]


class Weighted(tuple[T, ...]):
    """Options with weights, summed once. Weights are whole or exact fractions."""

    options: tuple[T, ...]
    cumulative: list[float]
    total: float

    def __new__(cls, options: Sequence[T], weights: Sequence[float]) -> "Weighted[T]":
        if len(options) != len(weights) or not options:
            raise ValueError(f"{len(options)} options and {len(weights)} weights")
        self = super().__new__(cls, options)
        self.options = tuple(options)
        self.cumulative = list(accumulate(weights))
        self.total = self.cumulative[-1]
        return self
