"""A second opinion from the words themselves: hashed n-grams and a linear model.

An embedding blurs what a single word decides; n-grams do not. Words and their pairs,
and the letters inside words (which survive misrecognition and typing errors), hashed
into a fixed number of buckets. Scored with NumPy alone, in microseconds a turn.
"""

from __future__ import annotations

import functools
import itertools
import re
import threading
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.ml import bio

BUCKETS = 1 << 15
LETTERS = (3, 4, 5)
LONGEST = 40  # letters of a word that is remembered
C = 1.0
# liblinear has one random generator a process: two fits at once would share its draws.
_ONE_AT_A_TIME = threading.Lock()
_WORD, _MARKED_WORD = re.compile(bio.PLAIN), re.compile(bio.MARKED)

Floats = NDArray[np.floating[Any]]
Buckets = NDArray[np.intp]


@dataclass(frozen=True)
class LexicalHead:
    """logits = unit tf-idf vector @ coef + intercept.

    idf: float32 (BUCKETS,), coef: float16 (BUCKETS, n_intents), intercept: float32
    (n_intents,), in the order of `classes`.
    """

    classes: tuple[str, ...]
    idf: NDArray[np.float32]
    coef: NDArray[np.float16]
    intercept: NDArray[np.float32]

    def logits(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """(n, n_intents) float32."""
        out = np.empty((len(texts), len(self.classes)), dtype=np.float32)
        for row, text in enumerate(texts):
            buckets, weights = weigh(grams(text), self.idf)
            out[row] = weights @ self.coef[buckets].astype(np.float32)
        return out + self.intercept

    def scaled(self, factor: float) -> LexicalHead:
        """The head whose logits are `factor` times as large."""
        return LexicalHead(
            self.classes,
            self.idf,
            (self.coef.astype(np.float32) * factor).astype(np.float16),
            (self.intercept * factor).astype(np.float32),
        )

    def aligned(self, classes: tuple[str, ...]) -> LexicalHead:
        """The head with a column for each of `classes`; what it lacks it never says."""
        if classes == self.classes:
            return self
        coef = np.zeros((len(self.coef), len(classes)), dtype=np.float16)
        intercept = np.full(len(classes), self.intercept.min(), dtype=np.float32)
        for column, name in enumerate(classes):
            if name in self.classes:
                place = self.classes.index(name)
                coef[:, column] = self.coef[:, place]
                intercept[column] = self.intercept[place]
        return LexicalHead(classes, self.idf, coef, intercept)

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """What has to be kept; only buckets that weigh anything."""
        used = np.flatnonzero(np.any(self.coef != 0, axis=1))
        return {
            "lexical_buckets": used.astype(np.int32),
            "lexical_idf": np.ascontiguousarray(self.idf),
            "lexical_coef": np.ascontiguousarray(self.coef[used]),
            "lexical_intercept": np.ascontiguousarray(self.intercept),
        }

    @classmethod
    def from_arrays(
        cls, classes: tuple[str, ...], arrays: dict[str, NDArray[Any]]
    ) -> LexicalHead:
        """The head `to_arrays` described. Raises KeyError, ValueError."""
        idf = np.asarray(arrays["lexical_idf"], dtype=np.float32)
        coef = np.zeros((len(idf), len(classes)), dtype=np.float16)
        coef[arrays["lexical_buckets"]] = arrays["lexical_coef"]
        return cls(classes, idf, coef, arrays["lexical_intercept"])


def grams(text: str) -> Counter[int]:
    """The buckets of a text's n-grams and how often each occurs."""
    pattern = _WORD if text.isascii() else _MARKED_WORD
    words = pattern.findall(text.casefold())
    own = [_of_word(word) for word in words]
    found = [first for first, *_ in own]
    found += [_bucket(f"w{a} {b}") for a, b in itertools.pairwise(words)]
    for _, *letters in own:
        found += letters
    return Counter(found)


def _bucket(gram: str) -> int:
    return zlib.crc32(gram.encode()) % BUCKETS


def _of_word(word: str) -> tuple[int, ...]:
    """The bucket of the word and those of the letters in it."""
    return remembered(word) if len(word) <= LONGEST else _cut(word)


def _cut(word: str) -> tuple[int, ...]:
    padded = f" {word} "
    return _bucket(f"w{word}"), *(
        _bucket(padded[i : i + n]) for n in LETTERS for i in range(len(padded) - n + 1)
    )


# Few words make up most of what is said. Some 3 MB; with words of any length what a
# caller sends could fill gigabytes.
remembered = functools.lru_cache(maxsize=4096)(_cut)


def weigh(counts: Counter[int], idf: Floats) -> tuple[Buckets, NDArray[np.float32]]:
    """A text's buckets and their weights, a unit vector: (1 + log tf) * idf."""
    buckets = np.fromiter(counts.keys(), dtype=np.intp, count=len(counts))
    tf = np.fromiter(counts.values(), dtype=np.float32, count=len(counts))
    weights = (1.0 + np.log(np.maximum(tf, 1.0))) * idf[buckets]
    length = float(np.linalg.norm(weights))
    return buckets, (weights / length if length else weights).astype(np.float32)


def fit_lexical(
    texts: Sequence[str], labels: Sequence[str], *, seed: int = 0
) -> LexicalHead:
    """Learn intents from n-grams (linear support vector machine, one against rest).

    Raises ValueError below two intents.
    """
    from scipy import sparse
    from sklearn.svm import LinearSVC
    from threadpoolctl import threadpool_limits

    if len(set(labels)) < 2:
        raise ValueError("two different intents are needed to learn anything")
    seen = np.zeros(BUCKETS, dtype=np.int64)
    counted = [grams(text) for text in texts]
    for counts in counted:
        seen[list(counts)] += 1
    idf = (np.log((1 + len(texts)) / (1 + seen)) + 1.0).astype(np.float32)
    rows = [weigh(counts, idf) for counts in counted]
    starts = np.cumsum([0, *(len(buckets) for buckets, _ in rows)])
    x = sparse.csr_matrix(
        (
            np.concatenate([weights for _, weights in rows]),
            np.concatenate([buckets for buckets, _ in rows]),
            starts,
        ),
        shape=(len(rows), BUCKETS),
    )
    classes, codes = np.unique(np.asarray(labels, dtype=object), return_inverse=True)
    with _ONE_AT_A_TIME, threadpool_limits(1):
        model = LinearSVC(C=C, random_state=seed).fit(x, codes)
    coef, intercept = model.coef_, model.intercept_
    if len(coef) == 1:  # two classes: scikit-learn keeps the difference only
        coef = np.concatenate([-coef, coef])
        intercept = np.concatenate([-intercept, intercept])
    return LexicalHead(
        tuple(str(name) for name in classes),
        idf,
        np.ascontiguousarray(coef.T).astype(np.float16),
        np.asarray(intercept, dtype=np.float32),
    )
