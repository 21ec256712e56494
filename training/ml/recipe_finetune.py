"""Fine-tuning: the encoder learns intents and parameters together; minutes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from training.ml import (
    balance,
    bio,
    embedding,
    ensemble,
    finetune,
    intent_model,
    joint,
    onnx_export,
    recipe_head,
    recipe_parts,
    tagger,
)
from training.ml.bundle import Bundle
from training.ml.data import OUT_OF_SCOPE, Dataset
from training.ml.ensemble import HeldOut, Outside, Pooling
from training.ml.hooks import Hooks
from training.ml.intent_model import IntentModel, LinearHead
from training.ml.intent_words import in_words
from training.ml.lexical import LexicalHead
from training.ml.neighbours import Neighbours
from training.ml.recipe_parts import (
    FINETUNE,
    Parts,
    TrainConfig,
    Trained,
    act_head,
    judged,
    rows_of,
)
from training.ml.tag_scorer import TagScorer
from training.ml.targets import Targets, prepare
from training.ml.tokens import MAX_TOKENS, Encoded, TextEncoder

LAST_LAYER = -1
STARTS = (0.5, 0.75)  # weights of the fine-tuned head and of the refitted one
MONITOR_ROWS = 1000

Floats = NDArray[np.floating[Any]]


def train(
    parts: Parts,
    config: TrainConfig,
    base: Path,
    work: Path,
    shared: Path,
    hooks: Hooks,
) -> Trained:
    """Start from the frozen head, train end to end, pool with what it then embeds."""
    has_oos = OUT_OF_SCOPE in parts.train.intents
    classes = (*parts.intents, OUT_OF_SCOPE) if has_oos else parts.intents
    known = np.isin(np.asarray(parts.held_out.labels, dtype=object), classes)
    held_rows = np.flatnonzero(known)
    held_out = parts.held_out.take(held_rows)
    text_encoder = TextEncoder(base / "tokenizer.json")
    turns, tag_set = config.finetuning.context_turns, parts.tag_set
    targets = prepare(parts.train, text_encoder, classes, tag_set, turns)
    others = prepare(held_out, text_encoder, classes, tag_set, turns)

    embedder, losses = _fine_tuned(
        parts, config, (targets, others), classes, base, work, shared, hooks
    )
    model = embedder.model
    said = [in_words(intent) for intent in parts.intents]
    named = text_encoder.encode_many(said, [()] * len(said))
    vectors = embedder.utterances([*targets.encoded, *named], "embedding again")
    seen, names = vectors[: len(targets)], vectors[len(targets) :]
    held = embedder.with_words(others.encoded)
    held_words = held.words or ()
    scorer = _tag_scorer(embedder, tag_set, targets, others, held_words)
    hooks.on_message("Fitting the heads beside it; held-out rows decide who is heard.")
    pooled, words, judging = _pooled(
        model, parts, held_out, config, seen, held.embeddings, names
    )
    right = None
    if scorer is not None:
        right = tagger.are_right(scorer, held_words, others.tags, tag_set)
    hooks.on_message("Writing the encoder as ONNX.")
    path = work / "encoder.onnx"
    onnx_export.export_encoder(model.encoder, path, layer=LAST_LAYER)
    bundle = Bundle(
        recipe=FINETUNE,
        intent_model=pooled,
        params=tag_set.params,
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


def _fine_tuned(
    parts: Parts,
    config: TrainConfig,
    data: tuple[Targets, Targets],
    classes: tuple[str, ...],
    base: Path,
    work: Path,
    shared: Path,
    hooks: Hooks,
) -> tuple[_Embedder, Sequence[float]]:
    """The encoder in `base` with heads, trained, and the mean loss of every epoch.

    data: what is learned from, and held-out rows that say which epoch is kept.
    """
    targets, others = data
    n_tags = parts.tag_set.size if parts.tag_set.params else 0
    seed = config.finetuning.seed
    model = joint.fresh_model(base, len(classes), n_tags, seed=seed)
    embedder = _Embedder(model, finetune.device_of(config.device), hooks)
    if config.finetuning.context_turns == 0 and recipe_head.remembers(embedder.device):
        _, everything = recipe_head.embedded(parts, config, base, shared, hooks)
        start = everything.embeddings[: len(targets)]
    else:
        start = embedder.utterances(targets.encoded, "embedding")
    linear = intent_model.fit_linear_head(start, parts.train.labels)
    model.begin_with(*rows_of(linear, classes))
    monitor = None
    if len(others):
        monitor = _monitor(others, embedder.device, seed)
        hooks.on_message(
            "An epoch's score on held-out rows: the share of intents right plus the "
            "share of utterances tagged right."
        )
    losses = finetune.finetune(
        model,
        targets,
        config.finetuning,
        monitor=monitor,
        hooks=hooks,
        resume_folder=work,
        device=config.device,
    )
    return embedder, losses


@dataclass(frozen=True)
class _Embedder:
    """Asks the model what it makes of utterances at this moment of its training."""

    model: joint.JointModel
    device: torch.device
    hooks: Hooks

    def utterances(self, encoded: Sequence[Encoded], stage: str) -> Floats:
        """Their embeddings, (n, hidden)."""
        return self._embed(encoded, stage, with_words=False).embeddings

    def with_words(self, encoded: Sequence[Encoded]) -> embedding.Embedded:
        """The same and, where there are parameters to tag, their words' states."""
        if len(encoded) == 0:
            hidden = self.model.intent_head.in_features
            return embedding.Embedded(np.zeros((0, hidden), dtype=np.float32), None)
        has_tags = self.model.tag_head is not None
        return self._embed(encoded, "calibrating", with_words=has_tags)

    def _embed(
        self, encoded: Sequence[Encoded], stage: str, *, with_words: bool
    ) -> embedding.Embedded:
        return embedding.embed(
            joint.EmbeddingModel(self.model.encoder),
            encoded,
            with_words=with_words,
            device=self.device,
            hooks=self.hooks,
            stage=stage,
        )


