"""How often the drift check cries wolf, and from which change on it does not miss.

    .venv/bin/python -m benchmarks.drift [--data FILE] [--checks 200] [--write]

Two samples of 600 turns are drawn again and again from the same utterances (no change:
every alarm is a false one), and with a share of the window's turns replaced by intents
that the reference never held. The tests, the level and the rule of the two halves are
the product's own. "Before the rule": a test was too large for chance and large enough.
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks import machine, report

ROOT = Path(__file__).resolve().parents[1]
SHARES = (0.0, 0.05, 0.1, 0.2, 0.3, 0.5)
TURNS = 600
NEW_INTENTS = 0.15  # of all intents: these are what is new
HEAD = ("Turns of a new kind", "Checks", "Changed, before the rule", "Alarms")
Rows = NDArray[np.intp]


def main() -> None:
    options = arguments()
    vectors, labels, predicted, confidence = answered(options.data)
    rng = np.random.default_rng(0)
    names = rng.permutation(sorted(set(labels)))
    new = set(names[: max(1, round(NEW_INTENTS * len(names)))])
    is_new = np.array([label in new for label in labels])
    rows = []
    for share in SHARES:
        found = [
            check(vectors, predicted, confidence, is_new, share, rng)
            for _ in range(options.checks)
        ]
        rows.append(
            {
                "share": share,
                "checks": len(found),
                "changed": sum(changed for changed, _ in found),
                "alarms": sum(alarm for _, alarm in found),
            }
        )
        print(json.dumps(rows[-1]), file=sys.stderr, flush=True)
    document = {"conditions": machine.conditions(), "rows": rows}
    drawn = report.table(
        HEAD,
        [[f"{r['share']:.0%}", r["checks"], r["changed"], r["alarms"]] for r in rows],
    )
    print(drawn, file=sys.stderr)
    if options.write:
        report.write("drift", report.taken(document["conditions"]), drawn)
    print(json.dumps(document))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    shared = ROOT.parent / "shared" / "data" / "banking77" / "train.jsonl.gz"
    parser.add_argument("--data", type=Path, default=shared)
    parser.add_argument("--checks", type=int, default=200)
    parser.add_argument("--write", action="store_true", help="into docs/benchmarks.md")
    return parser.parse_args()


def answered(path: Path) -> tuple[NDArray[Any], list[str], list[str], NDArray[Any]]:
    """Embeddings, labels, and what a head trained on a third of them says."""
    from training.ml import intent_model
    from training.ml.data import read_jsonl
    from training.ml.encoder import SentenceEncoder

    dataset = read_jsonl(path).labeled().deduplicated()
    vectors = SentenceEncoder().encode(dataset.texts)
    seen = np.random.default_rng(1).permutation(len(vectors))[: len(vectors) // 3]
    model = intent_model.fit(vectors[seen], [dataset.labels[i] for i in seen])
    rest = np.setdiff1d(np.arange(len(vectors)), seen)
    said = model.predict(vectors[rest])
    best = said.proba.argmax(axis=1)
    return (
        vectors[rest],
        [dataset.labels[i] for i in rest],
        [model.classes[i] for i in best],
        said.proba.max(axis=1).astype(np.float64),
    )


def check(
    vectors: NDArray[Any],
    predicted: Sequence[str],
    confidence: NDArray[Any],
    is_new: NDArray[np.bool_],
    share: float,
    rng: np.random.Generator,
) -> tuple[bool, bool]:
    """(any test changed, an alarm) for one reference and one window."""
    from training.ml import drift

    known, other = np.flatnonzero(~is_new), np.flatnonzero(is_new)
    if share == 0.0:
        known = np.arange(len(is_new))
    n_new = round(share * TURNS)
    before = rng.choice(known, TURNS)
    now = rng.permutation(
        np.concatenate([rng.choice(known, TURNS - n_new), rng.choice(other, n_new)])
    ).astype(np.intp)

    def tests(window: Rows) -> list[drift.Test]:
        return [
            drift.embeddings_test(vectors[before], vectors[window], rng)[0],
            drift.intents_test(_counts(predicted, before), _counts(predicted, window)),
            drift.stability_test(
                _counts(predicted, before), _counts(predicted, window)
            ),
            drift.confidence_test(confidence[before], confidence[window]),
        ]

    whole = tests(now)
    if not any(drift.is_changed(whole)):
        return False, False
    halves = [tests(now[: TURNS // 2]), tests(now[TURNS // 2 :])]
    return True, any(drift.persists(whole, halves))


def _counts(predicted: Sequence[str], rows: Rows) -> Counter[str]:
    return Counter(predicted[i] for i in rows)


if __name__ == "__main__":
    main()
