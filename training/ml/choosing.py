"""Whether choosing what to label beats chance: a learning curve of each, with bands.

Heads learn from as many labels that active learning chose as labels drawn by chance,
and answer the same exam. Sets of chosen labels are of what was asked first: each choice
built on the ones before. Sets are drawn without replacement, so that a count of labels
is a count of different ones; the spread among them tells what other labels would have
given (the delete-d jackknife of Shao and Wu, A General Theory for Jackknife Variance
Estimation, 1989), rather too much than too little. To it comes the variance of the
exam, whose conversations are drawn as wholes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

from training.ml import prefixes
from training.ml.forecast import Band

Floats = NDArray[np.floating[Any]]
Bools = NDArray[np.bool_]
Indices = NDArray[np.intp]
Tell = Callable[[int, int], None]  # steps done, of how many

LEAST_LABELS = 50  # of each kind
LEAST_ITEMS = 50  # of the exam
SMALLEST = 20  # labels of a set
MOST_LABELS = 2000  # of a set: what more of them cost would tell little
REPEATS = 12
LEVEL = 0.95
# A set is at most this share of the labels it is drawn from.
KEPT = 2 / 3
COMMON_POINTS, FURTHER_POINTS = 5, 3

BETTER, WORSE, OPEN = "better", "worse", "open"


@dataclass(frozen=True)
class Labels:
    """Labels of one kind, those asked first in front. vectors: (n, d)."""

    vectors: Floats
    intents: Sequence[str]

    def __len__(self) -> int:
        return len(self.intents)


@dataclass(frozen=True)
class Exam:
    """What all heads answer. groups: the conversation of each item."""

    vectors: Floats
    intents: Sequence[str]
    groups: Sequence[str]


@dataclass(frozen=True)
class Answered:
    """How heads on sets of one size did. hits: (sets, items).

    share: how much of the labels it was drawn from each set has.
    """

    labels: int
    hits: Bools
    share: float

    @property
    def accuracy(self) -> float:
        return float(self.hits.mean())

    @property
    def by_item(self) -> Floats:
        """How often each item was right: (items,)."""
        return np.asarray(self.hits.mean(axis=0), dtype=float)

    @property
    def label_variance(self) -> float:
        """Of the accuracy on these items, had other labels been asked."""
        among = float(np.var(self.hits.mean(axis=1), ddof=1))
        return among * (self.share / (1.0 - self.share) + 1.0 / len(self.hits))


@dataclass(frozen=True)
class Difference:
    """Labels of one kind less those of the control, equally many, in shares.

    needed: how many chosen labels do what `labels` of the control do; None unless
    choosing is better beyond doubt.
    """

    labels: int
    value: float
    low: float
    high: float
    outcome: str
    needed: int | None = None


@dataclass(frozen=True)
class Effect:
    """What one person's labels add to everybody else's, against as many by chance.

    without: the accuracy on the others' labels alone; None where there are none.
    """

    without: float | None
    own: Band
    control: Band
    difference: Difference


@dataclass(frozen=True)
class Comparison:
    chosen: tuple[Band, ...]
    control: tuple[Band, ...]
    difference: Difference


def sizes(n_chosen: int, n_control: int) -> tuple[list[int], list[int]]:
    """Counts at which both are measured, and further ones of the chosen alone."""
    common = min(int(KEPT * min(n_chosen, n_control)), MOST_LABELS)
    most = min(int(KEPT * n_chosen), MOST_LABELS)
    both = _spaced(SMALLEST, common, COMMON_POINTS)
    # A count hardly larger than the last tells nothing new.
    if most < 1.2 * common:
        return both, []
    return both, _spaced(common, most, FURTHER_POINTS + 1)[1:]


def compare(
    chosen: Labels,
    control: Labels,
    exam: Exam,
    rng: np.random.Generator,
    *,
    repeats: int = REPEATS,
    tell: Tell = lambda done, total: None,
) -> Comparison:
    """Both curves and how they differ at the largest count they have in common.

    Raises ValueError below LEAST_LABELS of a kind or LEAST_ITEMS of the exam.
    """
    _check(chosen, control, exam)
    both, further = sizes(len(chosen), len(control))
    total = 2 * len(both) + len(further)
    ours: list[Answered] = []
    theirs: list[Answered] = []
    for size in [*both, *further]:
        ours.append(answered(chosen, exam, size, repeats, rng, in_order=True))
        tell(len(ours) + len(theirs), total)
        if size in both:
            theirs.append(answered(control, exam, size, repeats, rng, in_order=False))
            tell(len(ours) + len(theirs), total)
    curve = tuple(band(one, exam.groups) for one in ours)
    found = difference(ours[len(both) - 1], theirs[-1], exam.groups)
    if found.outcome == BETTER:
        found = replace(found, needed=labels_to(curve, theirs[-1].accuracy))
    return Comparison(
        chosen=curve,
        control=tuple(band(one, exam.groups) for one in theirs),
        difference=found,
    )


def effect(
    own: Labels,
    control: Labels,
    base: Labels,
    exam: Exam,
    rng: np.random.Generator,
    *,
    repeats: int = REPEATS,
) -> Effect:
    """The same for one person: each set stands on top of what others labeled.

    base: the others' labels, those of the control left out. Raises ValueError as
    `compare` does.
    """
    _check(own, control, exam)
    size = min(int(KEPT * min(len(own), len(control))), MOST_LABELS)
    ours, theirs = (
        answered(labels, exam, size, repeats, rng, in_order=False, base=base)
        for labels in (own, control)
    )
    return Effect(
        without=_accuracy(base, exam) if len(base) else None,
        own=band(ours, exam.groups),
        control=band(theirs, exam.groups),
        difference=difference(ours, theirs, exam.groups),
    )


def answered(
    labels: Labels,
    exam: Exam,
    size: int,
    repeats: int,
    rng: np.random.Generator,
    *,
    in_order: bool,
    base: Labels | None = None,
) -> Answered:
    """What heads on `repeats` sets of this size answer to the exam.

    in_order: sets are drawn from what was asked first, not from all labels. base:
    labels that every head learns as well.
    """
    among = min(len(labels), -int(-size // KEPT)) if in_order else len(labels)
    names = np.asarray(labels.intents, dtype=object)
    truth = np.asarray(exam.intents, dtype=object)
    hits = np.zeros((repeats, len(truth)), dtype=bool)
    for row in range(repeats):
        rows = np.sort(rng.choice(among, size, replace=False))
        x, y = labels.vectors[rows], names[rows]
        if base is not None and len(base):
            x = np.concatenate([base.vectors, x])
            y = np.concatenate([np.asarray(base.intents, dtype=object), y])
        _, found = prefixes.learned(x, y, exam.vectors)
        hits[row] = found == truth
    return Answered(size, hits, size / among)


def band(one: Answered, groups: Sequence[str]) -> Band:
    """The accuracy, and where it would be with other labels on another exam."""
    variance = one.label_variance + mean_variance(one.by_item, groups)
    half = _times(len(one.hits)) * variance**0.5
    return Band(
        one.labels,
        one.accuracy,
        max(0.0, one.accuracy - half),
        min(1.0, one.accuracy + half),
    )


def difference(ours: Answered, theirs: Answered, groups: Sequence[str]) -> Difference:
    """How labels differ from as many of the control, on the same items."""
    value = ours.accuracy - theirs.accuracy
    by_item = ours.by_item - theirs.by_item
    variance = (
        ours.label_variance + theirs.label_variance + mean_variance(by_item, groups)
    )
    half = _times(len(ours.hits)) * variance**0.5
    low, high = value - half, value + half
    outcome = BETTER if low > 0 else WORSE if high < 0 else OPEN
    return Difference(ours.labels, value, low, high, outcome)


def mean_variance(values: Floats, groups: Sequence[str]) -> float:
    """Of the mean of values (n,) whose groups are drawn as wholes (Cochran, Sampling
    Techniques, 1977, 9A.8); everything is possible where there is one group."""
    _, codes = np.unique(np.asarray(groups, dtype=object), return_inverse=True)
    sums = np.bincount(codes, weights=values - values.mean())
    n_groups = len(sums)
    if n_groups < 2:
        return 1.0
    corrected = n_groups / (n_groups - 1)
    return float(corrected * (sums**2).sum() / len(values) ** 2)


def labels_to(curve: Sequence[Band], accuracy: float) -> int | None:
    """The count at which the curve, read as a line that never falls, is there."""
    best = np.maximum.accumulate([point.accuracy for point in curve])
    counts = [point.labels for point in curve]
    if accuracy > best[-1]:
        return None
    place = int(np.argmax(best >= accuracy))
    if place == 0:
        return counts[0]
    below, above = best[place - 1], best[place]
    part = float((accuracy - below) / (above - below))
    return counts[place - 1] + round(part * (counts[place] - counts[place - 1]))


def _check(labels: Labels, control: Labels, exam: Exam) -> None:
    if min(len(labels), len(control)) < LEAST_LABELS:
        raise ValueError(
            f"{LEAST_LABELS} labels of each kind are needed, "
            f"got {len(labels)} and {len(control)} drawn by chance"
        )
    if len(exam.intents) < LEAST_ITEMS:
        raise ValueError(f"{LEAST_ITEMS} exam items are needed: {len(exam.intents)}")


def _accuracy(labels: Labels, exam: Exam) -> float:
    names = np.asarray(labels.intents, dtype=object)
    _, found = prefixes.learned(labels.vectors, names, exam.vectors)
    return float(np.mean(found == np.asarray(exam.intents, dtype=object)))


def _times(repeats: int) -> float:
    """How many standard errors a band is to each side; `repeats` sets tell them."""
    return float(student.ppf(0.5 + LEVEL / 2, repeats - 1))


def _spaced(first: int, last: int, n_points: int) -> list[int]:
    return sorted({round(n) for n in np.geomspace(first, last, n_points)})
