"""Fit the tag head alone, on the word states of an encoder that stays as it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits
from torch.nn import functional

from training.ml import bio, reproducible, word_memory
from training.ml.data import Dataset
from training.ml.dropout import OwnDropout
from training.ml.errors import TrainingCancelledError
from training.ml.joint import IGNORED, TagHead
from training.ml.tag_scorer import Linear, TagScorer
from training.ml.tokens import Encoded
from training.ml.word_memory import WordMemory

BATCH_WORDS = 256
# Three epochs at a rate that falls found what ten at a steady one did (docs/models.md).
EPOCHS = 3
MIN_STEPS = 600
RATE = 4e-3  # at its highest
WARM_UP = 0.05  # of the steps; then the rate falls to nothing
WEIGHT_DECAY = 0.05
TRANSITION_WEIGHTS = (0.0, 0.25, 0.5, 1.0)
MIN_DECIDING = 50  # so many held-out utterances with parameters can decide

Floats = NDArray[np.floating[Any]]


def fit_tagger(
    states: Sequence[Floats],
    tags: Sequence[Sequence[int]],
    n_tags: int,
    *,
    seed: int,
    should_stop: Callable[[], bool] = lambda: False,
) -> TagScorer:
    """Learn the tags of words from their states.

    states: per utterance float (n_words, hidden); tags: per utterance n_words ints.
    Raises TrainingCancelledError when `should_stop` says so.
    """
    flat, places = _lay_out(states)
    labels = torch.tensor([tag for row in tags for tag in row], dtype=torch.int64)
    words = flat[places]
    mean, spread = words.mean(axis=0), words.std(axis=0) + 1e-3
    del words
    flat -= mean  # the rows between utterances too: folded in, they stay zero states
    flat /= spread
    # A second thread hardly speeds up such small products; it has better to do.
    with torch.random.fork_rng(devices=[]), reproducible.one_torch_thread():
        torch.manual_seed(seed)
        head = TagHead(flat.shape[1], n_tags)
        with OwnDropout([seed]):
            _train(head, (flat, places, labels), should_stop)
    return fold(head.eval(), mean, spread)


def fold(
    head: TagHead, mean: Floats | None = None, spread: Floats | None = None
) -> TagScorer:
    """The head as arrays, with the standardizing of its inputs folded in."""
    weight = head.inner.weight.detach().cpu().numpy().astype(np.float64)
    bias = head.inner.bias.detach().cpu().numpy().astype(np.float64)
    if mean is not None and spread is not None:
        weight = weight / np.tile(spread, 3)
        bias = bias - weight @ np.tile(mean, 3)
    outer = head.outer
    return TagScorer(
        inner=Linear(weight.astype(np.float32), bias.astype(np.float32)),
        outer=Linear(
            outer.weight.detach().cpu().numpy(), outer.bias.detach().cpu().numpy()
        ),
    )


def tags_of(
    encoded: Sequence[Encoded], dataset: Dataset, tag_set: bio.TagSet
) -> list[list[int]]:
    """The tags of every utterance's words; all IGNORED where its marks are unknown."""
    return [
        bio.tags_from_spans(one.words, example.spans, tag_set)
        if example.marks_known
        else [IGNORED] * len(one.words)
        for one, example in zip(encoded, dataset, strict=True)
    ]


def known(tags: Sequence[Sequence[int]]) -> list[int]:
    """The rows whose tags are known."""
    return [row for row, one in enumerate(tags) if IGNORED not in one]


def fit_with_transitions(
    states: Sequence[Floats],
    tags: Sequence[Sequence[int]],
    tag_set: bio.TagSet,
    *,
    n_train: int,
    seed: int,
    should_stop: Callable[[], bool] = lambda: False,
) -> TagScorer:
    """Learn the tags; rows from `n_train` on decide on memory and transitions.

    Where those are too few to decide anything, they are learned from like the rest.
    Rows whose tags are unknown teach and decide nothing.
    """
    rows = known(tags)
    n_train = sum(row < n_train for row in rows)
    states, tags = [states[row] for row in rows], [tags[row] for row in rows]
    if not can_decide(tags, n_train):
        n_train = len(states)
    scorer = fit_tagger(
        states[:n_train],
        tags[:n_train],
        tag_set.size,
        seed=seed,
        should_stop=should_stop,
    )
    scorer = with_memory(
        scorer,
        lambda: states[:n_train],
        tags[:n_train],
        tag_set,
        held=(states[n_train:], tags[n_train:]),
    )
    return with_transitions(
        scorer, tag_set, tags[:n_train], states[n_train:], tags[n_train:]
    )


def can_decide(tags: Sequence[Sequence[int]], n_train: int) -> bool:
    """Whether enough of the rows from `n_train` on, held out, have parameters."""
    held = tags[n_train:]
    return sum(any(held[row]) for row in known(held)) >= MIN_DECIDING


