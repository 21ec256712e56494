"""Labeled examples as an encoder is trained on them: encoded, tagged, in batches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from training.ml import bio, joint, tagger
from training.ml.data import Dataset
from training.ml.tokens import Encoded, TextEncoder

CHUNK_BATCHES = 50


@dataclass(frozen=True)
class Targets:
    """Examples as the model sees them: encoded, with the tags of their words.

    Tags are joint.IGNORED throughout an example whose marks are unknown.
    """

    encoded: tuple[Encoded, ...]
    intents: NDArray[np.int64]
    tags: tuple[tuple[int, ...], ...]

    def __len__(self) -> int:
        return len(self.encoded)

    def take(self, rows: NDArray[np.intp]) -> Targets:
        return Targets(
            tuple(self.encoded[row] for row in rows),
            self.intents[rows],
            tuple(self.tags[row] for row in rows),
        )


def prepare(
    dataset: Dataset,
    encoder: TextEncoder,
    intents: Sequence[str],
    tag_set: bio.TagSet,
    context_turns: int,
) -> Targets:
    """Encode labeled examples; every intent has to be one of `intents`."""
    index = {name: position for position, name in enumerate(intents)}
    encoded = tuple(
        encoder.encode(e.text, e.context[-context_turns:] if context_turns else ())
        for e in dataset
    )
    tags = tuple(tuple(row) for row in tagger.tags_of(encoded, dataset, tag_set))
    codes = np.array([index[name] for name in dataset.labels], dtype=np.int64)
    return Targets(encoded, codes, tags)


def batches(
    targets: Targets, batch_size: int, rng: np.random.Generator
) -> Iterator[NDArray[np.int64]]:
    """Shuffled batches of neighbours in length, so that little is padding."""
    order = rng.permutation(len(targets))
    lengths = np.array([len(one) for one in targets.encoded])
    chunk = batch_size * CHUNK_BATCHES
    found = []
    for begin in range(0, len(order), chunk):
        part = order[begin : begin + chunk]
        part = part[np.argsort(lengths[part], kind="stable")]
        found += [part[i : i + batch_size] for i in range(0, len(part), batch_size)]
    for position in rng.permutation(len(found)):
        yield found[position]


def n_batches(n_examples: int, batch_size: int) -> int:
    """How many batches `batches` makes of so many examples."""
    whole, rest = divmod(n_examples, batch_size * CHUNK_BATCHES)
    return whole * CHUNK_BATCHES + -(-rest // batch_size)


def tag_tensor(
    targets: Targets, indices: NDArray[np.int64], n_words: int
) -> torch.Tensor:
    """The tags of some examples, int64 (n, n_words); joint.IGNORED past their words."""
    tags = np.full((len(indices), n_words), joint.IGNORED, dtype=np.int64)
    for row, index in enumerate(indices):
        tags[row, : len(targets.tags[index])] = targets.tags[index]
    return torch.from_numpy(tags)


def n_known_tags(targets: Targets, indices: NDArray[np.int64]) -> int:
    """How many words of some examples have a tag to learn."""
    return sum(tag != joint.IGNORED for row in indices for tag in targets.tags[row])
