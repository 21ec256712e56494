"""Fit the tag head alone, on the word states of an encoder that stays as it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from training.ml.errors import TrainingCancelledError
from training.ml.joint import TagHead
from training.ml.tag_scorer import Linear, TagScorer

BATCH_WORDS = 256
EPOCHS = 10
MIN_STEPS = 600
RATE = 1e-3
WEIGHT_DECAY = 0.05

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
    mean, spread = flat[places].mean(axis=0), flat[places].std(axis=0) + 1e-3
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        head = TagHead(flat.shape[1], n_tags)
        _train(head, (flat, places, labels), (mean, spread), should_stop)
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


def _train(
    head: TagHead,
    data: tuple[Floats, NDArray[np.int64], torch.Tensor],
    scale: tuple[Floats, Floats],
    should_stop: Callable[[], bool],
) -> None:
    flat, places, labels = data
    optimizer = torch.optim.AdamW(
        head.parameters(), lr=RATE, weight_decay=WEIGHT_DECAY, fused=True
    )
    steps_an_epoch = max(1, -(-len(places) // BATCH_WORDS))
    for _ in range(max(EPOCHS, -(-MIN_STEPS // steps_an_epoch))):
        if should_stop():
            raise TrainingCancelledError("The training was cancelled.")
        for indices in torch.split(torch.randperm(len(places)), BATCH_WORDS):
            window = _window(flat, places[indices.numpy()], scale)
            logits = head.score(torch.from_numpy(window))
            loss: torch.Tensor = functional.cross_entropy(logits, labels[indices])
            optimizer.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()


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


def _window(
    flat: Floats, places: NDArray[np.int64], scale: tuple[Floats, Floats]
) -> NDArray[np.float32]:
    mean, spread = scale
    parts = [(flat[places + step] - mean) / spread for step in (-1, 0, 1)]
    return np.concatenate(parts, axis=1).astype(np.float32)
