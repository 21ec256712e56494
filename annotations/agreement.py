"""How far independent answers agree: Krippendorff's alpha, and F1 over spans.

Pure: no Django, no clock, no global seed. A unit is one utterance with at least two
answers; what one person alone said tells nothing of agreement.

K. Krippendorff, "Computing Krippendorff's Alpha-Reliability", 2011; the bootstrap over
units follows A. F. Hayes and K. Krippendorff, "Answering the call for a standard
reliability measure for coding data", Communication Methods and Measures 1(1), 2007.
F1 between annotators: G. Hripcsak and A. S. Rothschild, "Agreement, the F-measure, and
reliability in information retrieval", JAMIA 12(3), 2005.
"""

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from annotations.functions.sentences import sentence as _

REPLICATES = 1000
SEED = 20_110_125
# Below so many units an interval would promise more than chance allows.
FEWEST_FOR_INTERVAL = 10

Unit = Sequence[Hashable]


@dataclass(frozen=True)
class Alpha:
    """value: 1 is perfect, 0 is chance; None where every answer is the same one.

    interval: 95 %, percentile bootstrap over units; None with few units, and where no
    two answers differ: units drawn from those never show how rare a difference is.
    """

    value: float | None
    interval: tuple[float, float] | None
    n_units: int
    n_answers: int

    @property
    def why_no_interval(self) -> str:
        """In words; empty where there is an interval."""
        if self.interval is not None:
            return ""
        if self.n_units == 1:
            return _("one utterance gives none")
        if self.n_units < FEWEST_FOR_INTERVAL:
            return _("fewer than %(n)s utterances give none", n=FEWEST_FOR_INTERVAL)
        return _("none where no two answers differ")


@dataclass(frozen=True)
class Mark:
    """A parameter's place: code points, half-open."""

    param: str
    start: int
    end: int

    def overlaps(self, other: "Mark") -> bool:
        same = self.param == other.param
        return same and self.start < other.end and other.start < self.end


@dataclass(frozen=True)
class SpanAgreement:
    """F1 of two answers' spans: by equal places, and by places that overlap.

    None where nobody marked anything.
    """

    exact: float | None
    overlap: float | None
    n_pairs: int
    n_spans: int


def alpha(
    units: Iterable[Unit], *, replicates: int = REPLICATES, seed: int = SEED
) -> Alpha:
    """Krippendorff's alpha for nominal values, with its interval.

    units: for each utterance the values given; missing answers are simply not there.
    """
    # What differs between units is which values came how often: count the patterns.
    patterns = Counter(_pattern(unit) for unit in units if len(unit) > 1)
    shapes = list(patterns)
    times = np.array([patterns[shape] for shape in shapes], dtype=np.int64)
    n_units = int(times.sum())
    values = {value: k for k, value in enumerate({v for s in shapes for v, _ in s})}
    counts = np.zeros((len(shapes), len(values)), dtype=np.float64)
    for row, shape in enumerate(shapes):
        for value, n in shape:
            counts[row, values[value]] = n
    answers = counts.sum(axis=1)  # (patterns,)
    observed = (answers**2 - (counts**2).sum(axis=1)) / np.maximum(answers - 1, 1)
    value = _alpha(times[None, :], counts, answers, observed)[0] if n_units else np.nan
    n_answers = int(times @ answers) if n_units else 0
    interval = None
    if n_units >= FEWEST_FOR_INTERVAL and value < 1.0:
        rng = np.random.default_rng(seed)
        drawn = rng.multinomial(n_units, times / n_units, size=replicates)
        found = _alpha(drawn, counts, answers, observed)
        # A replicate that drew one value only has nothing to disagree about.
        found = np.where(np.isnan(found), 1.0, found)
        low, high = np.quantile(found, [0.025, 0.975])
        interval = (float(low), float(high))
    known = None if np.isnan(value) else float(value)
    return Alpha(known, interval, n_units, n_answers)


def _pattern(unit: Unit) -> tuple[tuple[Hashable, int], ...]:
    return tuple(sorted(Counter(unit).items(), key=lambda pair: str(pair[0])))


def _alpha(
    times: np.ndarray, counts: np.ndarray, answers: np.ndarray, observed: np.ndarray
) -> np.ndarray:
    """1 - observed / expected disagreement of each row of `times`, (rows, patterns)."""
    n = times @ answers
    totals = times @ counts
    expected = (n**2 - (totals**2).sum(axis=1)) / np.maximum(n - 1, 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(expected > 0, 1.0 - (times @ observed) / expected, np.nan)


def span_agreement(units: Iterable[Sequence[Sequence[Mark]]]) -> SpanAgreement:
    """F1 over every pair of answers of every unit, pooled.

    units: for each utterance the spans of each answer that chose the same intent.
    """
    n_pairs = n_spans = exact = touched = 0
    for answers in units:
        for one, other in combinations(answers, 2):
            n_pairs += 1
            n_spans += len(one) + len(other)
            exact += 2 * len(set(one) & set(other))
            touched += sum(any(m.overlaps(o) for o in other) for m in one)
            touched += sum(any(m.overlaps(o) for o in one) for m in other)
    if not n_spans:
        return SpanAgreement(None, None, n_pairs, 0)
    return SpanAgreement(exact / n_spans, touched / n_spans, n_pairs, n_spans)
