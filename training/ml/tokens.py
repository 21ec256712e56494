"""Texts as the encoder's input, and which word each of its tokens belongs to.

Only NumPy and `tokenizers`: the web process encodes with the same code that
training does.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tokenizers import Encoding, Tokenizer

from training.ml import bio
from training.ml.data import Turn

Ints = NDArray[np.int64]
Floats = NDArray[np.floating[Any]]

MAX_TOKENS = 128
MAX_CONTEXT_TOKENS = 64
OUTSIDE_WORDS = -1


@dataclass(frozen=True)
class Encoded:
    """One utterance, its context behind it.

    input_ids, segments and word_of: int64 (n_tokens,); segments is 0 for the
    utterance and 1 for the context; word_of is -1 where a token is no word's.
    """

    input_ids: Ints
    segments: Ints
    word_of: Ints
    words: tuple[bio.Word, ...]

    def __len__(self) -> int:
        return len(self.input_ids)


@dataclass(frozen=True)
class Batch:
    """Encoded utterances padded to one length, int64 (n, n_tokens) each.

    pool is 1 where a token counts in the utterance's mean (not context, not
    padding).
    """

    input_ids: Ints
    attention_mask: Ints
    token_type_ids: Ints
    pool: Ints
    word_of: Ints
    words: tuple[tuple[bio.Word, ...], ...]

    def feed(self) -> dict[str, Ints]:
        """The inputs of the exported encoder, by name."""
        return {
            "input_ids": self.input_ids,
            "attention_mask": self.attention_mask,
            "token_type_ids": self.token_type_ids,
            "pool": self.pool,
        }

    def word_means(self, states: Floats) -> list[Floats]:
        """Each row's words, (n_words, hidden), from states (n, n_tokens, hidden).

        A word is the mean of its tokens; one cut off by the length limit is zero.
        """
        ends = np.cumsum([len(words) for words in self.words])
        means = np.zeros((int(ends[-1]), states.shape[2]), dtype=np.float32)
        rows, places = np.nonzero(self.word_of >= 0)
        if len(rows):
            words = self.word_of[rows, places] + (ends - np.diff(ends, prepend=0))[rows]
            # The tokens of a word stand together, so that sums run over slices.
            starts = np.flatnonzero(np.diff(words, prepend=-1))
            sums = np.add.reduceat(states[rows, places], starts, axis=0)
            counts = np.diff(starts, append=len(words)).astype(np.float32)
            means[words[starts]] = sums / counts[:, None]
        return np.split(means, ends[:-1])


class TextEncoder:
    """The tokenizer of an encoder, kept free of global state."""

    def __init__(
        self, tokenizer: Path | Tokenizer, *, max_tokens: int = MAX_TOKENS
    ) -> None:
        if isinstance(tokenizer, Path):
            tokenizer = Tokenizer.from_file(str(tokenizer))
        self._tokenizer = tokenizer
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        self._max_tokens = max_tokens
        separator = self._tokenizer.token_to_id("[SEP]")
        if separator is None:
            raise ValueError("the tokenizer has no [SEP] token")
        self._separator: int = separator

    def encode(self, text: str, context: Sequence[Turn] = ()) -> Encoded:
        """Encode an utterance; the latest context turns stand behind it."""
        return self._encoded(text, self._tokenizer.encode(text), context)

    def encode_many(
        self, texts: Sequence[str], contexts: Sequence[Sequence[Turn]]
    ) -> list[Encoded]:
        """`encode` of several utterances, which are cut into tokens together."""
        cut = self._tokenizer.encode_batch(list(texts))
        return [self._encoded(*one) for one in zip(texts, cut, contexts, strict=True)]

    def _encoded(
        self, text: str, encoding: Encoding, context: Sequence[Turn]
    ) -> Encoded:
        ids = encoding.ids
        if len(ids) >= self._max_tokens:
            ids = [*ids[: self._max_tokens - 1], self._separator]
        text_words = bio.words(text)
        word_of = _word_of(encoding.offsets, text_words)[: len(ids)]
        word_of[-1] = OUTSIDE_WORDS
        behind = self._context(context)
        return Encoded(
            input_ids=np.array(ids + behind, dtype=np.int64),
            segments=np.array([0] * len(ids) + [1] * len(behind), dtype=np.int64),
            word_of=np.array(word_of + [OUTSIDE_WORDS] * len(behind), dtype=np.int64),
            words=tuple(text_words),
        )

    def batch(
        self, texts: Sequence[str], contexts: Sequence[Sequence[Turn]] | None = None
    ) -> Batch:
        """Encode and pad some utterances."""
        turns = contexts if contexts is not None else [()] * len(texts)
        return pad(self.encode_many(texts, turns))

    def _context(self, context: Sequence[Turn]) -> list[int]:
        if not context:
            return []
        text = " ".join(f"{turn.role}: {turn.text}" for turn in context)
        ids = self._tokenizer.encode(text, add_special_tokens=False).ids
        return [*ids[-(MAX_CONTEXT_TOKENS - 1) :], self._separator]


def pad(encoded: Sequence[Encoded]) -> Batch:
    """Lay utterances of different lengths into one batch."""
    length = max((len(one) for one in encoded), default=1)
    shape = (len(encoded), length)
    ids, mask, types, pool = (np.zeros(shape, dtype=np.int64) for _ in range(4))
    word_of = np.full(shape, OUTSIDE_WORDS, dtype=np.int64)
    for row, one in enumerate(encoded):
        n = len(one)
        ids[row, :n] = one.input_ids
        mask[row, :n] = 1
        types[row, :n] = one.segments
        pool[row, :n] = 1 - one.segments
        word_of[row, :n] = one.word_of
    return Batch(ids, mask, types, pool, word_of, tuple(one.words for one in encoded))


def _word_of(
    offsets: Sequence[tuple[int, int]], text_words: Sequence[bio.Word]
) -> list[int]:
    starts = [word.start for word in text_words]
    found = []
    for start, end in offsets:
        index = bisect_right(starts, start) - 1
        is_inside = end > start and index >= 0 and start < text_words[index].end
        found.append(index if is_inside else OUTSIDE_WORDS)
    return found
