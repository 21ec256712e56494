"""Train on a labeled file, measure on another, print every metric. No database."""

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from training.management import arguments
from training.ml.errors import MLError


class Command(BaseCommand):
    help = "Train on a labeled file outside the database and print every metric."
    needs_database = False
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--train", type=Path, required=True, metavar="FILE")
        parser.add_argument("--valid", type=Path, metavar="FILE")
        parser.add_argument("--test", type=Path, required=True, metavar="FILE")
        parser.add_argument(
            "--recipe",
            choices=("auto", "head", "finetune"),
            default="auto",
            help="auto: by the number of labels, then by held-out rows",
        )
        parser.add_argument("--seed", type=arguments.whole_number, default=0)
        parser.add_argument(
            "--epochs", type=arguments.whole_number, default=0, help="0: by size"
        )
        parser.add_argument(
            "--context",
            type=arguments.whole_number,
            default=0,
            help="earlier turns shown (finetune)",
        )
        parser.add_argument(
            "--balance",
            choices=("auto", "none", "weights", "logit", "oversample", "smote"),
            default="auto",
            help="how rare intents get their share; auto: by validation",
        )
        parser.add_argument(
            "--loss",
            choices=("cross_entropy", "top3_cross_entropy", "smooth_top3"),
            default="cross_entropy",
            help="what fine-tuning minimizes over the intents",
        )
        parser.add_argument(
            "--speech-noise",
            type=arguments.share,
            default=0.0,
            metavar="SHARE",
            help="share of examples learned from with a recognizer's errors, too",
        )
        parser.add_argument(
            "--no-words", action="store_true", help="leave the opinion of n-grams out"
        )
        parser.add_argument(
            "--domain-thresholds",
            action="store_true",
            help="refuse by what is usual in a domain",
        )
        arguments.add_unmarked(parser)
        parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
        parser.add_argument(
            "--encoder",
            type=arguments.encoder_folder,
            metavar="FOLDER",
            help="another encoder to begin with (BERT family, with tokenizer.json)",
        )
        parser.add_argument("--json", action="store_true", help="one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            report = run(options)
        except (OSError, ValueError, MLError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(json.dumps(report) if options["json"] else _table(report))


def run(options: dict[str, Any]) -> dict[str, Any]:
    """Train, write a checkpoint, and measure what that checkpoint answers."""
    from training.ml.data import Dataset, read_jsonl, settle_marks

    # What is wrong with a file is said before the learning code takes its time to load.
    unmarked = options["unmarked"]
    test = read_jsonl(options["test"], unmarked).labeled()
    train = read_jsonl(options["train"], unmarked)
    valid = read_jsonl(options["valid"], unmarked) if options["valid"] else None
    if len(test) == 0:
        raise ValueError(f"{options['test']}: no row has an intent to measure on")
    train, test, held_out = settle_marks(train, test, valid or Dataset())
    valid = held_out if valid is not None else None

    import torch

    from training.ml import bundle, checkpoint, experiment, recipes
    from training.ml.encoder import model_folder
    from training.ml.finetune import FinetuneConfig
    from training.ml.hooks import Hooks
    from training.serving.predictor import Predictor

    if options["device"] == "cuda" and not torch.cuda.is_available():
        raise ValueError("There is no CUDA device here; leave --device out.")
    config = recipes.TrainConfig(
        recipe=options["recipe"],
        seed=options["seed"],
        device=options["device"],
        balance=options["balance"],
        speech_noise=options["speech_noise"],
        words=not options["no_words"],
        domain_thresholds=options["domain_thresholds"],
        finetuning=FinetuneConfig(
            seed=options["seed"],
            loss=options["loss"],
            epochs=options["epochs"],
            context_turns=options["context"],
        ),
    )
    started = time.perf_counter()
    key = b"an experiment's checkpoint lives as long as the experiment"
    with tempfile.TemporaryDirectory(prefix="experiment-") as folder:
        work = Path(folder)
        trained = recipes.train(
            train,
            valid,
            config,
            base=options["encoder"] or model_folder(),
            work=work,
            hooks=Hooks(on_progress=_Teller()),
        )
        files = bundle.to_files(trained.bundle, trained.encoder, trained.tokenizer)
        checkpoint.write(work / "checkpoint", files, {}, key=key)
        predictor = Predictor(work / "checkpoint", key=key)
        seconds = time.perf_counter() - started
        measured = experiment.measure(
            predictor, test, seed=options["seed"], seconds=seconds
        )
    about = {
        "recipe": trained.bundle.recipe,
        "macro_f1_present": round(measured.report.intent.macro_f1_present, 6),
        "epochs": len(trained.losses),
    }
    if trained.choice:
        about["choice"] = trained.choice
    return {**measured.report.as_json(), "about": about}


class _Teller:
    """Progress on standard error, now and then."""

    def __init__(self, every_seconds: float = 5.0) -> None:
        self._every, self._told = every_seconds, time.monotonic()

    def __call__(self, progress: Any) -> None:
        now = time.monotonic()
        if now - self._told < self._every:
            return
        self._told = now
        loss = "" if progress.loss is None else f", loss {progress.loss:.3f}"
        print(
            f"{progress.stage}: {progress.step} of {progress.steps}{loss}, "
            f"about {progress.seconds_left:.0f} s left",
            file=sys.stderr,
            flush=True,
        )


def _table(report: dict[str, Any]) -> str:
    lines = []
    for group, figures in report.items():
        if isinstance(figures, dict):
            lines += [f"{group}.{name}: {value}" for name, value in figures.items()]
        else:
            lines.append(f"{group}: {figures}")
    return "\n".join(lines)
