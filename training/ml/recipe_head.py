"""The light head: the encoder stays as it is, what is on top is fitted in seconds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from training.ml import (
    balance,
    embedding,
    ensemble,
    finetune,
    frozen,
    joint,
    onnx_export,
    precision,
    recipe_parts,
    tagger,
)
from training.ml.bundle import Bundle
from training.ml.data import OUT_OF_SCOPE
from training.ml.embedding import Embedded
from training.ml.ensemble import Balanced, HeldOut, Outside
from training.ml.hooks import Hooks
from training.ml.intent_model import IntentModel, LinearHead
from training.ml.intent_words import in_words
from training.ml.lexical import LexicalHead
from training.ml.neighbours import Neighbours
from training.ml.out_of_scope import Unseen, with_domains
from training.ml.recipe_parts import (
    AUTO,
    HEAD,
    Judged,
    Parts,
    TrainConfig,
    Trained,
    act_head,
    judged,
)
from training.ml.tag_scorer import TagScorer
from training.ml.tokens import MAX_TOKENS, Encoded, TextEncoder

FROZEN_LAYER = 4  # of 6: its word states tell parameters apart best when frozen
LINEAR_START = 1.5  # what fitting the scale of C = 10 finds, within a tenth or two
SMALL, FOLDS = 2000, 4  # up to so many rows opinions are cross-validated

Floats = NDArray[np.floating[Any]]
Rows = NDArray[np.intp]
Bools = NDArray[np.bool_]


def train(
    parts: Parts, config: TrainConfig, base: Path, shared: Path, hooks: Hooks
) -> Trained:
    """Learn from every row; rows held out decide who is heard how much."""
    examples, encoder = parts.everything, frozen_encoder(base, shared)
    encoded, everything = embedded(parts, config, base, shared, hooks)
    n = len(examples)
    seen, names = everything.first(n), everything.embeddings[n:]
    fitter = Fitter(parts, config, seen.embeddings, names)
    scorer, tags_right, judging = None, None, None
    hooks.on_message("Fitting the heads; rows held out decide who is heard how much.")
    # Heads and tagger side by side, a core each. One limit around both threads: either
    # one's own would end the other's.
    with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(1) as beside:
        fitted = beside.submit(fit_opinions, parts, config, fitter)
        if parts.tag_set.params and seen.words is not None:
            scorer, tags_right = _tagging(parts, config, encoded[:n], seen.words, hooks)
        pooled, words = fitted.result()
    if config.recipe == AUTO:
        judging = _judged(parts, fitter, tags_right)
    bundle = Bundle(
        recipe=HEAD,
        intent_model=pooled,
        params=parts.tag_set.params,
        tag_scorer=scorer,
        max_tokens=MAX_TOKENS,
        lexical=words,
        act_head=act_head(seen.embeddings, examples, seed=config.seed),
    )
    return Trained(bundle, encoder, base / "tokenizer.json", judged=judging)


def embedded(
    parts: Parts, config: TrainConfig, base: Path, shared: Path, hooks: Hooks
) -> tuple[Sequence[Encoded], Embedded]:
    """All examples, then the intents' names, as the frozen encoder has them.

    Remembered beside its graph from round to round. Hardware with bfloat16 is so fast
    that nothing needs to be remembered.
    """
    texts = [*parts.everything.texts, *(in_words(intent) for intent in parts.intents)]
    text_encoder = TextEncoder(base / "tokenizer.json")
    encoded = text_encoder.encode_many(texts, [()] * len(texts))
    device = finetune.device_of(config.device)
    if remembers(device):
        graph = frozen_encoder(base, shared)
        memory = graph.with_suffix(".vectors.npz")
        return encoded, frozen.embed(graph, encoded, memory=memory, hooks=hooks)
    model = joint.EmbeddingModel(joint.load_encoder(base), FROZEN_LAYER)
    return encoded, embedding.embed(
        model, encoded, with_words=True, device=device, hooks=hooks
    )


def remembers(device: torch.device) -> bool:
    """Whether what the frozen encoder makes of texts is kept for the next round."""
    return device.type == "cpu" and not precision.computes_bfloat16(device)


def _tagging(
    parts: Parts,
    config: TrainConfig,
    encoded: Sequence[Encoded],
    states: Sequence[Floats],
    hooks: Hooks,
) -> tuple[TagScorer, Bools | None]:
    """A tagger of the words, and whether the tags of each held-out example are right,
    None where those are too few to tell or nothing is to be chosen by it."""
    tags = tagger.tags_of(encoded, parts.everything, parts.tag_set)
    n_train = len(parts.train)
    n_params = len(parts.tag_set.params)
    hooks.on_message(f"Fitting the tagger of {n_params} parameters.")
    scorer = tagger.fit_with_transitions(
        states,
        tags,
        parts.tag_set,
        n_train=n_train,
        seed=config.seed,
        should_stop=hooks.should_stop,
    )
    if config.recipe != AUTO or not tagger.can_decide(tags, n_train):
        return scorer, None
    held = tagger.are_right(scorer, states[n_train:], tags[n_train:], parts.tag_set)
    return scorer, held


def _judged(parts: Parts, fitter: Fitter, tags: Bools | None) -> Judged:
    """How opinions of the training rows alone fare on the held-out ones.

    tags: whether those of each held-out example are right, where that can be judged.
    """
    labels, n_train = fitter.labels, len(parts.train)
    rows = np.flatnonzero(np.isin(labels[n_train:], parts.train.in_scope().intents))
    train_rows = np.arange(n_train)
    answers = fitter.fold(train_rows, n_train + rows)
    inside = train_rows[labels[:n_train] != OUT_OF_SCOPE]
    found = fitter.balanced(answers, inside)
    return judged(
        found.plain,
        answers[found.method],
        rows,
        None if tags is None else tags[rows],
    )


def fit_opinions(
    parts: Parts, config: TrainConfig, fitter: Fitter
) -> tuple[IntentModel, LexicalHead | None]:
    """The pooled model over all rows of `parts.everything` and its opinion of words."""
    labels, embeddings = fitter.labels, fitter.embeddings
    known = np.isin(labels, np.asarray([*parts.intents, OUT_OF_SCOPE], dtype=object))
    n_train = len(parts.train)
    held_rows = n_train + np.flatnonzero(known[n_train:])
    if parts.is_given and _is_enough(list(labels[held_rows]), parts.intents):
        answers = fitter.fold(np.arange(n_train), held_rows)
    else:
        answers = fitter.cross_validated(np.flatnonzero(known))
    rows = np.flatnonzero(known & (labels != OUT_OF_SCOPE))
    found = fitter.balanced(answers, rows)
    [head], words, near = fitter.opinions(
        rows, (found.method,), begin=fitter.ended.get(found.method)
    )
    outside = Outside(embeddings[rows], embeddings[labels == OUT_OF_SCOPE])
    pooling, seen = found.pooling, answers[found.method]
    scope = ensemble.scope_rule(pooling, parts.intents, seen, outside)
    if config.domain_thresholds:
        unseen = Unseen(
            seen.embeddings,
            ensemble.linear_logits(pooling, seen),
            seen.familiarity,
            seen.is_inside,
        )
        scope = with_domains(scope, parts.intents, unseen, parts.domains)
    return ensemble.assemble(pooling, [head], words, near, scope)


class Fitter:
    """Fits the opinions on some rows and asks them about others."""

    def __init__(
        self, parts: Parts, config: TrainConfig, embeddings: Floats, names: Floats
    ) -> None:
        """embeddings: of `parts.everything`, (n, hidden); names: of the intents' names
        in words, (n_intents, hidden)."""
        examples = parts.everything
        self.labels = np.asarray(examples.labels, dtype=object)
        self.embeddings = embeddings
        self._intents = parts.intents
        self._config = config
        self._texts = np.asarray(examples.texts, dtype=object)
        self._groups = examples.groups
        self._names = names
        self.ended: dict[str, LinearHead] = {}  # the heads of the last fold, by method

    def opinions(
        self,
        rows: Rows,
        methods: Sequence[str],
        *,
        begin: LinearHead | None = None,
    ) -> tuple[list[LinearHead], LexicalHead | None, Neighbours]:
        """A linear head by each method of balance, one of words, and the neighbours.

        All are fitted on rows in scope. begin: a head that saves steps.
        """
        return recipe_parts.opinions(
            self.embeddings[rows],
            *self._said(rows),
            self._intents,
            self._config,
            methods,
            self._names,
            begin=begin,
        )

    def _said(self, rows: Rows) -> tuple[list[str], list[str]]:
        return list(self._texts[rows]), [str(label) for label in self.labels[rows]]

    def fold(self, seen: Rows, unseen: Rows) -> dict[str, HeldOut]:
        """What opinions fitted on `seen` rows say of `unseen` ones, by method."""
        inside = seen[self.labels[seen] != OUT_OF_SCOPE]
        methods = balance.fits(self._config.balance)
        heads, words, near = self.opinions(inside, methods)
        self.ended = dict(zip(methods, heads, strict=True))
        answers = ensemble.answers(
            heads,
            words,
            near,
            self.embeddings[unseen],
            list(self._texts[unseen]),
            list(self.labels[unseen]),
        )
        return {
            method: replace(answers, linear=(logits,))
            for method, logits in zip(methods, answers.linear, strict=True)
        }

    def balanced(self, answers: Mapping[str, HeldOut], rows: Rows) -> Balanced:
        """How rare intents of `rows` get their share, as `answers` speak for."""
        codes = np.searchsorted(
            np.asarray(self._intents, dtype=object), self.labels[rows]
        )
        return ensemble.balanced(answers, [LINEAR_START], codes, self._config.balance)

    def cross_validated(self, rows: Rows) -> dict[str, HeldOut]:
        """Every row by folds when few, a fifth of them when many; whole conversations,
        and every text with its copies, since what was seen word for word is no test."""
        rng = np.random.default_rng(self._config.seed)
        few = len(rows) <= SMALL
        number: dict[str, int] = {}  # as they come
        group = [number.setdefault(self._groups[row], len(number)) for row in rows]
        fold = (rng.permutation(len(number)) % (FOLDS if few else 5))[group]
        answers = []
        for index in range(FOLDS if few else 1):
            seen, unseen = rows[fold != index], rows[fold == index]
            in_scope = set(self.labels[seen]) - {OUT_OF_SCOPE}
            heard = [self.labels[r] in {*in_scope, OUT_OF_SCOPE} for r in unseen]
            unseen = unseen[np.asarray(heard, dtype=bool)]
            if len(in_scope) > 1 and len(unseen):
                answers.append(self.fold(seen, unseen))
        return {
            method: ensemble.joined(
                [part[method] for part in answers],
                len(self._intents),
                self.embeddings.shape[1],
            )
            for method in balance.fits(self._config.balance)
        }


def _is_enough(labels: Sequence[str], intents: tuple[str, ...]) -> bool:
    """Whether held-out rows can decide: some of most intents, and a hundred at all."""
    inside = [label for label in labels if label != OUT_OF_SCOPE]
    return len(inside) >= max(100, len(intents))


def frozen_encoder(base: Path, work: Path) -> Path:
    """The encoder in `base` as ONNX, exported once and kept in `work`."""
    path = work / f"{base.parent.name}-layer{FROZEN_LAYER}.onnx"
    if not path.is_file():
        encoder = joint.load_encoder(base)
        onnx_export.export_encoder(encoder, path, layer=FROZEN_LAYER)
    return path
