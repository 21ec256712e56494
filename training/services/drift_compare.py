"""The work of a drift check: two samples, the champion's answers, five questions."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from annotations.errors import InvalidError
from annotations.models import GoldLabel, Utterance
from annotations.services import catalogue
from annotations.shares import wilson_interval
from training.ml import drift
from training.ml.data import OUT_OF_SCOPE
from training.models import DriftCheck
from training.services import checkpoints, drift_sample
from training.services.drift_sample import Sample
from training.services.suggestions import example_of
from training.serving import names

TURNS, LEAST = 600, 50  # a side
BINS = 10
INTENTS_SHOWN, NEWEST_SHOWN = 20, 8
MOST_EXAM = 2000


@dataclass(frozen=True)
class _Answered:
    """A sample and what the champion says to it."""

    sample: Sample
    intents: tuple[str, ...]
    confidence: NDArray[np.float64]

    def rows(self, chosen: Sequence[int]) -> "_Answered":
        return _Answered(
            self.sample.rows(chosen),
            tuple(self.intents[i] for i in chosen),
            self.confidence[list(chosen)],
        )

    @property
    def counts(self) -> Counter[str]:
        return Counter(self.intents)


def compare(check: DriftCheck) -> dict[str, Any]:
    """The fields of a finished check. Raises InvalidError below LEAST turns a side."""
    predictor = names.PresentNames(
        checkpoints.open_predictor(check.checkpoint), catalogue.current()
    )
    # Whoever asks again on the same day gets the same turns and the same answer.
    seed = check.window_to.toordinal()
    before, now = _sides(check, predictor, seed)
    tests, newness = _tests(before, now, seed)
    changed = drift.is_changed(tests)
    halves = [_tests(before, half, seed)[0] for half in _halves(now)]
    persists = drift.persists(tests, halves)
    told = [
        {
            "name": test.name,
            "effect": round(test.effect, 4),
            "p_value": round(test.p_value, 6),
            "matters_from": test.matters_from,
            "changed": is_changed,
            "persists": stays,
        }
        for test, is_changed, stays in zip(tests, changed, persists, strict=True)
    ]
    return {
        "n_reference": len(before.sample),
        "n_window": len(now.sample),
        "tests": told,
        "is_alarm": any(persists),
        "detail": {
            "intents": _intents(before, now),
            "confidence": _confidence(before, now),
            "newest": _newest(now, newness),
            **_expected(predictor, check, now),
        },
    }


def _sides(check: DriftCheck, predictor: Any, seed: int) -> tuple[_Answered, _Answered]:
    """Turns of the reference and of the window, as the checkpoint answers them."""
    sides = []
    for since, until in (
        (check.reference_from, check.reference_to),
        (check.window_from, check.window_to),
    ):
        sample = drift_sample.draw(since, until, TURNS, seed=seed)
        if len(sample) < LEAST:
            raise InvalidError(
                _(
                    "Only %(n)s turns of one side have an embedding yet; try again"
                    " when the queue has been ranked."
                )
                % {"n": len(sample)}
            )
        sides.append(_answered(predictor, sample))
    return sides[0], sides[1]


def _answered(predictor: Any, sample: Sample) -> _Answered:
    distinct = dict(zip(sample.ids, sample.examples, strict=True))
    _, found = predictor.predict_many(list(distinct.values()))
    said = dict(zip(distinct, found, strict=True))
    return _Answered(
        sample,
        tuple(said[i].intent for i in sample.ids),
        np.array([said[i].intents[0][1] for i in sample.ids], dtype=np.float64),
    )


def _tests(
    before: _Answered, now: _Answered, seed: int
) -> tuple[list[drift.Test], NDArray[np.floating[Any]]]:
    rng = np.random.default_rng(seed)
    embeddings, newness = drift.embeddings_test(
        before.sample.vectors, now.sample.vectors, rng
    )
    return [
        embeddings,
        drift.intents_test(before.counts, now.counts),
        drift.stability_test(before.counts, now.counts),
        drift.confidence_test(before.confidence, now.confidence),
    ], newness


def _halves(now: _Answered) -> tuple[_Answered, _Answered]:
    order = np.argsort([at.timestamp() for at in now.sample.times], kind="stable")
    middle = len(order) // 2
    return now.rows(order[:middle].tolist()), now.rows(order[middle:].tolist())


def _intents(before: _Answered, now: _Answered) -> list[dict[str, Any]]:
    """Shares of the intents that changed most."""
    names = set(before.counts) | set(now.counts)
    rows = [
        {
            "name": name,
            "reference": round(before.counts[name] / len(before.sample), 4),
            "window": round(now.counts[name] / len(now.sample), 4),
        }
        for name in sorted(names)
    ]
    rows.sort(key=lambda row: -abs(row["window"] - row["reference"]))
    return rows[:INTENTS_SHOWN]


def _confidence(before: _Answered, now: _Answered) -> dict[str, list[float]]:
    edges = np.linspace(0.0, 1.0, BINS + 1)
    return {
        name: (np.histogram(side.confidence, edges)[0] / len(side.sample))
        .round(4)
        .tolist()
        for name, side in (("reference", before), ("window", now))
    }


def _newest(now: _Answered, newness: NDArray[np.floating[Any]]) -> list[int]:
    """Utterances most unlike the reference; exam items are shown to nobody."""
    ids: list[int] = []
    for row in np.argsort(-newness, kind="stable"):
        utterance_id = now.sample.ids[row]
        if utterance_id not in ids:
            ids.append(utterance_id)
        if len(ids) == 4 * NEWEST_SHOWN:
            break
    shown = set(
        Utterance.objects.filter(pk__in=ids).for_training().values_list("pk", flat=True)
    )
    return [i for i in ids if i in shown][:NEWEST_SHOWN]


def _expected(predictor: Any, check: DriftCheck, now: _Answered) -> dict[str, Any]:
    """The accuracy that the new mix of intents implies, and the one measured anew."""
    golds = list(
        GoldLabel.objects.filter(utterance__in=Utterance.objects.visible().for_exam())
        .select_related("utterance", "intent")
        .order_by("-pk")[:MOST_EXAM]
    )
    if not golds:
        return {"shift": None, "fresh": None}
    _, found = predictor.predict_many([example_of(g.utterance) for g in golds])
    truth = [
        g.intent.name if not g.intent.is_out_of_scope else OUT_OF_SCOPE for g in golds
    ]
    said = [one.intent for one in found]
    right = [a == b for a, b in zip(truth, said, strict=True)]
    try:
        shift = drift.label_shift(truth, said, now.counts)
    except ValueError:
        implied = None
    else:
        implied = {"accuracy": round(shift.accuracy, 4)}
    recent = set(
        drift_sample.exam_ids(
            check.window_from, check.window_to, [Utterance.Status.LABELED]
        )
    )
    fresh = [
        ok for ok, gold in zip(right, golds, strict=True) if gold.utterance_id in recent
    ]
    return {
        "exam": _share(right),
        "shift": implied,
        "fresh": _share(fresh) if fresh else None,
    }


def _share(right: Sequence[bool]) -> dict[str, Any]:
    low, high = wilson_interval(sum(right), len(right))
    return {
        "n": len(right),
        "accuracy": round(sum(right) / len(right), 4),
        "interval": [round(low, 4), round(high, 4)],
    }
