import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.ml import bio
from training.ml.data import Span

TAGS = bio.TagSet(("amount", "feature"))


def texts_of(text: str) -> list[str]:
    return [text[word.start : word.end] for word in bio.words(text)]


def test_a_placeholder_is_one_word():
    assert texts_of("it is [ACCOUNT_NUMBER_1], ok") == [
        "it",
        "is",
        "[ACCOUNT_NUMBER_1]",
        ",",
        "ok",
    ]


def test_offsets_count_code_points_beside_emoji():
    text = "😀😀 twelve"

    word = bio.words(text)[-1]

    assert text[word.start : word.end] == "twelve"


def test_spans_become_begin_and_inside_tags():
    text = "charged twelve dollars for roaming"
    spans = [Span(8, 22, "amount"), Span(27, 34, "feature")]

    tags = bio.tags_from_spans(bio.words(text), spans, TAGS)

    assert tags == [0, 1, 2, 0, 3]


def test_two_neighbouring_spans_of_one_parameter_stay_two():
    text = "five six"
    spans = [Span(0, 4, "amount"), Span(5, 8, "amount")]
    found = bio.words(text)

    tags = bio.tags_from_spans(found, spans, TAGS)

    assert tags == [1, 1]
    assert [(s.start, s.end) for s in bio.spans_from_tags(text, found, tags, TAGS)] == [
        (0, 4),
        (5, 8),
    ]


def test_of_overlapping_spans_the_earlier_one_stands():
    text = "twelve dollars"
    spans = [Span(7, 14, "feature"), Span(0, 14, "amount")]

    assert bio.tags_from_spans(bio.words(text), spans, TAGS) == [1, 2]


def test_a_parameter_the_model_does_not_know_is_left_out():
    assert bio.tags_from_spans(bio.words("x"), [Span(0, 1, "colour")], TAGS) == [0]


def test_an_inside_tag_after_another_parameter_begins_a_span():
    text = "a b"

    spans = bio.spans_from_tags(text, bio.words(text), [1, 4], TAGS)

    assert [(span.param, span.value) for span in spans] == [
        ("amount", "a"),
        ("feature", "b"),
    ]


@st.composite
def marked(draw):
    said = draw(
        st.lists(st.sampled_from(["a", "bb", "[CARD_1]", "é", "😀"]), min_size=1)
    )
    text = " ".join(said)
    found = bio.words(text)
    cuts = sorted(draw(st.sets(st.integers(0, len(found)), max_size=6)))
    spans = [
        Span(found[i].start, found[j - 1].end, draw(st.sampled_from(TAGS.params)))
        for i, j in zip(cuts[::2], cuts[1::2], strict=False)
    ]
    return text, spans


@given(marked())
def test_spans_on_word_edges_survive_the_way_there_and_back(case):
    text, spans = case
    found = bio.words(text)

    tags = bio.tags_from_spans(found, spans, TAGS)
    back = bio.spans_from_tags(text, found, tags, TAGS)

    places = [(span.start, span.end, span.param) for span in spans]
    assert [(span.start, span.end, span.param) for span in back] == places
    assert all(text[span.start : span.end] == span.value for span in back)


def test_the_best_sequence_never_begins_inside():
    scores = np.array([[0.0, 1.0, 3.0, 0.0, 0.0]])

    assert bio.best_tags(scores, TAGS.transitions()) == [1]


def test_the_best_sequence_prefers_the_allowed_path_to_the_best_single_tags():
    # Word by word: outside, then inside of an amount; only begin-inside is allowed.
    scores = np.array([[1.0, 0.9, 0, 0, 0], [0.0, 0.0, 2.0, 0, 0]], dtype=float)

    assert bio.best_tags(scores, TAGS.transitions()) == [1, 2]


def test_no_words_have_no_tags():
    assert bio.best_tags(np.zeros((0, 5)), TAGS.transitions()) == []


@given(st.lists(st.lists(st.floats(-5, 5), min_size=5, max_size=5), min_size=1))
def test_every_best_sequence_is_allowed(scores):
    allowed = TAGS.transitions()

    tags = bio.best_tags(np.array(scores), allowed)

    before = TAGS.size
    for tag in tags:
        assert allowed[before, tag] == pytest.approx(0.0)
        before = tag


@pytest.mark.parametrize("seed", range(20))
def test_no_sequence_is_better_than_the_best_of_several_asked_together(seed):
    rng = np.random.default_rng(seed)
    learned = TAGS.transitions() + rng.normal(size=(TAGS.size + 1, TAGS.size))
    # Some utterances lean towards outside, as most do.
    lean = np.where(np.arange(TAGS.size) == bio.OUTSIDE, rng.integers(0, 9), 0.0)
    scores = [rng.normal(size=(n, TAGS.size)) + lean for n in (3, 0, 1, 4, 2)]

    found = bio.best_sequences(scores, learned)

    for one, tags in zip(scores, found, strict=True):
        every = itertools.product(range(TAGS.size), repeat=len(one))
        best = max(_worth(one, path, learned) for path in every)
        assert _worth(one, tags, learned) == pytest.approx(best)
        assert tags == bio.best_tags(one, learned)


def _worth(scores, tags, transitions) -> float:
    steps = zip((TAGS.size, *tags), tags, strict=False)
    return sum(transitions[step] for step in steps) + sum(
        scores[word, tag] for word, tag in enumerate(tags)
    )


def test_a_learned_step_makes_a_parameter_out_of_words_that_are_outside_alone():
    follow = TAGS.transitions()
    follow[-1, 1] = 2.0  # a text begins with this parameter

    tags = bio.best_tags(np.array([[1.0, 0.0, 0.0, 0.0, 0.0]]), follow)

    assert tags == [1]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("cafe\u0301 au lait", ["cafe\u0301", "au", "lait"]),
        ("मेरा बिल कितना है", ["मेरा", "बिल", "कितना", "है"]),
        ("\u0646\u0645\u06cc\u200c\u062e", ["\u0646\u0645\u06cc\u200c\u062e"]),
        ("ชำระเงิน", ["ชำระเงิน"]),
        ("\u2764\ufe0fhi", ["\u2764\ufe0f", "hi"]),
        ("\u0301 a", ["\u0301", "a"]),
    ],
    ids=["apart", "hindi", "persian", "thai", "emoji", "alone"],
)
def test_a_mark_belongs_to_the_letter_that_it_stands_on(text, words):
    assert [text[word.start : word.end] for word in bio.words(text)] == words
