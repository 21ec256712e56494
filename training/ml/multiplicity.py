"""Several questions asked at once: what each answer is then worth."""

from __future__ import annotations

from collections.abc import Sequence


def holm(p_values: Sequence[float]) -> list[float]:
    """p-values corrected for their number, so that one below alpha is believed.

    Holm, A Simple Sequentially Rejective Multiple Test Procedure, 1979.
    """
    order = sorted(range(len(p_values)), key=lambda place: p_values[place])
    adjusted, highest = [0.0] * len(p_values), 0.0
    for rank, place in enumerate(order):
        corrected = (len(p_values) - rank) * float(p_values[place])
        highest = max(highest, min(1.0, corrected))
        adjusted[place] = highest
    return adjusted