def _tag_scorer(
    embedder: _Embedder,
    tag_set: bio.TagSet,
    targets: Targets,
    others: Targets,
    held_words: Sequence[Floats],
) -> TagScorer | None:
    """The model's tag head, with a memory of words and what follows what as far as
    that helps on the held-out `others`; None where there is nothing to tag."""
    if embedder.model.tag_head is None:
        return None
    targets = targets.take(np.array(tagger.known(targets.tags), dtype=np.intp))
    rows = tagger.known(others.tags)
    others = others.take(np.array(rows, dtype=np.intp))
    held_words = [held_words[row] for row in rows]
    scorer = tagger.with_memory(
        tagger.fold(embedder.model.tag_head),
        lambda: embedder.with_words(targets.encoded).words or (),
        targets.tags,
        tag_set,
        held=(held_words, others.tags),
    )
    return tagger.with_transitions(
        scorer, tag_set, targets.tags, held_words, others.tags
    )


def _pooled(
    model: joint.JointModel,
    parts: Parts,
    held_out: Dataset,
    config: TrainConfig,
    seen: Floats,
    unseen: Floats,
    names: Floats,
) -> tuple[IntentModel, LexicalHead | None, tuple[Pooling, HeldOut]]:
    """The model's own head, one refitted on what it embeds, the words, the nearest.

    Held-out rows say how much each counts and how rare intents get their share, which
    is given back with what each said of them; then they are learned from as well.
    names: what the model embeds of the intents' names.
    """
    intents = parts.intents
    own = LinearHead(
        intents,
        model.intent_head.weight.detach().cpu().numpy()[: len(intents)],
        model.intent_head.bias.detach().cpu().numpy()[: len(intents)],
    )
    methods = balance.fits(config.balance)
    refitted, words, near = _opinions(
        parts.train, seen, intents, config, methods, names
    )
    answers = {
        method: ensemble.answers(
            [own, head], words, near, unseen, held_out.texts, held_out.labels
        )
        for method, head in zip(methods, refitted, strict=True)
    }
    labels = np.asarray(parts.train.labels, dtype=object)
    inside = labels != OUT_OF_SCOPE
    codes = own.codes(list(labels[inside]))
    found = ensemble.balanced(answers, STARTS, codes, config.balance)
    pooling, chosen = found.pooling, answers[found.method]
    outside = Outside(seen[inside], seen[~inside])
    scope = ensemble.scope_rule(pooling, intents, chosen, outside)
    everything = Dataset((*parts.train, *held_out))
    embeddings = np.concatenate([seen, unseen])
    [head], words, near = _opinions(
        everything, embeddings, intents, config, (found.method,), names
    )
    pooled = ensemble.assemble(pooling, [own, head], words, near, scope)
    return *pooled, (found.plain, chosen)


def _opinions(
    dataset: Dataset,
    embeddings: Floats,
    intents: tuple[str, ...],
    config: TrainConfig,
    methods: Sequence[str],
    names: Floats,
) -> tuple[list[LinearHead], LexicalHead | None, Neighbours]:
    """Those of the rows in scope, a linear head by each method of balance."""
    rows = [i for i, label in enumerate(dataset.labels) if label in intents]
    texts = [dataset.texts[row] for row in rows]
    labels = [dataset.labels[row] for row in rows]
    return recipe_parts.opinions(
        embeddings[rows], texts, labels, intents, config, methods, names
    )


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
