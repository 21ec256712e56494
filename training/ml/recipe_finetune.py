"""Fine-tuning: the encoder learns intents and parameters together; minutes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from training.ml import (
    balance,
    embedding,
    ensemble,
    finetune,
    intent_model,
    joint,
    onnx_export,
    tagger,
)
from training.ml.bundle import Bundle
from training.ml.data import OUT_OF_SCOPE, Dataset
from training.ml.ensemble import HeldOut, Outside, Pooling
from training.ml.hooks import Hooks
from training.ml.intent_model import IntentModel, LinearHead
from training.ml.lexical import LexicalHead, fit_lexical
from training.ml.neighbours import Neighbours
from training.ml.recipe_parts import (
    FINETUNE,
    Parts,
    TrainConfig,
    Trained,
    act_head,
    aligned,
    judged,
    rows_of,
)
from training.ml.targets import Targets, prepare
from training.ml.tokens import MAX_TOKENS, Encoded, TextEncoder

LAST_LAYER = -1
STARTS = (0.5, 0.75)  # weights of the fine-tuned head and of the refitted one
MONITOR_ROWS = 1000

Floats = NDArray[np.floating[Any]]


def train(
    parts: Parts, config: TrainConfig, base: Path, work: Path, hooks: Hooks
) -> Trained:
    """Start from the frozen head, train end to end, pool with what it then embeds."""
    text_encoder = TextEncoder(base / "tokenizer.json")
    device = finetune.device_of(config.device)
    has_oos = OUT_OF_SCOPE in parts.train.intents
    classes = (*parts.intents, OUT_OF_SCOPE) if has_oos else parts.intents
    turns = config.finetuning.context_turns
    targets = prepare(parts.train, text_encoder, classes, parts.tag_set, turns)
    known = np.isin(np.asarray(parts.held_out.labels, dtype=object), classes)
    held_rows = np.flatnonzero(known)
    held_out = parts.held_out.take(held_rows)
    others = prepare(held_out, text_encoder, classes, parts.tag_set, turns)
    n_tags = parts.tag_set.size if parts.tag_set.params else 0
    seed = config.finetuning.seed
    model = joint.fresh_model(base, len(classes), n_tags, seed=seed)
    start = _embed(model, targets.encoded, device, hooks, "embedding")
    linear = intent_model.fit_linear_head(start, parts.train.labels)
    model.begin_with(*rows_of(linear, classes))
    losses = finetune.finetune(
        model,
        targets,
        config.finetuning,
        monitor=_monitor(others, device, seed) if len(others) else None,
        hooks=hooks,
        resume_folder=work,
        device=config.device,
    )
    seen = _embed(model, targets.encoded, device, hooks, "embedding again")
    held = _embed_words(model, others.encoded, device, hooks, n_tags > 0)
    scorer = None
    if model.tag_head is not None:
        scorer = tagger.with_memory(
            tagger.fold(model.tag_head),
            lambda: (
                _embed_words(model, targets.encoded, device, hooks, True).words or ()
            ),
            targets.tags,
            parts.tag_set,
            held=(held.words or (), others.tags),
        )
        scorer = tagger.with_transitions(
            scorer,
            parts.tag_set,
            targets.tags,
            held.words or (),
            others.tags,
        )
    hooks.on_message("Fitting the heads beside it; held-out rows decide who is heard.")
    pooled, words, judging = _pooled(
        model, parts, held_out, config, seen, held.embeddings
    )
    right = None
    if scorer is not None:
        right = tagger.are_right(scorer, held.words or (), others.tags, parts.tag_set)
    hooks.on_message("Writing the encoder as ONNX.")
    path = work / "encoder.onnx"
    onnx_export.export_encoder(model.encoder, path, layer=LAST_LAYER)
    bundle = Bundle(
        recipe=FINETUNE,
        intent_model=pooled,
        params=parts.tag_set.params,
        tag_scorer=scorer,
        max_tokens=MAX_TOKENS,
        context_turns=turns,
        lexical=words,
        act_head=act_head(seen, parts.train, seed=config.seed),
    )
    return Trained(
        bundle,
        path,
        base / "tokenizer.json",
        tuple(losses),
        judged(*judging, held_rows, right),
    )


def _pooled(
    model: joint.JointModel,
    parts: Parts,
    held_out: Dataset,
    config: TrainConfig,
    seen: Floats,
    unseen: Floats,
) -> tuple[IntentModel, LexicalHead | None, tuple[Pooling, HeldOut]]:
    """The model's own head, one refitted on what it embeds, the words, the nearest.

    Held-out rows say how much each counts, which is given back with what each said of
    them; then they are learned from as well.
    """
    intents = parts.intents
    own = LinearHead(
        intents,
        model.intent_head.weight.detach().cpu().numpy()[: len(intents)],
        model.intent_head.bias.detach().cpu().numpy()[: len(intents)],
    )
    opinions = _opinions(parts.train, seen, intents, config)
    refitted, words, near = opinions
    answers = ensemble.answers(
        [own, refitted], words, near, unseen, held_out.texts, held_out.labels
    )
    pooling = ensemble.pool(answers, STARTS)
    asked = (pooling, answers)
    labels = np.asarray(parts.train.labels, dtype=object)
    inside = labels != OUT_OF_SCOPE
    codes = own.codes(list(labels[inside]))
    pooling, own = ensemble.balanced(pooling, answers, own, codes, config.balance)
    outside = Outside(seen[inside], seen[~inside])
    scope = ensemble.scope_rule(pooling, intents, answers, outside)
    if len(held_out):
        everything = Dataset((*parts.train, *held_out))
        embeddings = np.concatenate([seen, unseen])
        refitted, words, near = _opinions(everything, embeddings, intents, config)
    pooled = ensemble.assemble(pooling, [own, refitted], words, near, scope)
    return *pooled, asked


def _opinions(
    dataset: Dataset, embeddings: Floats, intents: tuple[str, ...], config: TrainConfig
) -> tuple[LinearHead, LexicalHead | None, Neighbours]:
    rows = [i for i, label in enumerate(dataset.labels) if label in intents]
    labels = [dataset.labels[row] for row in rows]
    x = embeddings[rows]
    more, their_labels = balance.resampled(x, labels, config.balance, seed=config.seed)
    refitted = aligned(intent_model.fit_linear_head(more, their_labels), intents)
    words = None
    if config.words:
        texts = [dataset.texts[row] for row in rows]
        words = fit_lexical(texts, labels, seed=config.seed).aligned(intents)
    near = Neighbours.of(x, refitted.codes(labels), len(intents), seed=config.seed)
    return refitted, words, near


def _monitor(held_out: Targets, device: torch.device, seed: int) -> finetune.Monitor:
    """Scores a model on held-out rows: intents right, utterances tagged right.

    The loss breaks ties; a sample of rows is enough to see a trend.
    """
    rows = np.arange(len(held_out))
    if len(rows) > MONITOR_ROWS:
        rng = np.random.default_rng(seed)
        rows = np.sort(rng.choice(rows, MONITOR_ROWS, replace=False))

    def score(model: joint.JointModel) -> float:
        return finetune.quality(model, held_out.take(rows), device)

    return score


def _embed(
    model: joint.JointModel,
    encoded: Sequence[Encoded],
    device: torch.device,
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


def _embed_words(
    model: joint.JointModel,
    encoded: Sequence[Encoded],
    device: torch.device,
    hooks: Hooks,
    with_words: bool,
) -> embedding.Embedded:
    if len(encoded) == 0:
        hidden = model.intent_head.in_features
        return embedding.Embedded(np.zeros((0, hidden), dtype=np.float32), None)
    return embedding.embed(
        joint.EmbeddingModel(model.encoder),
        encoded,
        with_words=with_words,
        device=device,
        hooks=hooks,
        stage="calibrating",
    )
