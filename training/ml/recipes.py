"""The two ways to train a model, from labeled utterances to a bundle.

`head`: the encoder stays as it is; seconds. `finetune`: the encoder learns intents and
parameters together; minutes, and better from a few thousand labels on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.ml import (
    bio,
    embedding,
    ensemble,
    finetune,
    intent_model,
    joint,
    onnx_export,
    tagger,
)
from training.ml.bundle import Bundle
from training.ml.data import OUT_OF_SCOPE, Dataset, grouped_split
from training.ml.errors import TooFewLabelsError
from training.ml.finetune import FinetuneConfig
from training.ml.hooks import Hooks
from training.ml.intent_model import IntentModel, LinearHead
from training.ml.neighbours import Neighbours
from training.ml.tag_scorer import TagScorer
from training.ml.tokens import MAX_TOKENS, Encoded, TextEncoder

RECIPES = ("head", "finetune")
FROZEN_LAYER = 4  # of 6: its word states tell parameters apart best when frozen
LAST_LAYER = -1
HELD_OUT_SHARE = 0.1
ABSENT = -30.0  # the score of an intent without an example: never the answer

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class TrainConfig:
    """What to train and how; `device` "auto" is CUDA where there is one."""

    recipe: str = "head"
    seed: int = 0
    device: str = "auto"
    finetuning: FinetuneConfig = field(default_factory=FinetuneConfig)


@dataclass(frozen=True)
class Trained:
    """A model in memory and its encoder on disk."""

    bundle: Bundle
    encoder: Path
    tokenizer: Path
    losses: tuple[float, ...] = ()


@dataclass(frozen=True)
class _Parts:
    """Training and held-out examples; intents in scope first, then `oos` if any."""

    train: Dataset
    held_out: Dataset
    intents: tuple[str, ...]
    tag_set: bio.TagSet


def train(
    dataset: Dataset,
    valid: Dataset | None,
    config: TrainConfig,
    *,
    base: Path,
    work: Path,
    shared: Path | None = None,
    hooks: Hooks | None = None,
) -> Trained:
    """Train by `config.recipe`; calibrate on `valid`, or on a share held out.

    base: folder of the encoder to begin with. work: where the exported encoder and
    what a resumed run needs are kept; shared: where the frozen encoder is, for other
    runs too. Raises TooFewLabelsError below two intents and TrainingCancelledError
    when the hooks say so.
    """
    if config.recipe not in RECIPES:
        raise ValueError(f"recipe is {config.recipe!r}, known are {RECIPES}")
    parts = _parts(dataset.labeled(), valid.labeled() if valid else None, config.seed)
    hooks = hooks or Hooks()
    if config.recipe == "head":
        return _train_head(parts, config, base, shared or work, hooks)
    return _train_finetune(parts, config, base, work, hooks)


def _parts(dataset: Dataset, valid: Dataset | None, seed: int) -> _Parts:
    known = [name for name in dataset.intents if name != OUT_OF_SCOPE]
    if len(known) < 2:
        raise TooFewLabelsError(
            f"Training needs labels of at least two intents; there are {len(known)}."
        )
    train_part, held_out = dataset, valid
    if held_out is None:
        train_part, held_out = grouped_split(
            dataset, (1.0 - HELD_OUT_SHARE, HELD_OUT_SHARE), seed=seed
        )
        if len(set(train_part.in_scope().labels)) < 2:
            train_part, held_out = dataset, Dataset()
    params = sorted({span.param for e in dataset for span in e.spans})
    return _Parts(train_part, held_out, tuple(known), bio.TagSet(tuple(params)))


def _train_head(
    parts: _Parts, config: TrainConfig, base: Path, shared: Path, hooks: Hooks
) -> Trained:
    """Learn from every row; the head holds rows out by itself to calibrate."""
    text_encoder = TextEncoder(base / "tokenizer.json")
    model = joint.EmbeddingModel(joint.load_encoder(base), FROZEN_LAYER)
    examples = Dataset((*parts.train, *parts.held_out))
    encoded = [text_encoder.encode(text) for text in examples.texts]
    seen = embedding.embed(
        model,
        encoded,
        with_words=bool(parts.tag_set.params),
        device=finetune.device_of(config.device),
        hooks=hooks,
    )
    known = np.flatnonzero([label in parts.intents for label in examples.labels])
    labels = [examples.labels[row] for row in known]
    head = intent_model.fit(seen.embeddings[known], labels, seed=config.seed)
    scorer = None
    if seen.words is not None:
        scorer = tagger.fit_tagger(
            seen.words,
            _tags(encoded, examples, parts.tag_set),
            parts.tag_set.size,
            seed=config.seed,
            should_stop=hooks.should_stop,
        )
    bundle = _bundle("head", parts, head, scorer, 0)
    return Trained(bundle, frozen_encoder(base, shared), base / "tokenizer.json")


def _train_finetune(
    parts: _Parts, config: TrainConfig, base: Path, work: Path, hooks: Hooks
) -> Trained:
    """Start from the frozen head, train end to end, average with what it embeds."""
    text_encoder = TextEncoder(base / "tokenizer.json")
    device = finetune.device_of(config.device)
    has_oos = OUT_OF_SCOPE in parts.train.intents
    classes = (*parts.intents, OUT_OF_SCOPE) if has_oos else parts.intents
    turns = config.finetuning.context_turns
    targets = finetune.prepare(parts.train, text_encoder, classes, parts.tag_set, turns)
    n_tags = parts.tag_set.size if parts.tag_set.params else 0
    seed = config.finetuning.seed
    model = joint.fresh_model(base, len(classes), n_tags, seed=seed)
    start = _embed(model, targets.encoded, device, hooks, "embedding")
    linear = intent_model.fit_linear_head(start, parts.train.labels)
    model.begin_with(*_rows(linear, classes))
    losses = finetune.finetune(
        model,
        targets,
        config.finetuning,
        hooks=hooks,
        resume_folder=work,
        device=config.device,
    )
    head = _finetuned_head(model, parts, targets, text_encoder, config, hooks)
    scorer = tagger.fold(model.tag_head) if model.tag_head is not None else None
    path = work / "encoder.onnx"
    onnx_export.export_encoder(model.encoder, path, layer=LAST_LAYER)
    bundle = _bundle("finetune", parts, head, scorer, turns)
    return Trained(bundle, path, base / "tokenizer.json", tuple(losses))


def _finetuned_head(
    model: joint.JointModel,
    parts: _Parts,
    targets: finetune.Targets,
    text_encoder: TextEncoder,
    config: TrainConfig,
    hooks: Hooks,
) -> IntentModel:
    """The model's own head averaged with one refitted on what it now embeds."""
    device = finetune.device_of(config.device)
    n_intents = len(parts.intents)
    seen = _embed(model, targets.encoded, device, hooks, "embedding again")
    rows = np.flatnonzero(targets.intents < n_intents)
    labels = [parts.intents[code] for code in targets.intents[rows]]
    refitted = intent_model.fit_linear_head(seen[rows], labels)
    own = LinearHead(
        parts.intents,
        model.intent_head.weight.detach().cpu().numpy()[:n_intents],
        model.intent_head.bias.detach().cpu().numpy()[:n_intents],
    )
    both = LinearHead(parts.intents, *_rows(refitted, parts.intents))
    near = Neighbours.of(seen[rows], targets.intents[rows], n_intents, seed=config.seed)
    head = ensemble.average(own, both)
    held_out = parts.held_out.where(lambda e: e.intent in parts.intents)
    if not len(held_out):
        return ensemble.calibrated(head, near, seen[:0], [])
    turns = config.finetuning.context_turns
    others = finetune.prepare(
        held_out, text_encoder, parts.intents, parts.tag_set, turns
    )
    unseen = _embed(model, others.encoded, device, hooks, "calibrating")
    return ensemble.calibrated(head, near, unseen, held_out.labels)


