"""How often forecasts hold: replays of labeled files, looked at from half way.

`python -m benchmarks.forecast ../shared/data/banking77 …`: at several numbers of labels
a forecast is made from a drawn exam, and compared with what the whole test file shows
later. Prints, a file and a strategy, the share of 90 % intervals that held the truth.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import machine

EXAM = 400
STEP = 100
FROM = (300, 500, 800)
RISES = (0.01, 0.02, 0.04)  # targets above the accuracy at that time
STRATEGIES = ("random", "typiclust_margin")


def coverage(folder: Path, budget: int, seeds: int, encoder: Any) -> dict[str, Any]:
    """Shares of intervals that held, for each strategy."""
    from training.ml.backtest import one_answer_per_text
    from training.ml.data import read_jsonl

    train = one_answer_per_text(read_jsonl(folder / "train.jsonl.gz").labeled())
    test = read_jsonl(folder / "test.jsonl.gz").labeled()
    x, asked = encoder.encode(train.texts), encoder.encode(test.texts)
    names = np.asarray(train.labels, dtype=object)
    truth = np.asarray(test.labels, dtype=object)
    figures = {}
    for strategy in STRATEGIES:
        held: list[tuple[bool, bool]] = []
        for seed in range(seeds):
            order = _order(strategy, x, names, min(budget, len(x)), seed)
            held += _looked_at(x[order], names[order], asked, truth, seed)
        targets = [target for target, _ in held]
        figures[strategy] = {
            "forecasts": len(held),
            "labels_to_target_held": round(float(np.mean(targets)), 3),
            "accuracy_ahead_held": round(float(np.mean([a for _, a in held])), 3),
        }
    return figures


def _order(strategy: str, x: Any, names: Any, budget: int, seed: int) -> Any:
    """Rows in the order in which the strategy would have asked for them."""
    from training.ml.linear_head import fit_linear_head
    from training.ml.query import Pool, strategy_named

    chosen = strategy_named(strategy)
    rng = np.random.default_rng(seed)
    labeled, head = np.empty(0, dtype=np.intp), None
    while len(labeled) < budget:
        free = np.setdiff1d(np.arange(len(x)), labeled)
        n = min(STEP, budget - len(labeled))
        picks = chosen.select(Pool(x[free], x[labeled], head), n, rng)
        labeled = np.concatenate([labeled, free[picks]])
        head = fit_linear_head(x[labeled], list(names[labeled]), start=head)
    return labeled


def _looked_at(
    x: Any, names: Any, asked: Any, truth: Any, seed: int
) -> list[tuple[bool, bool]]:
    """For each forecast: whether labels to a target, and the accuracy ahead, held."""
    from training.ml import forecast, prefixes

    grid = list(range(STEP, len(x) + 1, STEP))
    answers = prefixes.answers(x, list(names), asked, grid)
    later = np.maximum.accumulate([float((a == truth).mean()) for a in answers])
    rng = np.random.default_rng(seed)
    held = []
    for now in (n for n in FROM if 2 * n <= len(x)):
        exam = rng.choice(len(truth), min(EXAM, len(truth)), replace=False)
        sizes = prefixes.sizes(now)
        seen = prefixes.answers(x, list(names), asked[exam], sizes)
        hits = np.stack([a == truth[exam] for a in seen])
        curve = forecast.Curve(sizes, hits, rng)
        [ahead] = curve.ahead([2 * now])
        there = later[grid.index(2 * now)]
        for rise in RISES:
            wanted = later[grid.index(now)] + rise
            target = curve.target(float(wanted))
            met = [n for n, value in zip(grid, later, strict=True) if value >= wanted]
            held.append(
                (
                    _holds(target.low, target.high, met[0] if met else None, grid[-1]),
                    ahead.low <= there <= ahead.high,
                )
            )
    return held


def _holds(low: int | None, high: int | None, met: int | None, last: int) -> bool:
    """Whether the interval holds the truth; None is out of sight, or past the end."""
    above = float("inf") if high is None else high
    below = float("inf") if low is None else low
    if met is None:
        return above > last
    return below <= met and above >= met - STEP  # met somewhere in the last step


def main(argv: Sequence[str]) -> None:
    from training.ml.encoder import default_encoder
    from training.ml.vector_cache import CachingEncoder

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--budget", type=int, default=2400)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--data", type=Path, default=Path("var"))
    options = parser.parse_args(argv)
    encoder = CachingEncoder(
        default_encoder(options.data / "encoders"), options.data / "vectors"
    )
    before = machine.conditions()
    found = {
        folder.name: coverage(folder, options.budget, options.seeds, encoder)
        for folder in options.folders
    }
    print(json.dumps({"conditions": before, "forecast": found}, indent=2))


if __name__ == "__main__":
    main(sys.argv[1:])
