"""How many poisoned labels come before a reviewer: one person flips part of an intent.

`python -m benchmarks.poisoning`: takes intents of a labeled file, flips 5 % of one
intent's labels into its nearest look-alike, and prints which share of the flips the
search for label errors lists, how long that list is, and how many come first in it.
Needs the public data sets beside the checkout; reads their training split only.
"""

import argparse
import gzip
import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from training.ml import label_errors
from training.ml.encoder import default_encoder

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
SHARE = 0.05


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--file", type=Path, default=DATA / "banking77/train.jsonl.gz")
    options.add_argument("--intents", type=int, default=30)
    options.add_argument("--runs", type=int, default=5)
    asked = options.parse_args()
    rows = read(asked.file, asked.intents)
    with tempfile.TemporaryDirectory() as folder:
        vectors = default_encoder(Path(folder)).encode([row["text"] for row in rows])
    labels = np.array([row["intent"] for row in rows], dtype=object)
    runs = [poisoned(vectors, labels, seed) for seed in range(asked.runs)]
    flips, found = (sum(run[key] for run in runs) for key in ("flips", "found"))
    print(
        json.dumps(
            {
                "labels": len(rows),
                "intents": asked.intents,
                "runs": runs,
                "share_found": round(found / flips, 3),
            },
            indent=1,
        )
    )


def read(file: Path, n_intents: int) -> list[dict[str, Any]]:
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    wanted = set(sorted({row["intent"] for row in rows})[:n_intents])
    return [row for row in rows if row["intent"] in wanted]


def poisoned(vectors: Any, labels: Any, seed: int) -> dict[str, Any]:
    """One intent's flips, and where the search lists them."""
    rng = np.random.default_rng(seed)
    names = sorted(set(labels))
    middles = {name: vectors[labels == name].mean(axis=0) for name in names}
    victim = names[rng.integers(len(names))]
    others = [name for name in names if name != victim]
    look_alike = max(others, key=lambda name: float(middles[name] @ middles[victim]))
    own = np.flatnonzero(labels == victim)
    flipped = rng.choice(own, max(1, round(SHARE * len(own))), replace=False)
    given = labels.copy()
    given[flipped] = look_alike
    classes, proba = label_errors.out_of_fold(vectors, list(given))
    position = {name: column for column, name in enumerate(classes)}
    codes = np.array([position[name] for name in given], dtype=np.intp)
    listed = [suspect.row for suspect in label_errors.suspects(codes, proba)]
    places = [listed.index(row) + 1 for row in flipped.tolist() if row in listed]
    return {
        "intent": victim,
        "into": look_alike,
        "flips": len(flipped),
        "found": len(places),
        "listed": len(listed),
        "places": sorted(places),
    }


if __name__ == "__main__":
    main()
