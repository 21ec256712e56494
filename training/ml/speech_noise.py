"""Utterances as a speech recognizer might have heard them, for training and testing.

Two models of its errors that share no code path: `Recognizer` (homophones, dropped,
split and joined words, fillers) makes training copies; `Mishearing` (words swapped for
others of the vocabulary that sound alike, words lost at the start, stuttering) only
tests, so that what is measured is not the noise that was trained on.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Protocol

import numpy as np

from training.ml.data import Dataset, Example, Span, group_of

RATE = 0.15  # share of words touched; recognized SNIPS and ATIS differ in 0.27 to 0.39
FILLERS = ("uh", "um", "er", "like", "you know")
# Words a recognizer drops: short and unstressed.
# fmt: off
WEAK = frozenset((
    "a", "an", "the", "to", "of", "in", "on", "at", "for", "and", "or", "is", "are",
    "was", "be", "do", "does", "did", "have", "has", "i", "it", "my", "me", "you",
    "your", "we", "can", "will", "would", "with", "that", "this", "please",
))
# fmt: on
HOMOPHONES = (
    ("to", "two", "too"),
    ("for", "four"),
    ("there", "their"),
    ("your", "you're"),
    ("its", "it's"),
    ("right", "write"),
    ("buy", "by", "bye"),
    ("won", "one"),
    ("ate", "eight"),
    ("know", "no"),
    ("new", "knew"),
    ("hear", "here"),
    ("bill", "bil", "build"),
    ("data", "date a"),
    ("router", "rooter", "route her"),
    ("modem", "modern"),
    ("cancel", "council"),
    ("plan", "plane"),
    ("fee", "fi"),
    ("wait", "weight"),
    ("sale", "sail"),
    ("cell", "sell"),
    ("whole", "hole"),
    ("weather", "whether"),
    ("would", "wood"),
    ("check", "cheque", "czech"),
    ("charge", "large"),
    ("account", "a count"),
    ("statement", "state meant"),
    ("transfer", "transfers"),
    ("card", "car", "cart"),
    ("cash", "cache"),
    ("mail", "male"),
    ("week", "weak"),
    ("meet", "meat"),
    ("be", "bee"),
    ("are", "our", "or"),
    ("then", "than"),
    ("of", "have"),
    ("an", "and"),
)
_WORD = re.compile(r"\S+")
_PLACEHOLDER = re.compile(r"\[[A-Z][A-Z_]*_\d+\]")


class Noise(Protocol):
    """One model of a recognizer's errors."""

    def change(
        self, word: str, is_marked: bool, rng: np.random.Generator
    ) -> tuple[str, bool]:
        """The word as heard ("" when lost), and whether the next one joins it."""
        ...


@dataclass(frozen=True)
class Recognizer:
    """Homophones, dropped weak words, split and joined words, fillers.

    rate: share of words touched. Words of a parameter are never dropped.
    """

    rate: float = RATE

    def change(
        self, word: str, is_marked: bool, rng: np.random.Generator
    ) -> tuple[str, bool]:
        if rng.random() >= self.rate:
            return word, False
        plain = word.casefold()
        kinds = []
        if plain in _SOUNDS_LIKE:
            kinds += ["homophone"] * 3
        if plain in WEAK and not is_marked:
            kinds += ["drop"] * 3
        if len(word) >= 6 and word.isalpha():
            kinds.append("split")
        if len(word) <= 4 and word.isalpha():
            kinds.append("join")
        if not is_marked:
            kinds.append("filler")
        kind = kinds[int(rng.integers(len(kinds)))] if kinds else "none"
        if kind == "homophone":
            others = _SOUNDS_LIKE[plain]
            return others[int(rng.integers(len(others)))], False
        if kind == "drop":
            return "", False
        if kind == "split":
            cut = int(rng.integers(2, len(word) - 2))
            return f"{word[:cut]} {word[cut:]}", False
        if kind == "filler":
            return f"{FILLERS[int(rng.integers(len(FILLERS)))]} {word}", False
        return word, kind == "join"


