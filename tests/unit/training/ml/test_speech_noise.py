"""Noise in the style of a recognizer: seeded, and parameters stay in place."""

import numpy as np
import pytest

from training.ml.data import Dataset, Example, Span
from training.ml.speech_noise import (
    Mishearing,
    Recognizer,
    augmented,
    heard,
    noised,
    sound_of,
)

SAID = "i want to transfer 50 dollars to [ACCOUNT_NUMBER_1], please"


def example(text: str = SAID, *marked: str) -> Example:
    spans = tuple(
        Span(text.index(m), text.index(m) + len(m), "amount", m) for m in marked
    )
    return Example(text, "transfer", spans)


class Scripted:
    """Changes named words only."""

    def __init__(self, **changes):
        self.changes = changes

    def change(self, word, is_marked, rng):
        return self.changes.get(word, (word, False))


def rng():
    return np.random.default_rng(0)


def test_a_dropped_word_moves_the_span_behind_it():
    noise = Scripted(want=("", False), transfer=("trans fer", False))

    found = heard(example(SAID, "50 dollars"), noise, rng())

    assert found.text == "i to trans fer 50 dollars to [ACCOUNT_NUMBER_1], please"
    assert [found.text[s.start : s.end] for s in found.spans] == ["50 dollars"]


def test_a_span_inside_a_word_keeps_its_place_in_it():
    found = heard(example(SAID, "[ACCOUNT_NUMBER_1]"), Scripted(i=("", False)), rng())

    assert [s.value for s in found.spans] == ["[ACCOUNT_NUMBER_1]"]


def test_a_changed_word_carries_its_span():
    noise = Scripted(dollars=("dolor s", False))

    found = heard(example(SAID, "50 dollars"), noise, rng())

    assert [s.value for s in found.spans] == ["50 dolor s"]


def test_joined_words_lose_the_space_between_them():
    found = heard(example("pay my bill"), Scripted(my=("my", True)), rng())

    assert found.text == "pay mybill"


def test_an_utterance_is_never_lost_whole():
    nothing = Scripted(pay=("", False), bill=("", False))

    assert heard(example("pay bill"), nothing, rng()).text == "pay bill"


@pytest.mark.parametrize("noise", [Recognizer(0.9), Mishearing([SAID], 0.9)])
def test_placeholders_are_never_touched(noise):
    for seed in range(20):
        [found] = noised(Dataset((example(),)), noise, seed=seed)
        assert "[ACCOUNT_NUMBER_1]" in found.text


@pytest.mark.parametrize("noise", [Recognizer(0.9), Mishearing([SAID], 0.9)])
def test_every_span_keeps_its_text_and_none_is_dropped(noise):
    for seed in range(30):
        [found] = noised(Dataset((example(SAID, "50 dollars"),)), noise, seed=seed)
        [span] = found.spans
        assert found.text[span.start : span.end] == span.value != ""


def test_the_same_seed_hears_the_same():
    data = Dataset(tuple(example(f"{SAID} number {n}") for n in range(9)))

    one, two = (noised(data, Recognizer(0.5), seed=3) for _ in range(2))

    assert one == two
    assert one != noised(data, Recognizer(0.5), seed=4)


def test_a_rate_of_zero_changes_nothing():
    data = Dataset((example(),))

    assert noised(data, Recognizer(0.0), seed=0) == data
    assert augmented(data, Recognizer(0.0), seed=0, share=1.0) == data


def test_augmenting_keeps_the_originals_first():
    data = Dataset(tuple(example(f"{SAID} number {n}") for n in range(40)))

    found = augmented(data, Recognizer(0.5), seed=0, share=0.5)

    assert found.examples[:40] == data.examples
    assert 50 <= len(found) <= 65


def test_words_of_like_consonants_sound_alike():
    assert sound_of("router") == sound_of("rooter") != sound_of("modem")
    assert sound_of("bill") == sound_of("bil") == "b4"
