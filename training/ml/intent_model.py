"""The fast head: a linear model on frozen embeddings, mixed with a neighbour vote."""

from __future__ import annotations

import json
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from training.ml.calibration import fit_logit_scale, softmax
from training.ml.data import OUT_OF_SCOPE
from training.ml.errors import CheckpointFormatError, TooFewLabelsError
from training.ml.neighbours import Neighbours
from training.ml.out_of_scope import ScopeRule, fit_scope_rule

Floats = NDArray[np.floating[Any]]
Arrays = dict[str, NDArray[Any]]

FORMAT_VERSION = 1
VOTE_SHARE = 0.4
# What fitting the scale finds for C = 10 within a tenth or two, for use without it.
DEFAULT_SCALE = 1.5


@dataclass(frozen=True)
class HeadConfig:
    """What can be chosen about the head; the defaults are the measured ones."""

    c: float = 10.0
    max_iter: int = 300
    vote_share: float = VOTE_SHARE
    small: int = 2000  # up to here calibration is cross-validated, above held out
    folds: int = 4


@dataclass(frozen=True)
class LinearHead:
    """Multinomial logistic regression: logits = embeddings @ coef.T + intercept."""

    classes: tuple[str, ...]
    coef: NDArray[np.float32]  # (n_intents, d)
    intercept: NDArray[np.float32]  # (n_intents,)

    def logits(self, embeddings: Floats) -> NDArray[np.float32]:
        """(n, n_intents) float32."""
        block = np.asarray(embeddings, dtype=np.float32)
        return np.asarray(block @ self.coef.T + self.intercept, dtype=np.float32)

    def codes(self, labels: Sequence[str]) -> NDArray[np.intp]:
        """The column of each label; raises KeyError for an intent not learned."""
        position = {name: index for index, name in enumerate(self.classes)}
        return np.array([position[label] for label in labels], dtype=np.intp)


