"""The fast head: a linear model on frozen embeddings, mixed with a neighbour vote."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.ml.calibration import fit_logit_scale, softmax
from training.ml.clusters import Rows
from training.ml.data import OUT_OF_SCOPE
from training.ml.errors import CheckpointFormatError, TooFewLabelsError
from training.ml.linear_head import MEASURED, HeadConfig, LinearHead, fit_linear_head
from training.ml.neighbours import Neighbours, mix
from training.ml.out_of_scope import ScopeRule, fit_scope_rule
from training.ml.self_training import Landscape, Learned, learn

__all__ = [
    "HeadConfig",
    "IntentAnswers",
    "IntentModel",
    "LinearHead",
    "fit",
    "fit_linear_head",
    "mix",
]

Floats = NDArray[np.floating[Any]]
Arrays = dict[str, NDArray[Any]]

Indices = NDArray[np.intp]

FORMAT_VERSION = 1
# The pool teaches little beyond so many labels, and it costs seconds.
MOST_LABELS = 5000
MOST_POOL_ROWS = 6000  # the landscape costs their square
SMALL_WITH_POOL = 400  # up to here calibration is cross-validated, with the pool


@dataclass(frozen=True)
class IntentModel:
    """The head as it is used: calibrated probabilities and a sense of scope."""

    head: LinearHead
    logit_scale: float  # on the head's logits, before mixing
    mix_scale: float  # on the log of the mixture, after mixing
    vote_share: float
    neighbours: Neighbours
    scope: ScopeRule

    @property
    def classes(self) -> tuple[str, ...]:
        return self.head.classes

    def predict(self, embeddings: Floats, added: Floats | None = None) -> IntentAnswers:
        """Everything the model says about these rows, (n, d).

        added: logits (n, n_intents) of another opinion; the sense of scope is the
        embedding's alone.
        """
        logits = self.head.logits(embeddings)
        votes, familiarity = self.neighbours.vote_and_familiarity(embeddings)
        scaled = self.logit_scale * logits
        if added is not None:
            scaled = scaled + added
        proba = softmax(self.mix_scale * mix(scaled, votes, 1.0, self.vote_share))
        likeliest = [self.classes[column] for column in proba.argmax(axis=1)]
        return IntentAnswers(
            classes=self.classes,
            proba=proba,
            scope_score=self.scope.score(self.classes, logits, familiarity, embeddings),
            scope_threshold=self.scope.thresholds(likeliest),
        )

    def predict_proba(self, embeddings: Floats) -> NDArray[np.float32]:
        """Calibrated probabilities (n, n_intents), columns as in `classes`."""
        return self.predict(embeddings).proba

    def to_arrays(self) -> Arrays:
        """Plain numeric arrays, as safetensors and npz store them."""
        facts = {
            "format": FORMAT_VERSION,
            "classes": list(self.classes),
            "logit_scale": self.logit_scale,
            "mix_scale": self.mix_scale,
            "vote_share": self.vote_share,
            "scope": self.scope.as_dict(),
        }
        return {
            "facts": np.frombuffer(json.dumps(facts).encode(), dtype=np.uint8),
            "coef": self.head.coef,
            "intercept": self.head.intercept,
            "neighbour_embeddings": self.neighbours.embeddings,
            "neighbour_codes": self.neighbours.codes.astype(np.int64),
        }

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> IntentModel:
        """The model `to_arrays` described; CheckpointFormatError if it is no such."""
        try:
            facts = json.loads(np.asarray(arrays["facts"]).tobytes())
            if facts["format"] != FORMAT_VERSION:
                raise CheckpointFormatError(f"head format {facts['format']} is unknown")
            classes = tuple(facts["classes"])
            codes = np.asarray(arrays["neighbour_codes"]).astype(np.intp)
            return cls(
                head=LinearHead(classes, arrays["coef"], arrays["intercept"]),
                logit_scale=facts["logit_scale"],
                mix_scale=facts["mix_scale"],
                vote_share=facts["vote_share"],
                neighbours=Neighbours(
                    arrays["neighbour_embeddings"], codes, len(classes)
                ),
                scope=ScopeRule.from_dict(facts["scope"]),
            )
        except (KeyError, ValueError, TypeError) as error:
            raise CheckpointFormatError(f"not a head: {error!r}") from error


@dataclass(frozen=True)
class IntentAnswers:
    """Answers about n rows."""

    classes: tuple[str, ...]
    proba: NDArray[np.float32]  # (n, n_intents)
    scope_score: NDArray[np.float32]  # (n,), higher = more surely in scope
    scope_threshold: NDArray[np.float64]  # (n,), below it a row is refused

    @property
    def is_fallback(self) -> NDArray[np.bool_]:
        """True where the likeliest answer is out of scope or nothing fits well."""
        refused = self.scope_score < self.scope_threshold
        if OUT_OF_SCOPE in self.classes:
            column = self.classes.index(OUT_OF_SCOPE)
            refused = refused | (self.proba.argmax(axis=1) == column)
        return np.asarray(refused, dtype=bool)

    def top(self, k: int) -> list[list[tuple[str, float]]]:
        """Per row the k likeliest intents with confidence, best first."""
        k = min(k, len(self.classes))
        order = np.argsort(-self.proba, axis=1, kind="stable")[:, :k]
        return [
            [(self.classes[column], float(row[column])) for column in columns]
            for row, columns in zip(self.proba, order, strict=True)
        ]


def fit(
    embeddings: Floats,
    labels: Sequence[str],
    *,
    unlabeled: Rows | None = None,
    sample_weight: Floats | None = None,
    seed: int = 0,
    config: HeadConfig = MEASURED,
    start: LinearHead | None = None,
) -> IntentModel:
    """Fit head, mixture, calibration and scope rule on labeled rows.

    embeddings: (n, d) unit rows. unlabeled: rows of the pool to learn from as well, as
    `self_training` does; a sample of them where they are many, none where the labels
    are. start: an earlier head saves iterations. Raises TooFewLabelsError below two
    intents. Calibration and scope come from rows their model had not seen.
    """
    if len(set(labels)) < 2:
        raise TooFewLabelsError("two different intents are needed to learn anything")
    names = np.asarray(labels, dtype=object)
    weights = np.ones(len(names)) if sample_weight is None else sample_weight
    ground = _Ground.of(embeddings, unlabeled, seed)
    before = None if start is None else Learned.only(start)
    unseen, before = _held_out(ground, names, weights, seed, config, before)
    learned = ground.learn(np.arange(len(names)), names, weights, config, before)
    head = learned.head
    codes = head.codes(list(names))
    rows = unseen.rows
    held_weights = None if sample_weight is None else weights[rows]
    scale = fit_logit_scale(unseen.logits, codes[rows], held_weights)
    mixture = mix(unseen.logits, unseen.votes, scale, config.vote_share)
    return IntentModel(
        head=head,
        logit_scale=scale,
        mix_scale=fit_logit_scale(mixture, codes[rows], held_weights),
        vote_share=config.vote_share,
        neighbours=learned.neighbours,
        scope=fit_scope_rule(
            head.classes, unseen.logits, unseen.familiarity, codes[rows]
        ),
    )


@dataclass(frozen=True)
class _Ground:
    """The labeled rows, rows of the pool behind them, and which lie near which."""

    vectors: NDArray[np.float32]
    n_labeled: int
    landscape: Landscape | None

    @classmethod
    def of(cls, labeled: Floats, unlabeled: Rows | None, seed: int) -> _Ground:
        x = np.ascontiguousarray(labeled, dtype=np.float32)
        if unlabeled is None or len(unlabeled) == 0 or len(x) > MOST_LABELS:
            return cls(x, len(x), None)
        rng = np.random.default_rng(seed)
        n_pool = min(len(unlabeled), MOST_POOL_ROWS)
        rows = np.sort(rng.choice(len(unlabeled), n_pool, replace=False))
        both = np.concatenate([x, np.asarray(unlabeled[rows], dtype=np.float32)])
        return cls(both, len(x), Landscape.of(both))

    def learn(
        self,
        seen: Indices,
        labels: NDArray[Any],
        weights: Floats,
        config: HeadConfig,
        before: Learned | None,
    ) -> Learned:
        """What the labeled rows `seen` teach; no other labeled row is looked at."""
        rows, landscape = seen, None
        if self.landscape is not None:
            pool = np.arange(self.n_labeled, len(self.vectors))
            rows = np.concatenate([seen, pool])
            landscape = self.landscape.only(rows)
        return learn(
            self.vectors[rows],
            np.arange(len(seen)),
            list(labels[seen]),
            landscape=landscape,
            sample_weight=weights[seen],
            config=config,
            before=before,
        )


@dataclass(frozen=True)
class _HeldOut:
    """Answers about rows by models that had not seen them."""

    rows: Indices
    logits: NDArray[np.float32]
    votes: NDArray[np.float32]
    familiarity: NDArray[np.float32]


def _held_out(
    ground: _Ground,
    labels: NDArray[Any],
    weights: Floats,
    seed: int,
    config: HeadConfig,
    before: Learned | None,
) -> tuple[_HeldOut, Learned | None]:
    """Predict unseen rows: every row by folds when few, a fifth of them when many."""
    classes = tuple(sorted(set(labels)))
    small = config.small if ground.landscape is None else SMALL_WITH_POOL
    n_folds = config.folds if len(labels) <= small else 1
    shares = np.random.default_rng(seed).permutation(len(labels))
    fold = shares % (config.folds if n_folds > 1 else 5)
    parts: list[_HeldOut] = []
    for index in range(n_folds):
        seen, rows = np.flatnonzero(fold != index), np.flatnonzero(fold == index)
        if len(rows) == 0 or len(seen) == 0:
            continue
        before = ground.learn(seen, labels, weights, config, before)
        parts.append(_answers(before, classes, ground.vectors[rows], labels, rows))
    return _HeldOut(
        *(
            np.concatenate([getattr(part, name) for part in parts])
            for name in ("rows", "logits", "votes", "familiarity")
        )
    ), before


def _answers(
    learned: Learned,
    classes: tuple[str, ...],
    x: NDArray[np.float32],
    labels: NDArray[Any],
    rows: Indices,
) -> _HeldOut:
    """One fold's answers, in the columns of all classes, to rows it can know.

    x: (len(rows), d)
    """
    head = learned.head
    known = np.isin(labels[rows], np.asarray(head.classes, dtype=object))
    rows, x = rows[known], x[known]
    columns = np.searchsorted(np.asarray(classes, dtype=object), head.classes)
    logits = np.full((len(rows), len(classes)), -30.0, dtype=np.float32)
    logits[:, columns] = head.logits(x)
    votes = np.zeros((len(rows), len(classes)), dtype=np.float32)
    votes[:, columns], familiarity = learned.neighbours.vote_and_familiarity(x)
    return _HeldOut(rows, logits, votes, familiarity)
