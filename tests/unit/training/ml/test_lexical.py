"""The opinion of the words: hashed n-grams, scored without scikit-learn."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from training.ml import lexical
from training.ml.lexical import BUCKETS, LexicalHead, fit_lexical, grams, weigh

TEXTS = ["pay my bill", "my bill is due", "router is down", "the router blinks"] * 3
LABELS = ["bill", "bill", "router", "router"] * 3


def test_a_text_is_cut_into_words_pairs_and_letters():
    counts = grams("Up up")

    # "wup" twice, "wup up" once; of " up " the threes " up", "up ", the four " up ".
    assert sorted(counts.values()) == [1, 2, 2, 2, 2]


def test_weights_are_a_unit_vector_and_repeats_count_less_each_time():
    buckets, weights = weigh(grams("bill bill bill bill"), np.ones(BUCKETS, np.float32))

    assert np.linalg.norm(weights) == pytest.approx(1.0)
    assert len(set(buckets)) == len(buckets)
    by_count = dict(zip(grams("bill bill bill bill").values(), weights, strict=False))
    assert by_count[4] / by_count[3] == pytest.approx(
        (1 + np.log(4)) / (1 + np.log(3)), rel=1e-4
    )


def test_an_empty_text_has_no_weights_and_still_gets_an_answer():
    head = fit_lexical(TEXTS, LABELS)

    np.testing.assert_array_equal(head.logits([""])[0], head.intercept)


def test_words_longer_than_any_word_take_no_memory():
    known = lexical.remembered.cache_info().currsize

    counts = grams("ab" * 1000)

    # The word itself and what a window of 3, 4 or 5 letters shows of " abab… ".
    assert sum(counts.values()) == 1 + 2000 + 1999 + 1998
    assert lexical.remembered.cache_info().currsize == known


def test_fits_side_by_side_are_those_alone():
    rng = np.random.default_rng(0)
    words = np.array([f"word{number}" for number in range(300)])
    texts = [" ".join(rng.choice(words, 12)) for _ in range(1500)]
    labels = [f"k{code}" for code in rng.integers(12, size=len(texts))]
    halves = [(texts[:900], labels[:900]), (texts[600:], labels[600:])]
    alone = [fit_lexical(*half) for half in halves]

    with ThreadPoolExecutor(2) as threads:
        together = list(threads.map(lambda half: fit_lexical(*half), halves))

    for one, other in zip(alone, together, strict=True):
        np.testing.assert_array_equal(one.coef, other.coef)


@pytest.mark.parametrize("more", [False, True])
def test_words_tell_intents_apart(more):
    texts, labels = list(TEXTS), list(LABELS)
    if more:
        texts, labels = [*texts, "good bye", "bye now"], [*labels, "bye", "bye"]
    head = fit_lexical(texts, labels)

    best = head.logits(["a bil for me", "the routers"]).argmax(axis=1)

    assert [head.classes[column] for column in best] == ["bill", "router"]


def test_what_is_stored_says_the_same():
    head = fit_lexical(TEXTS, LABELS).scaled(2.5)

    again = LexicalHead.from_arrays(head.classes, head.to_arrays())

    np.testing.assert_array_equal(again.logits(TEXTS), head.logits(TEXTS))


def test_a_factor_scales_the_logits():
    head = fit_lexical(TEXTS, LABELS)

    np.testing.assert_allclose(
        head.scaled(3.0).logits(TEXTS), 3.0 * head.logits(TEXTS), atol=0.01
    )


def test_an_intent_the_words_do_not_know_is_never_likelier_than_one_they_know():
    head = fit_lexical(TEXTS, LABELS).aligned(("bill", "other", "router"))

    logits = head.logits(TEXTS)

    assert (logits[:, 1] <= logits.max(axis=1)).all()
    assert [head.classes[i] for i in logits.argmax(axis=1)] == LABELS


def test_one_intent_is_too_few():
    with pytest.raises(ValueError, match="two different"):
        fit_lexical(["a", "b"], ["x", "x"])
