"""Replay the labeling loop on a labeled file: how many labels a strategy saves."""

import argparse
import json
import os
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from training.ml.errors import MLError

MOST_WORKERS = 4  # each holds a replay's arrays
DEFAULT = {"budget": 3000, "batch": 100, "seeds": 3}


class Command(BaseCommand):
    help = "Replay the loop with the file's labels as the annotator, against random."
    needs_database = False
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--train", type=Path, required=True, metavar="FILE")
        parser.add_argument("--test", type=Path, required=True, metavar="FILE")
        parser.add_argument("--strategy", metavar="S", help="default: the product's")
        parser.add_argument("--budget", type=int, default=DEFAULT["budget"])
        parser.add_argument("--batch", type=int, default=DEFAULT["batch"])
        parser.add_argument("--seeds", type=int, default=DEFAULT["seeds"])
        parser.add_argument(
            "--labels-only", action="store_true", help="learn nothing from the pool"
        )
        parser.add_argument("--json", action="store_true", help="one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            found = self._run(options)
        except (OSError, ValueError, LookupError, MLError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(json.dumps(found) if options["json"] else _table(found))

    def _run(self, options: dict[str, Any]) -> dict[str, Any]:
        from training.ml.backtest import BacktestConfig, backtest
        from training.ml.data import read_jsonl
        from training.ml.encoder import default_encoder
        from training.ml.query import DEFAULT_STRATEGY
        from training.ml.vector_cache import CachingEncoder

        config = BacktestConfig(
            options["strategy"] or DEFAULT_STRATEGY,
            options["budget"],
            options["batch"],
            options["seeds"],
            self_training=not options["labels_only"],
            workers=min(os.cpu_count() or 1, MOST_WORKERS),
        )
        train, test = read_jsonl(options["train"]), read_jsonl(options["test"])
        encoder = CachingEncoder(
            default_encoder(settings.DATA_DIR / "encoders"),
            settings.DATA_DIR / "vectors",
        )
        result = backtest(
            train, test, self._embed(encoder), config, announce=self._announce
        )
        return result.as_json()

    def _embed(self, encoder: Any) -> Any:
        def told(done: int, total: int) -> None:
            self._announce(f"embedded {done} of {total} texts")

        return lambda texts: encoder.encode(texts, told)

    def _announce(self, line: str) -> None:
        self.stderr.write(line)
        self.stderr.flush()


def _table(found: dict[str, Any]) -> str:
    lines = [f"{'labels':>7} {found['strategy']:>18} {'random':>9}"]
    lines += [
        f"{ours['labels']:>7} {ours['accuracy']:>18.1%} {chance['accuracy']:>9.1%}"
        for ours, chance in zip(found["curve"], found["random"], strict=True)
    ]
    lines += [
        f"labels to {target}: {_n(figures['strategy'])} against {_n(figures['random'])}"
        for target, figures in found["labels_to"].items()
    ]
    lines += [
        f"error in the pool, from {one['drawn']} labels drawn by doubt: "
        f"{one['estimate']:.1%} ({one['low']:.1%} to {one['high']:.1%}); "
        f"drawn uniformly: {one['uniform']:.1%}; in truth: {one['truth']:.1%}"
        for one in found["pool_error"]
    ]
    return "\n".join(lines)


def _n(labels: int | None) -> str:
    return "not reached" if labels is None else str(labels)
