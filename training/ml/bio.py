"""Spans and words: where parameters stand, as tags a model can predict.

Offsets are code points, half-open, as everywhere. A placeholder such as
`[ACCOUNT_NUMBER_1]` is one word, so a parameter can stand on it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.ml.data import Span

WORD = re.compile(r"\[[A-Z][A-Z_]*_\d+\]|\w+|[^\w\s]")
OUTSIDE = 0
FORBIDDEN = -1e9

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True)
class Word:
    """A word's place in the text."""

    start: int
    end: int


def words(text: str) -> list[Word]:
    """Cut the text into words, punctuation marks and placeholders."""
    return [Word(match.start(), match.end()) for match in WORD.finditer(text)]


@dataclass(frozen=True)
class TagSet:
    """The tags of some parameters: 0 is outside, then B and I of each in turn."""

    params: tuple[str, ...]

    @property
    def size(self) -> int:
        return 1 + 2 * len(self.params)

    def begin(self, param: str) -> int:
        return 1 + 2 * self.params.index(param)

    def param(self, tag: int) -> str:
        return self.params[(tag - 1) // 2]

    def transitions(self) -> Floats:
        """What may follow what: 0 or FORBIDDEN, float32 (size + 1, size).

        The last row is the start of the text: an inside tag needs its begin or
        inside tag before it.
        """
        allowed = np.zeros((self.size + 1, self.size), dtype=np.float32)
        for inside in range(2, self.size, 2):
            allowed[:, inside] = FORBIDDEN
            allowed[[inside - 1, inside], inside] = 0.0
        return allowed


def tags_from_spans(
    text_words: Sequence[Word], spans: Sequence[Span], tag_set: TagSet
) -> list[int]:
    """Tag every word a span touches; where spans overlap the earlier one wins."""
    tags = [OUTSIDE] * len(text_words)
    for span in sorted(spans, key=lambda span: (span.start, -span.end)):
        touched = [
            index
            for index, word in enumerate(text_words)
            if word.start < span.end and word.end > span.start
        ]
        if span.param not in tag_set.params or any(tags[i] for i in touched):
            continue
        begin = tag_set.begin(span.param)
        for order, index in enumerate(touched):
            tags[index] = begin if order == 0 else begin + 1
    return tags


def spans_from_tags(
    text: str, text_words: Sequence[Word], tags: Sequence[int], tag_set: TagSet
) -> list[Span]:
    """Join begin and inside tags into spans; a stray inside tag begins one."""
    spans: list[tuple[int, int, str]] = []
    last_tag = OUTSIDE
    for word, tag in zip(text_words, tags, strict=False):
        if tag != OUTSIDE:
            is_inside = tag % 2 == 0
            if is_inside and last_tag in (tag - 1, tag):
                start, _, param = spans[-1]
                spans[-1] = (start, word.end, param)
            else:
                spans.append((word.start, word.end, tag_set.param(tag)))
        last_tag = tag
    return [Span(start, end, name, text[start:end]) for start, end, name in spans]


def best_tags(scores: Floats, transitions: Floats) -> list[int]:
    """The likeliest allowed sequence of tags (Viterbi).

    scores: (n_words, n_tags); transitions: as TagSet.transitions gives.
    """
    if len(scores) == 0:
        return []
    best = scores[0] + transitions[-1]  # (n_tags,)
    back = np.zeros(scores.shape, dtype=np.int64)
    for index in range(1, len(scores)):
        paths = best[:, None] + transitions[:-1]  # (n_tags before, n_tags now)
        back[index] = paths.argmax(axis=0)
        best = paths.max(axis=0) + scores[index]
    tags = [int(best.argmax())]
    for index in range(len(scores) - 1, 0, -1):
        tags.append(int(back[index, tags[-1]]))
    return tags[::-1]
