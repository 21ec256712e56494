"""What both recipes start from and end in."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

# Whole, before two threads begin to fit: importing it from both at once fails.
import sklearn.svm  # noqa: F401 (loaded for the threads alone)
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from training.ml import balance, bio, ensemble, intent_model, speech_noise
from training.ml.bundle import Bundle
from training.ml.calibration import fit_logit_scale
from training.ml.data import OUT_OF_SCOPE, Dataset, grouped_split
from training.ml.ensemble import HeldOut, Pooling
from training.ml.errors import TooFewLabelsError
from training.ml.finetune import FinetuneConfig
from training.ml.intent_model import HeadConfig, LinearHead
from training.ml.lexical import LexicalHead, fit_lexical
from training.ml.neighbours import Neighbours

AUTO, HEAD, FINETUNE = "auto", "head", "finetune"
RECIPES = (HEAD, FINETUNE)
FINETUNE_FROM = 2000  # labels; below it fine-tuning won nothing (docs/models.md)
HELD_OUT_SHARE = 0.1
MIN_ACT_ROWS = 20
ACT_FOLDS = 5
ABSENT = -30.0  # the score of an intent without an example: never the answer

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class TrainConfig:
    """What to train and how; `device` "auto" is CUDA where there is one.

    recipe "auto": by the number of labels. balance: how rare intents get their share,
    see `balance`; "auto" chooses by validation. speech_noise: for which share of the
    examples a copy with a recognizer's errors is learned too. words: whether n-grams
    have a say. domain_thresholds: refuse by what is usual in a domain.
    """

    recipe: str = HEAD
    seed: int = 0
    device: str = "auto"
    balance: str = "auto"
    speech_noise: float = 0.0
    words: bool = True
    domain_thresholds: bool = False
    finetuning: FinetuneConfig = field(default_factory=FinetuneConfig)


@dataclass(frozen=True)
class Judged:
    """How a model fares on held-out rows in scope that it had not learned from.

    rows: positions among the held-out examples, ascending; intents, tags: bool (n,),
    whether right, tags None where the tagger had learned from these rows; losses:
    float (n,), minus the log probability of the true intent.
    """

    rows: NDArray[np.intp]
    intents: NDArray[np.bool_]
    losses: Floats
    tags: NDArray[np.bool_] | None = None

    def take(self, places: NDArray[np.intp]) -> Judged:
        tags = None if self.tags is None else self.tags[places]
        return Judged(
            self.rows[places], self.intents[places], self.losses[places], tags
        )


@dataclass(frozen=True)
class Trained:
    """A model in memory and its encoder on disk.

    choice: why it is of this recipe, in words, where that was chosen.
    """

    bundle: Bundle
    encoder: Path
    tokenizer: Path
    losses: tuple[float, ...] = ()
    judged: Judged | None = None
    choice: str = ""


@dataclass(frozen=True)
class Parts:
    """Training and held-out examples; intents in scope, sorted.

    is_given: whether the held-out examples came from outside, not out of the rest.
    """

    train: Dataset
    held_out: Dataset
    intents: tuple[str, ...]
    tag_set: bio.TagSet
    is_given: bool

    @property
    def everything(self) -> Dataset:
        """All labeled examples, the held-out ones last."""
        return Dataset((*self.train, *self.held_out))

    @property
    def domains(self) -> dict[str, str]:
        """The domain most examples of each intent are of."""
        seen: dict[str, Counter[str]] = defaultdict(Counter)
        for example in self.train:
            if example.intent and example.domain:
                seen[example.intent][example.domain] += 1
        return {intent: found.most_common(1)[0][0] for intent, found in seen.items()}


def parts(dataset: Dataset, valid: Dataset | None, config: TrainConfig) -> Parts:
    """Raises TooFewLabelsError below two intents in scope."""
    known = [name for name in dataset.intents if name != OUT_OF_SCOPE]
    if len(known) < 2:
        raise TooFewLabelsError(
            f"Training needs labels of at least two intents; there are {len(known)}."
        )
    train_part, held_out = dataset, valid
    if held_out is None:
        train_part, held_out = grouped_split(
            dataset, (1.0 - HELD_OUT_SHARE, HELD_OUT_SHARE), seed=config.seed
        )
        if len(set(train_part.in_scope().labels)) < 2:
            train_part, held_out = dataset, Dataset()
    if config.speech_noise:
        train_part = speech_noise.augmented(
            train_part,
            speech_noise.Recognizer(),
            seed=config.seed,
            share=config.speech_noise,
        )
    params = sorted({s.param for e in dataset if e.marks_known for s in e.spans})
    tag_set = bio.TagSet(tuple(params))
    return Parts(train_part, held_out, tuple(known), tag_set, valid is not None)


def recipe_for(n_labels: int, wanted: str) -> str:
    """The recipe wanted, or the one for so many labels. Raises ValueError."""
    if wanted == AUTO:
        return FINETUNE if n_labels >= FINETUNE_FROM else HEAD
    if wanted not in RECIPES:
        raise ValueError(f"recipe is {wanted!r}, known are {(AUTO, *RECIPES)}")
    return wanted


def rows_of(head: LinearHead, classes: Sequence[str]) -> tuple[Floats, Floats]:
    """Weight and bias of `head` with a row for each of `classes`."""
    weight = np.zeros((len(classes), head.coef.shape[1]), dtype=np.float32)
    bias = np.full(len(classes), ABSENT, dtype=np.float32)
    for row, name in enumerate(classes):
        if name in head.classes:
            place = head.classes.index(name)
            weight[row], bias[row] = head.coef[place], head.intercept[place]
    return weight, bias


def aligned(head: LinearHead, classes: tuple[str, ...]) -> LinearHead:
    """The head with a column for each of `classes`; one it lacks is never said."""
    return LinearHead(classes, *rows_of(head, classes))


def opinions(
    x: Floats,
    texts: Sequence[str],
    labels: Sequence[str],
    intents: tuple[str, ...],
    config: TrainConfig,
    methods: Sequence[str],
    names: Floats | None = None,
    *,
    begin: LinearHead | None = None,
) -> tuple[list[LinearHead], LexicalHead | None, Neighbours]:
    """A linear head by each method of balance, one of words, and the neighbours.

    x: (n, hidden), what the encoder makes of `texts`, rows in scope. Each opinion has
    a column for every one of `intents`, in that order. names: (n_intents, hidden), what
    it makes of the intents' names. begin: a head that saves steps.
    """
    heads: list[LinearHead] = []
    # Two fits of about the same length, side by side: BLAS keeps to one thread each.
    with threadpool_limits(1), ThreadPoolExecutor(1) as beside:
        words = beside.submit(_words, texts, labels, intents, config)
        for method in methods:
            if method == "weights" and names is not None:
                rows, known = np.concatenate([x, names]), [*labels, *intents]
            else:
                rows, known = x, list(labels)
            start = heads[0] if heads else begin
            fitted = linear_head(rows, known, method, seed=config.seed, start=start)
            heads.append(aligned(fitted, intents))
    codes = heads[0].codes(labels)
    near = Neighbours.of(x, codes, len(intents), seed=config.seed)
    return heads, words.result(), near


def _words(
    texts: Sequence[str],
    labels: Sequence[str],
    intents: tuple[str, ...],
    config: TrainConfig,
) -> LexicalHead | None:
    if not config.words:
        return None
    return fit_lexical(texts, labels, seed=config.seed).aligned(intents)


def linear_head(
    x: Floats,
    labels: Sequence[str],
    method: str,
    *,
    seed: int,
    start: LinearHead | None = None,
) -> LinearHead:
    """A linear head whose rare intents got their share before it was fitted.

    Weights count as copies do: all rows together weigh what they weigh with copies.
    """
    if method == "weights":
        weights = balance.weights(labels)
        config = HeadConfig(c=HeadConfig().c * float(weights.mean()))
        return intent_model.fit_linear_head(
            x, labels, sample_weight=weights, config=config, start=start
        )
    more, their_labels = balance.resampled(x, labels, method, seed=seed)
    return intent_model.fit_linear_head(more, their_labels, start=start)


def judged(
    pooling: Pooling,
    seen: HeldOut,
    rows: NDArray[np.intp],
    tags: NDArray[np.bool_] | None,
) -> Judged:
    """How the pooled opinions fare on rows they had not seen.

    rows: (n,) positions of `seen` among the held-out examples; tags: bool (n,), whether
    their tags are right.
    """
    inside = np.flatnonzero(seen.is_inside)
    proba = ensemble.probabilities(pooling, seen)[inside]
    codes = seen.codes[inside]
    true = proba[np.arange(len(codes)), codes]
    return Judged(
        rows=rows[inside],
        intents=np.asarray(proba.argmax(axis=1) == codes),
        losses=-np.log(np.maximum(true, 1e-9)),
        tags=None if tags is None else tags[inside],
    )


def act_head(embeddings: Floats, dataset: Dataset, *, seed: int) -> LinearHead | None:
    """A head for dialogue acts, where at least two are labeled often enough.

    Its logits are scaled so that their softmax means what it says: a fifth of the
    conversations, held out from a first fit, decides the scale.
    """
    counts = Counter(example.act for example in dataset if example.act)
    acts = {act for act, n in counts.items() if n >= MIN_ACT_ROWS}
    if len(acts) < 2:
        return None
    rows = np.array([i for i, example in enumerate(dataset) if example.act in acts])
    x, labels = embeddings[rows], [dataset.examples[row].act for row in rows]
    head = intent_model.fit_linear_head(x, labels)
    scale = _act_scale(x, labels, [dataset.groups[row] for row in rows], seed)
    return LinearHead(head.classes, scale * head.coef, scale * head.intercept)


def _act_scale(
    x: Floats, labels: Sequence[str], groups: Sequence[str], seed: int
) -> np.float32:
    names = np.asarray(labels, dtype=object)
    _, group = np.unique(np.asarray(groups, dtype=object), return_inverse=True)
    held = (np.random.default_rng(seed).permutation(group.max() + 1) % ACT_FOLDS == 0)[
        group
    ]
    known = set(names[~held])
    if len(known) < 2:
        return np.float32(1.0)
    head = intent_model.fit_linear_head(x[~held], list(names[~held]))
    asked = held & np.isin(names, np.asarray(sorted(known), dtype=object))
    codes = head.codes(list(names[asked]))
    return np.float32(fit_logit_scale(head.logits(x[asked]), codes))
