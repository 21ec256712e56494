"""How often the drift check cries wolf, and from which change on it does not miss.

    .venv/bin/python -m benchmarks.drift [--data FILE] [--checks 200] [--write]

Two samples of 600 turns are drawn again and again from the same utterances (no change:
every alarm is a false one), and with a share of the window's turns replaced by intents
that neither the reference nor the model's labels ever held: all along, or in one half
of the window alone, which is a bad day and no drift. The tests, the level and the rule
of the two halves are the product's own. "Before the rule": a test was too large for
chance and large enough.
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks import machine, report

ROOT = Path(__file__).resolve().parents[1]
SHARES = (0.0, 0.05, 0.1, 0.2, 0.3, 0.5)
BURSTS = (0.5, 1.0)  # of one half's turns
TURNS = 600
NEW_INTENTS = 0.15  # of all intents: these are what is new
HEAD = ("Turns of a new kind", "When", "Checks", "Changed, before the rule", "Alarms")
Rows = NDArray[np.intp]


def main() -> None:
    options = arguments()
    turns = answered(options.data)
    rng = np.random.default_rng(0)
    rows = []
    for share, burst in [
        *((share, False) for share in SHARES),
        *((share, True) for share in BURSTS),
    ]:
        found = [check(turns, share, burst, rng) for _ in range(options.checks)]
        rows.append(
            {
                "share": share,
                "when": "in one half" if burst else "all along",
                "checks": len(found),
                "changed": sum(changed for changed, _ in found),
                "alarms": sum(alarm for _, alarm in found),
            }
        )
        print(json.dumps(rows[-1]), file=sys.stderr, flush=True)
    document = {"conditions": machine.conditions(), "rows": rows}
    drawn = report.table(
        HEAD,
        [
            [f"{r['share']:.0%}", r["when"], r["checks"], r["changed"], r["alarms"]]
            for r in rows
        ],
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


@dataclass(frozen=True)
class Turns:
    """Utterances as a model saw them: (n, d) vectors, intents, (n,) confidence."""

    vectors: NDArray[Any]
    predicted: list[str]
    confidence: NDArray[Any]
    is_new: NDArray[np.bool_]


def answered(path: Path) -> Turns:
    """What a head says that learned from a third of the turns of known intents."""
    from training.ml import intent_model
    from training.ml.data import read_jsonl
    from training.ml.encoder import SentenceEncoder

    dataset = read_jsonl(path).labeled().deduplicated()
    vectors = SentenceEncoder().encode(dataset.texts)
    rng = np.random.default_rng(1)
    names = rng.permutation(sorted(set(dataset.labels)))
    new = set(names[: max(1, round(NEW_INTENTS * len(names)))])
    is_new = np.array([label in new for label in dataset.labels])
    known = rng.permutation(np.flatnonzero(~is_new))
    seen = known[: len(known) // 3]
    model = intent_model.fit(vectors[seen], [dataset.labels[i] for i in seen])
    rest = np.setdiff1d(np.arange(len(vectors)), seen)
    said = model.predict(vectors[rest])
    return Turns(
        vectors[rest],
        [model.classes[i] for i in said.proba.argmax(axis=1)],
        said.proba.max(axis=1).astype(np.float64),
        is_new[rest],
    )


def check(
    turns: Turns, share: float, burst: bool, rng: np.random.Generator
) -> tuple[bool, bool]:
    """(any test changed, an alarm) for one reference and one window."""
    from training.ml import drift

    known, new = np.flatnonzero(~turns.is_new), np.flatnonzero(turns.is_new)
    half = TURNS // 2
    before = rng.choice(known, TURNS)
    halves = [
        np.concatenate([rng.choice(known, half - n_new), rng.choice(new, n_new)])
        for n_new in (round(share * half), 0 if burst else round(share * half))
    ]

    def tests(window: Rows) -> list[drift.Test]:
        said = [_counts(turns.predicted, rows) for rows in (before, window)]
        return [
            drift.embeddings_test(turns.vectors[before], turns.vectors[window], rng)[0],
            drift.intents_test(*said),
            drift.stability_test(*said),
            drift.confidence_test(turns.confidence[before], turns.confidence[window]),
        ]

    whole = tests(np.concatenate(halves))
    if not any(drift.is_changed(whole)):
        return False, False
    return True, any(drift.persists(whole, [tests(half) for half in halves]))


def _counts(predicted: Sequence[str], rows: Rows) -> Counter[str]:
    return Counter(predicted[i] for i in rows)


if __name__ == "__main__":
    main()
