"""Shares and their differences with 95 % intervals. Pure, so that training/ml may ask.

E. B. Wilson, "Probable inference, the law of succession, and statistical inference",
JASA 22, 1927; R. G. Newcombe, "Interval estimation for the difference between
independent proportions", Statistics in Medicine 17, 1998 (method 10).
"""

from dataclasses import dataclass
from math import sqrt

Z_95 = 1.959963984540054


def wilson_interval(hits: float, n: float, z: float = Z_95) -> tuple[float, float]:
    """Where a share lies; everything is possible where nothing was seen.

    hits and n may be fractions: effective counts of weighted or clustered rows.
    """
    if n <= 0:
        return 0.0, 1.0
    p, z2 = hits / n, z * z
    centre = (p + z2 / (2 * n)) / (1 + z2 / n)
    half = z * sqrt(p * (1 - p) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    return max(0.0, centre - half), min(1.0, centre + half)


@dataclass(frozen=True)
class Share:
    """hits out of n."""

    hits: int
    n: int

    @property
    def value(self) -> float | None:
        return self.hits / self.n if self.n else None

    @property
    def interval(self) -> tuple[float, float]:
        return wilson_interval(self.hits, self.n)


@dataclass(frozen=True)
class Gap:
    """How much larger the first share is than the second."""

    first: Share
    second: Share

    @property
    def value(self) -> float | None:
        if self.first.value is None or self.second.value is None:
            return None
        return self.first.value - self.second.value

    @property
    def interval(self) -> tuple[float, float] | None:
        if self.first.value is None or self.second.value is None:
            return None
        p, q = self.first.value, self.second.value
        (low, high), (other_low, other_high) = (
            self.first.interval,
            self.second.interval,
        )
        return (
            p - q - sqrt((p - low) ** 2 + (other_high - q) ** 2),
            p - q + sqrt((high - p) ** 2 + (q - other_low) ** 2),
        )
