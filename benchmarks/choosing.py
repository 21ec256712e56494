"""What the default strategy saves on public files, beside random with the same model.

`python -m benchmarks.choosing ../shared/data [SET…]`: replays every file as it is and
as a pool of Zipf's shape, and says how the area under the learning curve compares.
Out-of-scope lines are left out: here only what to ask about is measured.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import machine

# Labels asked for in all and at a time: about where each curve has flattened.
SETS = {
    "banking77": (1500, 100),
    "clinc150": (1800, 100),
    "bitext_cs": (500, 25),
    "snips": (500, 25),
    "multidogo_media": (500, 50),
    "multidogo_media_dedup": (1000, 50),
}
ZIPF_FIRST, ZIPF_POWER, ZIPF_LEAST = 127, 0.8, 8


def zipf(dataset: Any, seed: int = 0) -> Any:
    """A pool whose intents are as unequal as calls are; the order of intents is drawn.

    Of the intent of rank r at most ZIPF_FIRST / r ** ZIPF_POWER lines stay.
    """
    rng = np.random.default_rng(seed)
    labels = np.asarray(dataset.labels, dtype=object)
    kept = []
    for place, name in enumerate(rng.permutation(np.unique(labels))):
        rows = np.flatnonzero(labels == name)
        n = max(ZIPF_LEAST, int(ZIPF_FIRST / (place + 1) ** ZIPF_POWER))
        kept.append(rng.choice(rows, min(n, len(rows)), replace=False))
    rows = np.sort(np.concatenate(kept))
    return replace(dataset, examples=tuple(dataset.examples[row] for row in rows))


def compare(train: Any, test: Any, embed: Any, config: Any) -> dict[str, Any]:
    """Both curves in short: areas, their noise over the seeds, labels to targets."""
    from training.ml.backtest import backtest

    found = backtest(train, test, embed, config)
    ours, chance = (
        np.array([[point.accuracy for point in curve] for curve in curves])
        for curves in (found.curves, found.random)
    )
    gain = ours.mean(axis=1) - chance.mean(axis=1)  # a figure for each seed
    return {
        "area": round(float(ours.mean()), 4),
        "random_area": round(float(chance.mean()), 4),
        "gain": round(float(gain.mean()), 4),
        "gain_sd": round(float(gain.std(ddof=1)), 4) if len(gain) > 1 else None,
        "last": round(float(ours[:, -1].mean()), 4),
        "random_last": round(float(chance[:, -1].mean()), 4),
        "labels_to": found.as_json()["labels_to"],
    }


def main(argv: Sequence[str]) -> None:
    from training.ml.backtest import BacktestConfig
    from training.ml.data import read_jsonl
    from training.ml.encoder import default_encoder
    from training.ml.vector_cache import CachingEncoder

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("sets", nargs="*", default=list(SETS))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--strategy", default=BacktestConfig().strategy)
    parser.add_argument("--pools", nargs="*", default=["uniform", "zipf"])
    parser.add_argument("--part", choices=("valid", "test"), default="test")
    options = parser.parse_args(argv)
    encoder = CachingEncoder(default_encoder(Path("var/encoders")), Path("var/vectors"))
    print(json.dumps({"conditions": machine.conditions()}), flush=True)
    for name in options.sets:
        folder, (budget, batch) = options.data / name, SETS[name]
        train = read_jsonl(folder / "train.jsonl.gz").labeled().in_scope()
        test = read_jsonl(folder / f"{options.part}.jsonl.gz").labeled().in_scope()
        for pool in options.pools:
            asked = zipf(train) if pool == "zipf" else train
            config = BacktestConfig(
                options.strategy, budget, batch, options.seeds, workers=2
            )
            found = compare(asked, test, encoder.encode, config)
            print(json.dumps({"set": name, "pool": pool, **found}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