class Mishearing:
    """Words of the vocabulary that sound alike, lost words, stuttering."""

    def __init__(self, texts: Iterable[str], rate: float = RATE) -> None:
        self._rate = rate
        alike: dict[str, set[str]] = defaultdict(set)
        for text in texts:
            for word in text.casefold().split():
                if word.isalpha():
                    alike[sound_of(word)].add(word)
        self._alike = {key: sorted(words) for key, words in alike.items()}

    def change(
        self, word: str, is_marked: bool, rng: np.random.Generator
    ) -> tuple[str, bool]:
        if rng.random() >= self._rate:
            return word, False
        plain = word.casefold()
        others = [w for w in self._alike.get(sound_of(plain), ()) if w != plain]
        choice = rng.random()
        if others and choice < 0.7:
            return others[int(rng.integers(len(others)))], False
        if not is_marked and choice < 0.9:
            return "", False
        return f"{word} {word}", False


def sound_of(word: str) -> str:
    """A key that words of like consonants share (American Soundex, without length)."""
    codes = [_CODES.get(letter, "") for letter in word]
    kept = [code for before, code in pairwise(codes) if code and code != before]
    return word[:1] + "".join(kept)[:4]


def heard(example: Example, noise: Noise, rng: np.random.Generator) -> Example:
    """The example with errors in its text; its parameters stay where they stood.

    A placeholder of removed personal data is never touched. An utterance that would
    lose every word stays as it was.
    """
    pieces, joins = _change_all(example, noise, rng)
    text, starts, ends = "", [], []
    glued = True
    for piece, joins_next in zip(pieces, joins, strict=True):
        if piece and not glued:
            text += " "
        starts.append(len(text))
        text += piece
        ends.append(len(text))
        if piece:
            glued = joins_next
    if not text.strip():
        return example
    words = list(_WORD.finditer(example.text))
    spans = tuple(
        moved
        for span in example.spans
        if (moved := _moved(span, words, starts, ends, text)) is not None
    )
    return replace(example, text=text, spans=spans)


def noised(dataset: Dataset, noise: Noise, *, seed: int) -> Dataset:
    """Every example as heard once, the same for the same seed."""
    rng = np.random.default_rng(seed)
    return Dataset(tuple(heard(example, noise, rng) for example in dataset))


def augmented(dataset: Dataset, noise: Noise, *, seed: int, share: float) -> Dataset:
    """The dataset with noised copies of `share` of its examples behind it.

    Copies that came out unchanged are left out.
    """
    rng = np.random.default_rng(seed)
    chosen = np.flatnonzero(rng.random(len(dataset)) < share)
    copies = []
    for row in chosen:
        original = dataset.examples[int(row)]
        copy = heard(original, noise, rng)
        if copy.text != original.text:
            copies.append(replace(copy, origin=group_of(original)))
    return Dataset((*dataset.examples, *copies))


def _change_all(
    example: Example, noise: Noise, rng: np.random.Generator
) -> tuple[list[str], list[bool]]:
    pieces, joins = [], []
    for word in _WORD.finditer(example.text):
        if _PLACEHOLDER.search(word.group()):
            pieces.append(word.group())
            joins.append(False)
            continue
        marked = any(
            span.start < word.end() and span.end > word.start()
            for span in example.spans
        )
        piece, joins_next = noise.change(word.group(), marked, rng)
        pieces.append(piece)
        joins.append(joins_next and not marked)
    return pieces, joins


def _moved(
    span: Span,
    words: Sequence[re.Match[str]],
    starts: Sequence[int],
    ends: Sequence[int],
    text: str,
) -> Span | None:
    """The span in the new text: from its first word's start to its last one's end.

    Where the word was left as it was the span keeps its place inside it.
    """
    touched = [
        i for i, w in enumerate(words) if w.start() < span.end and w.end() > span.start
    ]
    if not touched:
        return None
    first, last = touched[0], touched[-1]
    start, end = starts[first], ends[last]
    if text[start : ends[first]] == words[first].group():
        start += max(0, span.start - words[first].start())
    if text[starts[last] : end] == words[last].group():
        end -= max(0, words[last].end() - span.end)
    return Span(start, end, span.param, text[start:end]) if start < end else None


_SOUNDS_LIKE = {
    word: tuple(other for other in group if other != word)
    for group in HOMOPHONES
    for word in group
    if " " not in word
}
_CODES = {
    letter: code
    for letters, code in (
        ("bfpv", "1"),
        ("cgjkqsxz", "2"),
        ("dt", "3"),
        ("l", "4"),
        ("mn", "5"),
        ("r", "6"),
    )
    for letter in letters
}