def _rows(head: LinearHead, classes: Sequence[str]) -> tuple[Floats, Floats]:
    """Weight and bias of `head` with a row for each of `classes`."""
    weight = np.zeros((len(classes), head.coef.shape[1]), dtype=np.float32)
    bias = np.full(len(classes), ABSENT, dtype=np.float32)
    for row, name in enumerate(classes):
        if name in head.classes:
            place = head.classes.index(name)
            weight[row], bias[row] = head.coef[place], head.intercept[place]
    return weight, bias


def _embed(
    model: joint.JointModel,
    encoded: Sequence[Encoded],
    device: Any,
    hooks: Hooks,
    stage: str,
) -> Floats:
    return embedding.embed(
        joint.EmbeddingModel(model.encoder),
        encoded,
        with_words=False,
        device=device,
        hooks=hooks,
        stage=stage,
    ).embeddings


def frozen_encoder(base: Path, work: Path) -> Path:
    """The encoder in `base` as ONNX, exported once and kept in `work`."""
    path = work / f"{base.parent.name}-layer{FROZEN_LAYER}.onnx"
    if not path.is_file():
        encoder = joint.load_encoder(base)
        onnx_export.export_encoder(encoder, path, layer=FROZEN_LAYER)
    return path


def _tags(
    encoded: Sequence[Encoded], dataset: Dataset, tag_set: bio.TagSet
) -> list[list[int]]:
    return [
        bio.tags_from_spans(one.words, example.spans, tag_set)
        for one, example in zip(encoded, dataset, strict=True)
    ]


def _bundle(
    recipe: str,
    parts: _Parts,
    head: IntentModel,
    scorer: TagScorer | None,
    context_turns: int,
) -> Bundle:
    return Bundle(
        recipe=recipe,
        intent_model=head,
        params=parts.tag_set.params,
        tag_scorer=scorer,
        max_tokens=MAX_TOKENS,
        context_turns=context_turns,
    )
