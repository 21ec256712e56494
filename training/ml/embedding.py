"""Run an encoder over many utterances: their embeddings and their words' states."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from training.ml import joint, precision
from training.ml.errors import TrainingCancelledError
from training.ml.hooks import Hooks, Progress
from training.ml.tokens import Encoded, pad

BATCH_SIZE = 64  # larger ones are slower: more padding, less cache

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Embedded:
    """embeddings: float32 (n, hidden); words: float16 (n_words, hidden) each."""

    embeddings: Floats
    words: tuple[Floats, ...] | None

    def first(self, n: int) -> Embedded:
        """The first n utterances."""
        words = None if self.words is None else self.words[:n]
        return Embedded(self.embeddings[:n], words)


def embed(
    model: joint.EmbeddingModel,
    encoded: Sequence[Encoded],
    *,
    with_words: bool,
    device: torch.device,
    hooks: Hooks | None = None,
    stage: str = "embedding",
) -> Embedded:
    """Embed utterances, shorter ones first, in their own order again.

    Raises TrainingCancelledError when `hooks.should_stop` says so.
    """
    hooks = hooks or Hooks()
    model.to(device).eval()
    order = np.argsort([len(one) for one in encoded], kind="stable")
    vectors: dict[int, Floats] = {}
    states: dict[int, Floats] = {}
    started = hooks.clock()
    for begin in range(0, len(order), BATCH_SIZE):
        if hooks.should_stop():
            raise TrainingCancelledError("The training was cancelled.")
        rows = [int(row) for row in order[begin : begin + BATCH_SIZE]]
        found = _embed_batch(model, [encoded[row] for row in rows], with_words, device)
        vectors.update(zip(rows, found.embeddings, strict=True))
        if found.words is not None:
            states.update(zip(rows, found.words, strict=True))
        done = begin + len(rows)
        left = (hooks.clock() - started) / done * (len(order) - done)
        hooks.on_progress(Progress(stage, done, len(order), None, left))
    return Embedded(
        embeddings=np.stack([vectors[i] for i in range(len(encoded))]),
        words=tuple(states[i] for i in range(len(encoded))) if with_words else None,
    )


def _embed_batch(
    model: joint.EmbeddingModel,
    encoded: Sequence[Encoded],
    with_words: bool,
    device: torch.device,
) -> Embedded:
    batch = pad(encoded)
    feed = {k: torch.from_numpy(v).to(device) for k, v in batch.feed().items()}
    with torch.inference_mode(), precision.autocast(device):
        embedding, tokens = model(**feed)
    vectors = embedding.float().cpu().numpy()
    if not with_words:
        return Embedded(vectors, None)
    means = batch.word_means(tokens.float().cpu().numpy())
    return Embedded(vectors, tuple(one.astype(np.float16) for one in means))