def are_right(
    scorer: TagScorer,
    states: Sequence[Floats],
    tags: Sequence[Sequence[int]],
    tag_set: bio.TagSet,
) -> NDArray[np.bool_]:
    """Whether all tags of each utterance are found, bool (n,); unknown ones count."""
    learned = scorer.transitions
    follow = tag_set.transitions() if learned is None else learned
    found = bio.best_sequences(_scored(scorer, states), follow)
    right = [
        IGNORED in wanted or one == list(wanted)
        for one, wanted in zip(found, tags, strict=True)
    ]
    return np.asarray(right, dtype=bool)


def with_transitions(
    scorer: TagScorer,
    tag_set: bio.TagSet,
    tags: Sequence[Sequence[int]],
    states: Sequence[Floats],
    unseen: Sequence[Sequence[int]],
) -> TagScorer:
    """The scorer with how often tags follow each other, as far as that helps.

    tags: learned from; states, unseen: of utterances held out, whose share tagged
    right decides. Without them nothing but what is forbidden is heeded.
    """
    scores = _scored(scorer, states)
    best, most = None, -1
    for weight in TRANSITION_WEIGHTS:
        tried = tag_set.transitions() + weight * follows(tags, tag_set)
        found = bio.best_sequences(scores, tried)
        right = sum(
            one == list(wanted) for one, wanted in zip(found, unseen, strict=True)
        )
        if right > most:
            best, most = tried, right
    return replace(scorer, transitions=np.asarray(best, dtype=np.float32))


def with_memory(
    scorer: TagScorer,
    states_of: Callable[[], Sequence[Floats]],
    tags: Sequence[Sequence[int]],
    tag_set: bio.TagSet,
    *,
    held: tuple[Sequence[Floats], Sequence[Sequence[int]]] = ((), ()),
) -> TagScorer:
    """The scorer with a memory of words, where parameters have few examples.

    states_of: gives the words' states of the utterances, asked where they are wanted.
    held: states and tags of utterances not learned from; a memory that answers fewer
    of them right is dropped.
    """
    if not word_memory.is_wanted(tags, tag_set):
        return scorer
    memory = WordMemory.of(states_of(), tags, tag_set.size)
    remembering = replace(scorer, memory=memory)
    right = [are_right(one, *held, tag_set).sum() for one in (scorer, remembering)]
    return remembering if right[1] >= right[0] else scorer


def follows(tags: Sequence[Sequence[int]], tag_set: bio.TagSet) -> Floats:
    """Log of how much likelier a tag is after another than at all.

    float (size + 1, size); the last row is the start of the text. Each count begins
    at one, so that what was never seen is unlikely, not impossible.
    """
    size = tag_set.size
    counts = np.ones((size + 1, size))
    for row in tags:
        before = size
        for tag in row:
            counts[before, tag] += 1.0
            before = tag
    after = counts / counts.sum(axis=1, keepdims=True)
    return np.asarray(np.log(after) - np.log(counts.sum(axis=0) / counts.sum()))


def _scored(scorer: TagScorer, states: Sequence[Floats]) -> list[Floats]:
    """The tags' logits of each utterance, on one thread: the products are tiny."""
    with threadpool_limits(1, user_api="blas"):
        return [scorer(np.asarray(one, dtype=np.float32)) for one in states]


def _train(
    head: TagHead,
    data: tuple[Floats, NDArray[np.int64], torch.Tensor],
    should_stop: Callable[[], bool],
) -> None:
    flat, places, labels = data
    optimizer = torch.optim.AdamW(
        head.parameters(), lr=RATE, weight_decay=WEIGHT_DECAY, fused=True
    )
    steps_an_epoch = max(1, -(-len(places) // BATCH_WORDS))
    epochs = max(EPOCHS, -(-MIN_STEPS // steps_an_epoch))
    steps = epochs * steps_an_epoch
    for epoch in range(epochs):
        if should_stop():
            raise TrainingCancelledError("The training was cancelled.")
        batches = torch.split(torch.randperm(len(places)), BATCH_WORDS)
        for step, indices in enumerate(batches, epoch * steps_an_epoch):
            optimizer.param_groups[0]["lr"] = RATE * _share_of_rate(step, steps)
            window = _window(flat, places[indices.numpy()])
            logits = head.score(torch.from_numpy(window))
            loss: torch.Tensor = functional.cross_entropy(logits, labels[indices])
            optimizer.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()


def _share_of_rate(step: int, steps: int) -> float:
    return min(1.0, (step + 1) / (WARM_UP * steps)) * (1.0 - step / steps)


def _lay_out(states: Sequence[Floats]) -> tuple[Floats, NDArray[np.int64]]:
    """All words in one array with a zero row between utterances, and their rows."""
    hidden = states[0].shape[1]
    total = sum(len(rows) for rows in states) + len(states) + 1
    flat = np.zeros((total, hidden), dtype=np.float32)
    places = []
    at = 1
    for rows in states:
        flat[at : at + len(rows)] = rows
        places.append(np.arange(at, at + len(rows)))
        at += len(rows) + 1
    return flat, np.concatenate(places)


def _window(flat: Floats, places: NDArray[np.int64]) -> Floats:
    """Each word's state between those of its neighbours: (n_words, 3 * hidden)."""
    found = flat[places[:, None] + (-1, 0, 1)]  # (n_words, 3, hidden)
    return np.asarray(found.reshape(len(places), -1))
