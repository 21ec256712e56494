"""Which recipe `auto` takes, and whether it should have; what earlier turns add.

`python -m benchmarks.recipes choice --only NAME [--rows 2000] [--seed N]`: head and
fine-tuning from the same rows, what the held-out rows say of both and what the test
file says. `context --only NAME [--turns 0 2] [--recipe head]`: the same test with and
without earlier turns in the encoder's window.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import machine
from benchmarks.model import names_of, read


def choice(name: str, n_rows: int, epochs: int, seed: int) -> Iterator[dict[str, Any]]:
    """One row a recipe, and one of what the held-out rows would have chosen."""
    from training.ml import recipe_choice, recipe_finetune, recipe_head
    from training.ml.encoder import model_folder
    from training.ml.hooks import Hooks

    config = _config("auto", seed, epochs, 0)
    parts = _parts(name, n_rows, seed, config)
    base, test = model_folder(), read(name, "test")
    with tempfile.TemporaryDirectory(prefix="recipes-") as folder:
        work, said = Path(folder), []
        for recipe in ("head", "finetune"):
            started = time.perf_counter()
            if recipe == "head":
                trained = recipe_head.train(parts, config, base, work, Hooks())
            else:
                trained = recipe_finetune.train(
                    parts, config, base, work, work, Hooks()
                )
            seconds = time.perf_counter() - started
            said.append(trained.judged)
            yield {
                "data": name,
                "rows": len(parts.train),
                "recipe": recipe,
                "epochs": len(trained.losses),
                "seconds": round(seconds),
                **_tested(trained, test, work, seed),
            }
    found = recipe_choice.duel(*said)
    assert found is not None
    yield {
        "data": name,
        "held out": found.rows,
        "head right": round(found.head, 4),
        "finetune right": round(found.finetune, 4),
        "settled by the head": recipe_choice.leaves_nothing(said[0]),
        "chosen": found.winner,
    }


def context(
    name: str, recipe: str, turns: Sequence[int], n_rows: int, epochs: int, seed: int
) -> Iterator[dict[str, Any]]:
    """One row a number of earlier turns shown."""
    from training.ml import recipe_finetune
    from training.ml.encoder import model_folder
    from training.ml.hooks import Hooks

    test = read(name, "test")
    for shown in turns:
        config = _config(recipe, seed, epochs, shown)
        parts = _parts(name, n_rows, seed, config)
        row = {"data": name, "rows": len(parts.train), "turns": shown}
        if recipe == "head":
            yield {**row, "recipe": recipe, **_head_with_turns(parts, config, test)}
            continue
        with tempfile.TemporaryDirectory(prefix="recipes-") as folder:
            work = Path(folder)
            started = time.perf_counter()
            trained = recipe_finetune.train(
                parts, config, model_folder(), work, work, Hooks()
            )
            yield {
                **row,
                "recipe": recipe,
                "epochs": len(trained.losses),
                "seconds": round(time.perf_counter() - started),
                **_tested(trained, test, work, seed),
            }


def _head_with_turns(parts: Any, config: Any, test: Any) -> dict[str, Any]:
    """The light head on frozen embeddings that have seen the earlier turns."""
    import torch

    from training.ml import embedding, joint, metrics, recipe_head
    from training.ml.encoder import model_folder
    from training.ml.tokens import TextEncoder

    base, turns = model_folder(), config.finetuning.context_turns
    encoder = TextEncoder(base / "tokenizer.json")
    model = joint.EmbeddingModel(joint.load_encoder(base))
    found = []
    for dataset in (parts.everything, test, names_of(parts.intents)):
        encoded = [
            encoder.encode(e.text, e.context[-turns:] if turns else ()) for e in dataset
        ]
        device = torch.device("cpu")
        seen = embedding.embed(model, encoded, with_words=False, device=device)
        found.append(seen.embeddings)
    fitter = recipe_head.Fitter(parts, config, found[0], found[2])
    pooled, words = recipe_head.fit_opinions(parts, config, fitter)
    said = pooled.predict(found[1], words.logits(test.texts) if words else None)
    best = [pooled.classes[i] for i in said.proba.argmax(axis=1)]
    return {
        "accuracy": round(metrics.accuracy(test.labels, best), 4),
        "macro_f1": round(metrics.macro_f1_present(test.labels, best), 4),
    }


def _config(recipe: str, seed: int, epochs: int, turns: int) -> Any:
    from training.ml.finetune import FinetuneConfig
    from training.ml.recipes import TrainConfig

    tuning = FinetuneConfig(seed=seed, epochs=epochs, context_turns=turns)
    return TrainConfig(recipe=recipe, seed=seed, finetuning=tuning)


def _parts(name: str, n_rows: int, seed: int, config: Any) -> Any:
    """The training file, or whole conversations of it up to so many rows."""
    from training.ml import recipe_parts

    train, valid = read(name, "train"), read(name, "valid")
    if n_rows and n_rows < len(train):
        train = train.take(_whole_groups(train.groups, n_rows, seed))
    known = set(train.intents)
    valid = valid.where(lambda example: example.intent in known)
    return replace(recipe_parts.parts(train, valid, config), is_given=True)


def _whole_groups(groups: Sequence[str], n_rows: int, seed: int) -> list[int]:
    """Rows of groups drawn one after the other until there are `n_rows`."""
    _, group = np.unique(np.asarray(groups, dtype=object), return_inverse=True)
    rank = np.random.default_rng(seed).permutation(group.max() + 1)[group]
    return sorted(int(row) for row in np.argsort(rank, kind="stable")[:n_rows])


def _tested(trained: Any, test: Any, work: Path, seed: int) -> dict[str, Any]:
    """What the written checkpoint answers to the test file."""
    from training.ml import bundle, checkpoint, experiment
    from training.serving.predictor import Predictor

    key = b"a benchmark's checkpoint lives as long as the benchmark"
    place = work / f"checkpoint-{trained.bundle.recipe}"
    files = bundle.to_files(trained.bundle, trained.encoder, trained.tokenizer)
    checkpoint.write(place, files, {}, key=key)
    report = experiment.measure(Predictor(place, key=key), test, seed=seed).report
    found = {
        "accuracy": round(report.intent.accuracy, 4),
        "macro_f1": round(report.intent.macro_f1_present, 4),
    }
    if report.parameters is not None:
        found["span_f1"] = round(report.parameters.span_f1, 4)
        found["frame"] = round(report.parameters.frame, 4)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("choice", "context"))
    parser.add_argument("--only", required=True, metavar="NAME")
    parser.add_argument("--rows", type=int, default=0, help="0: all")
    parser.add_argument("--epochs", type=int, default=0, help="0: by size")
    parser.add_argument("--recipe", choices=("head", "finetune"), default="finetune")
    parser.add_argument("--turns", type=int, nargs="+", default=[0, 2])
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    how = (asked.rows, asked.epochs, asked.seed)
    rows = (
        choice(asked.only, *how)
        if asked.what == "choice"
        else context(asked.only, asked.recipe, asked.turns, *how)
    )
    for row in rows:
        print(json.dumps(row), flush=True)
    print(json.dumps({"machine": machine.conditions()}))


if __name__ == "__main__":
    main()