def fit_linear_head(
    embeddings: Floats,
    labels: Sequence[str],
    *,
    sample_weight: Floats | None = None,
    config: HeadConfig = HeadConfig(),
    start: LinearHead | None = None,
) -> LinearHead:
    """Fit the linear part; `start` (an earlier head) saves iterations.

    embeddings: (n, d). One distinct label gives a head that always says it. Runs on
    one thread: BLAS threads spin longer than these small products take.
    """
    from sklearn.linear_model import LogisticRegression

    if len(labels) == 0:
        raise TooFewLabelsError("there is no label to learn from")
    x = np.ascontiguousarray(embeddings, dtype=np.float32)
    classes, codes = np.unique(np.asarray(labels, dtype=object), return_inverse=True)
    names = tuple(str(name) for name in classes)
    if len(names) == 1:
        zeros = np.zeros((1, x.shape[1]), dtype=np.float32)
        return LinearHead(names, zeros, np.zeros(1, dtype=np.float32))
    model = LogisticRegression(C=config.c, max_iter=config.max_iter, warm_start=True)
    if start is not None and len(names) > 2:
        model.coef_, model.intercept_ = _carry_over(start, names, x.shape[1])
    weights = None if sample_weight is None else _mean_one(sample_weight)
    with threadpool_limits(1), warnings.catch_warnings():
        # Hardly more labels than intents: that is how labeling begins.
        warnings.filterwarnings("ignore", message="The number of unique classes")
        model.fit(x, codes, sample_weight=weights)
    return LinearHead(names, *_rows_per_class(model.coef_, model.intercept_))


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

    def predict(self, embeddings: Floats, added: Floats | None = None) -> Prediction:
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
        return Prediction(
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
class Prediction:
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


def mix(
    logits: Floats,
    votes: Floats,
    scale: float = DEFAULT_SCALE,
    share: float = VOTE_SHARE,
) -> NDArray[np.float32]:
    """Log of the mixture of the scaled head and the neighbour vote (n, n_intents)."""
    proba = (1.0 - share) * softmax(scale * np.asarray(logits)) + share * votes
    return np.asarray(np.log(np.maximum(proba, 1e-9)), dtype=np.float32)


def fit(
    embeddings: Floats,
    labels: Sequence[str],
    *,
    sample_weight: Floats | None = None,
    seed: int = 0,
    config: HeadConfig = HeadConfig(),
    start: LinearHead | None = None,
) -> IntentModel:
    """Fit head, mixture, calibration and scope rule on labeled rows.

    embeddings: (n, d) unit rows. Raises TooFewLabelsError below two intents.
    Calibration and scope come from rows their model had not seen.
    """
    if len(set(labels)) < 2:
        raise TooFewLabelsError("two different intents are needed to learn anything")
    x = np.ascontiguousarray(embeddings, dtype=np.float32)
    names = np.asarray(labels, dtype=object)
    weights = None if sample_weight is None else np.asarray(sample_weight)
    unseen, warm = _held_out(x, names, weights, seed, config, start)
    head = fit_linear_head(
        x, list(names), sample_weight=weights, config=config, start=warm
    )
    codes = head.codes(list(names))
    rows = unseen.rows
    held_weights = None if weights is None else weights[rows]
    scale = fit_logit_scale(unseen.logits, codes[rows], held_weights)
    mixture = mix(unseen.logits, unseen.votes, scale, config.vote_share)
    return IntentModel(
        head=head,
        logit_scale=scale,
        mix_scale=fit_logit_scale(mixture, codes[rows], held_weights),
        vote_share=config.vote_share,
        neighbours=Neighbours.of(x, codes, len(head.classes), seed=seed),
        scope=fit_scope_rule(
            head.classes, unseen.logits, unseen.familiarity, codes[rows]
        ),
    )


@dataclass(frozen=True)
class _HeldOut:
    """Answers about rows by models that had not seen them."""

    rows: NDArray[np.intp]
    logits: NDArray[np.float32]
    votes: NDArray[np.float32]
    familiarity: NDArray[np.float32]


def _held_out(
    x: NDArray[np.float32],
    labels: NDArray[Any],
    weights: Floats | None,
    seed: int,
    config: HeadConfig,
    start: LinearHead | None,
) -> tuple[_HeldOut, LinearHead | None]:
    """Predict unseen rows: every row by folds when few, a fifth of them when many."""
    classes = tuple(sorted(set(labels)))
    fold = np.random.default_rng(seed).permutation(len(labels)) % (
        config.folds if len(labels) <= config.small else 5
    )
    n_folds = config.folds if len(labels) <= config.small else 1
    parts: list[_HeldOut] = []
    for index in range(n_folds):
        seen, rows = np.flatnonzero(fold != index), np.flatnonzero(fold == index)
        if len(rows) == 0 or len(seen) == 0:
            continue
        part_weights = None if weights is None else weights[seen]
        start = fit_linear_head(
            x[seen],
            list(labels[seen]),
            sample_weight=part_weights,
            config=config,
            start=start,
        )
        parts.append(_answers(start, classes, x, labels, seen, rows))
    return _HeldOut(
        *(
            np.concatenate([getattr(part, name) for part in parts])
            for name in ("rows", "logits", "votes", "familiarity")
        )
    ), start


def _answers(
    head: LinearHead,
    classes: tuple[str, ...],
    x: NDArray[np.float32],
    labels: NDArray[Any],
    seen: NDArray[np.intp],
    rows: NDArray[np.intp],
) -> _HeldOut:
    """One fold's answers, in the columns of all classes, to rows it can know."""
    known = np.isin(labels[rows], np.asarray(head.classes, dtype=object))
    rows = rows[known]
    columns = np.searchsorted(np.asarray(classes, dtype=object), head.classes)
    logits = np.full((len(rows), len(classes)), -30.0, dtype=np.float32)
    logits[:, columns] = head.logits(x[rows])
    votes = np.zeros((len(rows), len(classes)), dtype=np.float32)
    near = Neighbours.of(x[seen], head.codes(list(labels[seen])), len(head.classes))
    votes[:, columns], familiarity = near.vote_and_familiarity(x[rows])
    return _HeldOut(rows, logits, votes, familiarity)


def _carry_over(
    start: LinearHead, names: tuple[str, ...], dimension: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    coef = np.zeros((len(names), dimension), dtype=np.float32)
    intercept = np.zeros(len(names), dtype=np.float32)
    known = {name: index for index, name in enumerate(start.classes)}
    for row, name in enumerate(names):
        if name in known:
            coef[row] = start.coef[known[name]]
            intercept[row] = start.intercept[known[name]]
    return coef, intercept


def _rows_per_class(
    coef: Floats, intercept: Floats
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    coef = np.asarray(coef, dtype=np.float32)
    intercept = np.asarray(intercept, dtype=np.float32)
    if len(coef) == 1:  # two classes: scikit-learn keeps the difference only
        coef = np.concatenate([-coef / 2, coef / 2])
        intercept = np.concatenate([-intercept / 2, intercept / 2])
    return np.ascontiguousarray(coef), intercept


def _mean_one(sample_weight: Floats) -> NDArray[np.float64]:
    weights = np.asarray(sample_weight, dtype=np.float64)
    if np.any(weights < 0) or weights.sum() <= 0:
        raise ValueError("sample_weight must be positive")
    return np.asarray(weights / weights.mean(), dtype=np.float64)
