"""How good the models are: the bars, few examples of parameters, speech noise, balance.

`python -m benchmarks.model bars [--recipe R] [--only NAME]`: train and test on every
public set, each figure beside its bar. `few-shot`: spans found after 10, 50 and 200
labeled utterances, with and without what the nearest known words say. `noise`: clean
and noised test sets, learned from with and without noise. `balance`: the ways of
giving rare intents their share, on a long tail cut out of a balanced set.
"""

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import machine

DATA = Path(__file__).parents[2] / "shared" / "data"
SEEDS = (0, 1, 2)
# Figure -> floor, as the plan's bars say; shares.
BARS: dict[str, dict[str, float]] = {
    "banking77": {"intent.accuracy": 0.94},
    "clinc150": {"intent.in_scope_accuracy": 0.969, "intent.oos_recall_at_95": 0.93},
    "multidogo_media_dedup": {
        "intent.accuracy": 0.91,
        "about.macro_f1_present": 0.885,
        "parameters.frame": 0.78,
    },
    "snips": {"parameters.span_f1": 0.94, "intent.accuracy": 0.985},
}
FEW = (10, 50, 200)
FEW_SETS = ("multidogo_media_dedup", "bitext_cs", "snips")


def bars(recipe: str, only: Sequence[str], seed: int) -> Iterator[dict[str, Any]]:
    """One row a figure: what was reached beside its floor."""
    from training.management.commands import experiment

    for name, wanted in BARS.items():
        if only and name not in only:
            continue
        parser = argparse.ArgumentParser()
        experiment.Command().add_arguments(parser)
        files = [
            text
            for part in ("train", "valid", "test")
            for text in (f"--{part}", str(DATA / name / f"{part}.jsonl.gz"))
        ]
        arguments = [*files, "--recipe", recipe, "--seed", str(seed)]
        report = experiment.run(vars(parser.parse_args(arguments)))
        for figure, floor in wanted.items():
            group, key = figure.split(".")
            reached = report[group][key]
            yield {
                "data": name,
                "recipe": report["about"]["recipe"],
                "figure": figure,
                "reached": reached,
                "floor": floor,
                "met": reached >= floor,
                "p95_ms": report["latency_ms"]["p95"],
                "seconds": report["seconds"],
            }


def few_shot() -> Iterator[dict[str, Any]]:
    """One row a set and number of labels: span F1, mean of three seeds."""
    from training.ml import bio, metrics, tagger
    from training.ml.word_memory import hinted

    for name in FEW_SETS:
        train, test = read(name, "train"), read(name, "test")
        # Who labels parameters is shown utterances of the function: those that have.
        pool = train.where(lambda example: bool(example.spans))
        kept = [_drawn(len(pool), max(FEW), seed) for seed in SEEDS]
        params = tuple(sorted({s.param for e in pool for s in e.spans}))
        tag_set = bio.TagSet(params)
        states, encoded = _words([*(pool.take(rows) for rows in kept), test])
        for n in FEW:
            scores: dict[str, list[float]] = {"head": [], "memory": [], "hints": []}
            for place, seed in enumerate(SEEDS):
                few = pool.take(kept[place]).take(range(n))
                tags = tagger.tags_of(encoded[place][:n], few, tag_set)
                head = tagger.fit_tagger(
                    states[place][:n], tags, tag_set.size, seed=seed
                )
                known = partial(list, states[place][:n])
                remembering = tagger.with_memory(head, known, tags, tag_set)
                hints = _values(few)
                for kind in scores:
                    spans = []
                    for example, one, seen in zip(
                        test, encoded[-1], states[-1], strict=True
                    ):
                        scorer = head if kind == "head" else remembering
                        logits = scorer(np.asarray(seen, dtype=np.float32))
                        if kind == "hints":
                            logits = logits + hinted(
                                example.text, one.words, hints, tag_set
                            )
                        found = bio.best_tags(logits, tag_set.transitions())
                        spans.append(
                            bio.spans_from_tags(example.text, one.words, found, tag_set)
                        )
                    wanted = [example.spans for example in test]
                    scored = metrics.score_parameters(wanted, spans, [True] * len(test))
                    scores[kind].append(scored.span_f1)
            means = {kind: round(float(np.mean(f)), 4) for kind, f in scores.items()}
            yield {"data": name, "labels": n, **means}


def names_of(intents: Sequence[str]) -> Any:
    """The intents' names in words, as texts to embed."""
    from training.ml.data import Dataset, Example
    from training.ml.intent_words import in_words

    return Dataset(tuple(Example(in_words(name)) for name in intents))


def noise(name: str) -> Iterator[dict[str, Any]]:
    """One row a training and a test: accuracy of the light head."""
    from training.ml import recipe_head
    from training.ml.recipe_parts import TrainConfig, parts
    from training.ml.speech_noise import Mishearing, Recognizer, noised

    train, valid, test = (read(name, part) for part in ("train", "valid", "test"))
    tests = {
        "clean": test,
        "same noise": noised(test, Recognizer(), seed=1),
        "other noise": noised(test, Mishearing(train.texts), seed=1),
    }
    tests = {kind: one.in_scope() for kind, one in tests.items()}
    asked = _embeddings(list(tests.values()))
    for share in (0.0, 0.5, 1.0):
        config = TrainConfig(recipe="head", speech_noise=share)
        found = parts(train, valid, config)
        seen, names = _embeddings([found.everything, names_of(found.intents)])
        fitter = recipe_head.Fitter(found, config, seen, names)
        model, words = recipe_head.fit_opinions(found, config, fitter)
        row: dict[str, Any] = {"data": name, "noised share": share}
        for (kind, one), x in zip(tests.items(), asked, strict=True):
            said = model.predict(x, words.logits(one.texts) if words else None)
            best = [model.classes[i] for i in said.proba.argmax(axis=1)]
            row[kind] = round(
                float(np.mean([a == b for a, b in zip(best, one.labels, strict=True)])),
                4,
            )
        yield row


