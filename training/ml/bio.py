"""Spans and words: where parameters stand, as tags a model can predict.

Offsets are code points, half-open, as everywhere. A placeholder such as
`[ACCOUNT_NUMBER_1]` is one word, so a parameter can stand on it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from training.ml.data import Span

# Marks stand on letters (Hindi's vowels, accents apart) and joiners between them; \w
# knows neither.
_MARKS = "\u200c\u200d" + "".join(
    chr(code)
    for code in range(0x300, 0x1F000)
    if unicodedata.category(chr(code)).startswith("M")
)
PLACEHOLDER = r"\[[A-Z][A-Z_]*_\d+\]"
PLAIN, MARKED = r"\w+|[^\w\s]", rf"\w[\w{_MARKS}]*|[^\w\s][{_MARKS}]*"
# Without a mark both cut alike; looking for marks takes eight times as long.
WORD, MARKED_WORD = (re.compile(f"{PLACEHOLDER}|{one}") for one in (PLAIN, MARKED))
OUTSIDE = 0
FORBIDDEN = -1e9

Floats = NDArray[np.floating[Any]]


class Word(NamedTuple):
    """A word's place in the text; a tuple, for many are made of every text."""

    start: int
    end: int


def words(text: str) -> list[Word]:
    """Cut the text into words, punctuation marks and placeholders."""
    word = WORD if text.isascii() else MARKED_WORD
    return [Word(*match.span()) for match in word.finditer(text)]


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
    return best_sequences([scores], transitions)[0]


def best_sequences(scores: Sequence[Floats], transitions: Floats) -> list[list[int]]:
    """`best_tags` of several utterances, each as if it were asked alone.

    scores: (n_words, n_tags) each. Most utterances have no parameter, which is seen
    without looking for paths; the others take their steps together.
    """
    found = [[OUTSIDE] * len(one) for one in scores]
    open_ = [row for row in _undecided(scores, transitions) if len(scores[row])]
    open_.sort(key=lambda row: -len(scores[row]))
    for begin in range(0, len(open_), _TOGETHER):
        rows = open_[begin : begin + _TOGETHER]
        best = _paths([scores[row] for row in rows], transitions)
        for row, tags in zip(rows, best, strict=True):
            found[row] = tags
    return found


_TOGETHER = 64  # utterances whose paths are followed at once
_ROUNDING = 1e-3  # far above what float32 loses in these sums


def _undecided(scores: Sequence[Floats], transitions: Floats) -> list[int]:
    """The utterances for which something else than all outside could be best.

    What a path gains over all outside is, for each word that it tags, the gain of that
    word's score, of the step to it and of a step back to outside, each over staying
    outside. Where no tag of any word gains, no path does.
    """
    flat = np.concatenate(list(scores)) if scores else np.zeros((0, 1))
    if not len(flat) or flat.shape[1] == 1:
        return []
    stay, begin = transitions[OUTSIDE, OUTSIDE], transitions[-1, OUTSIDE]
    entering = np.maximum(transitions[:-1].max(axis=0) - stay, transitions[-1] - begin)[
        1:
    ]
    leaving = np.maximum(transitions[1:-1, OUTSIDE] - stay, 0.0)
    gain = (flat[:, 1:] + (entering + leaving)).max(axis=1) - flat[:, OUTSIDE]
    lengths = [len(one) for one in scores]
    row_of = np.repeat(np.arange(len(scores)), lengths)
    return [int(row) for row in np.unique(row_of[gain >= -_ROUNDING])]


def _paths(scores: Sequence[Floats], transitions: Floats) -> list[list[int]]:
    """The best path of each utterance; the longest ones come first, none is empty."""
    n_steps, n_tags = scores[0].shape
    lengths = np.array([len(one) for one in scores])
    padded = np.zeros((len(scores), n_steps, n_tags), dtype=scores[0].dtype)
    for row, one in enumerate(scores):
        padded[row, : len(one)] = one
    before = np.ascontiguousarray(transitions[:-1].T)  # (n_tags now, n_tags before)
    best = padded[:, 0] + transitions[-1]  # (n, n_tags)
    back = np.zeros(padded.shape, dtype=np.intp)
    for index in range(1, n_steps):
        n = int((lengths > index).sum())  # those that have this word
        paths = best[:n, None, :] + before  # (n, n_tags now, n_tags before)
        back[:n, index] = paths.argmax(axis=2)
        came = np.take_along_axis(paths, back[:n, index, :, None], axis=2)[..., 0]
        best[:n] = came + padded[:n, index]
    found = []
    for row, length in enumerate(lengths):
        tags = [int(best[row].argmax())]
        for index in range(length - 1, 0, -1):
            tags.append(int(back[row, index, tags[-1]]))
        found.append(tags[::-1])
    return found