def balanced(name: str) -> Iterator[dict[str, Any]]:
    """One row a method: accuracy, macro-F1 and recall of the rarest third."""
    from training.ml import metrics, recipe_head
    from training.ml.recipe_parts import TrainConfig, parts

    whole, test = read(name, "train").in_scope(), read(name, "test").in_scope()
    [x, asked, names] = _embeddings([whole, test, names_of(whole.intents)])
    for method in ("none", "auto", "weights", "logit", "oversample", "smote"):
        results = []
        for seed in SEEDS:
            rows, tail = _long_tail(whole.labels, seed)
            config = TrainConfig(recipe="head", seed=seed, balance=method)
            # Cross-validated: a long tail cannot spare rows to hold out.
            few = whole.take(rows)
            found = replace(parts(few, few.take([]), config), is_given=False)
            known = np.isin(whole.intents, found.intents)
            fitter = recipe_head.Fitter(found, config, x[rows], names[known])
            model, words = recipe_head.fit_opinions(found, config, fitter)
            said = model.predict(asked, words.logits(test.texts) if words else None)
            best = [model.classes[i] for i in said.proba.argmax(axis=1)]
            rare = [a == b for a, b in zip(test.labels, best, strict=True) if a in tail]
            results.append(
                (
                    metrics.accuracy(test.labels, best),
                    metrics.macro_f1_present(test.labels, best),
                    float(np.mean(rare)),
                )
            )
        accuracy, f1, recall = np.mean(results, axis=0).round(4).tolist()
        yield {
            "data": name,
            "balance": method,
            "accuracy": accuracy,
            "macro_f1": f1,
            "rare_recall": recall,
        }


def _long_tail(labels: Sequence[str], seed: int) -> tuple[list[int], set[str]]:
    """Rows with intents exponentially rarer, 50 to 1, and the rarest third of them."""
    rng = np.random.default_rng(seed)
    names = np.asarray(labels, dtype=object)
    order = rng.permutation(sorted(set(labels)))
    most = min(int((names == name).sum()) for name in order)
    rows: list[int] = []
    for rank, name in enumerate(order):
        n = max(4, round(most * 50 ** (-rank / (len(order) - 1))))
        own = rng.permutation(np.flatnonzero(names == name))
        rows += [int(row) for row in own[:n]]
    return sorted(rows), {str(name) for name in order[-(len(order) // 3) :]}


def read(name: str, part: str) -> Any:
    """The labeled rows of a part of a public set."""
    from training.ml.data import read_jsonl, settle_marks

    [found] = settle_marks(read_jsonl(DATA / name / f"{part}.jsonl.gz").labeled())
    return found


def _drawn(n: int, wanted: int, seed: int) -> list[int]:
    rng = np.random.default_rng(seed)
    return [int(row) for row in rng.permutation(n)[:wanted]]


def _values(dataset: Any) -> dict[str, list[str]]:
    found: dict[str, set[str]] = {}
    for example in dataset:
        for span in example.spans:
            found.setdefault(span.param, set()).add(example.text[span.start : span.end])
    return {param: sorted(values) for param, values in found.items()}


def _embed(datasets: Sequence[Any], *, with_words: bool) -> tuple[list[Any], Any]:
    import torch

    from training.ml import embedding, joint, recipe_head
    from training.ml.encoder import model_folder
    from training.ml.tokens import TextEncoder

    base = model_folder()
    text_encoder = TextEncoder(base / "tokenizer.json")
    model = joint.EmbeddingModel(joint.load_encoder(base), recipe_head.FROZEN_LAYER)
    encoded = [[text_encoder.encode(text) for text in one.texts] for one in datasets]
    device = torch.device("cpu")
    found = [
        embedding.embed(model, one, with_words=with_words, device=device)
        for one in encoded
    ]
    return found, encoded


def _words(datasets: Sequence[Any]) -> tuple[list[Any], Any]:
    found, encoded = _embed(datasets, with_words=True)
    return [one.words for one in found], encoded


def _embeddings(datasets: Sequence[Any]) -> list[Any]:
    return [one.embeddings for one in _embed(datasets, with_words=False)[0]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("bars", "few-shot", "noise", "balance"))
    parser.add_argument(
        "--recipe", choices=("auto", "head", "finetune"), default="auto"
    )
    parser.add_argument("--only", nargs="*", default=[], metavar="NAME")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    rows = {
        "bars": lambda: bars(options.recipe, options.only, options.seed),
        "few-shot": few_shot,
        "noise": lambda: noise((options.only or ["banking77"])[0]),
        "balance": lambda: balanced((options.only or ["banking77"])[0]),
    }[options.what]()
    for row in rows:
        print(json.dumps(row), flush=True)
    print(json.dumps({"machine": machine.conditions()}))


if __name__ == "__main__":
    main()
