"""Opinions are weighed by what they are worth on rows that none has seen."""

import subprocess
import sys

import numpy as np
import pytest

from training.ml import balance, ensemble, recipe_parts, stacking
from training.ml.ensemble import HeldOut, Pooling
from training.ml.intent_model import LinearHead, fit_linear_head
from training.ml.lexical import fit_lexical
from training.ml.neighbours import Neighbours
from training.ml.recipe_parts import TrainConfig, linear_head

N = 600


def opinions(seed: int = 0):
    """Codes, a good opinion of them, and noise."""
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, 3, N)
    truth = np.eye(3)[codes]
    good = truth + rng.normal(0, 0.5, (N, 3))
    return codes, good, rng.normal(0, 1.0, (N, 3))


def held_out(codes, linear, lexical=None, votes=None):
    flat = np.full((len(codes), 3), 1 / 3, dtype=np.float32)
    return HeldOut(
        linear=linear,
        lexical=lexical,
        votes=flat if votes is None else votes,
        familiarity=np.ones(len(codes), dtype=np.float32),
        codes=codes,
        embeddings=np.zeros((len(codes), 2), dtype=np.float32),
    )


def test_noise_is_given_no_weight_and_a_good_opinion_the_weight_that_fits():
    codes, good, noise = opinions()

    weights = stacking.fit_weights([good, noise], codes, [1.0, 1.0])

    # Bayes: logits are the difference of two Gaussians of sd 0.5: scale 1 / 0.5 ** 2.
    assert weights[0] == pytest.approx(4.0, rel=0.15)
    assert weights[1] < 0.15


def test_few_rows_move_the_weights_little_and_none_not_at_all():
    codes, good, noise = opinions()

    few = stacking.fit_weights([good[:3], noise[:3]], codes[:3], [1.0, 0.0])

    assert 1.0 <= few[0] < 2.0
    none = stacking.fit_weights([good[:0]], codes[:0], [1.5])
    np.testing.assert_array_equal(none, [1.5])


def test_votes_that_know_better_get_the_largest_share():
    codes, _, noise = opinions()
    votes = np.eye(3, dtype=np.float32)[codes]

    share = stacking.fit_vote_share(noise, votes, codes, (0.0, 0.2, 0.5), 0.2)

    assert share == 0.5
    assert stacking.fit_vote_share(noise[:0], votes[:0], codes[:0], (0.0,), 0.2) == 0.2


def test_words_have_to_earn_their_weight():
    codes, good, noise = opinions()

    heard = ensemble.pool(held_out(codes, (noise,), lexical=good), [1.0])
    unheard = ensemble.pool(held_out(codes, (good,), lexical=noise), [1.0])

    assert heard.lexical > 3.0 > 0.2 > unheard.lexical


def test_the_assembled_model_says_what_was_pooled():
    texts = ["pay my bill", "router is down"] * 4
    labels = ["bill", "router"] * 4
    words = fit_lexical(texts, labels)
    rng = np.random.default_rng(0)
    x = rng.normal(size=(8, 5)).astype(np.float32)
    heads = [
        LinearHead(
            words.classes, rng.normal(size=(2, 5)).astype(np.float32), np.ones(2)
        )
        for _ in range(2)
    ]
    near = Neighbours.of(x, np.array([0, 1] * 4), 2)
    seen = ensemble.answers(heads, words, near, x, texts, labels)
    pooling = Pooling((0.5, 2.0), 1.5, 0.0, 1.0)

    model, scaled = ensemble.assemble(pooling, heads, words, near)

    logits = ensemble.all_logits(pooling, seen)
    wanted = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    assert scaled is not None
    found = model.predict(x, scaled.logits(texts)).proba
    np.testing.assert_allclose(found, wanted, atol=2e-3)


def test_words_without_weight_are_left_out_of_the_model():
    words = fit_lexical(["a b", "c d"], ["x", "y"])
    head = LinearHead(("x", "y"), np.eye(2, dtype=np.float32), np.zeros(2))
    near = Neighbours.of(np.eye(2), np.array([0, 1]), 2)

    _, scaled = ensemble.assemble(Pooling((1.0,), 0.0, 0.1, 1.0), [head], words, near)

    assert scaled is None


def test_the_full_adjustment_takes_the_log_frequency_off_the_logits():
    codes = np.array([0] * 8 + [1] * 2 + [2] * 2)
    seen = held_out(codes, (np.zeros((12, 3)),))
    head = LinearHead(("a", "b", "c"), np.zeros((3, 2), np.float32), np.ones(3))
    near = Neighbours.of(np.eye(3, 2), np.arange(3), 3)

    found = ensemble.balanced({"logit": seen}, [2.0], codes, "logit")
    model, _ = ensemble.assemble(found.pooling, [head], None, near)

    wanted = -np.log([8 / 12, 2 / 12, 2 / 12])
    np.testing.assert_allclose(model.head.intercept, 2.0 + wanted, rtol=1e-6)
    served = model.head.logits(np.zeros((1, 2)))[0] - 2.0  # the heads of `seen` say 0
    np.testing.assert_allclose(
        ensemble.linear_logits(found.pooling, seen)[0], served, rtol=1e-6
    )


def test_the_method_is_taken_that_answers_held_out_rows_better():
    codes = np.array([0] * 90 + [1] * 10)
    always_first = held_out(codes, (np.tile([5.0, 0.0, 0.0], (100, 1)),))
    knows = held_out(codes, (5.0 * np.eye(3)[codes],))

    won = ensemble.balanced(
        {"none": always_first, "weights": knows}, [1.0], codes, "auto"
    )
    lost = ensemble.balanced(
        {"none": knows, "weights": always_first}, [1.0], codes, "auto"
    )

    assert (won.method, won.share) == ("weights", 0.0)
    assert (lost.method, lost.share) == ("none", 0.0)


def test_weights_let_every_intent_weigh_as_much_as_the_largest():
    found = balance.weights(["a", "b", "a", "a", "b", "a", "c"])

    np.testing.assert_allclose(found, [1, 2, 1, 1, 2, 1, 4])


def test_weights_fit_what_as_many_copies_would():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(7, 4)).astype(np.float32)
    labels = ["a", "a", "a", "a", "b", "b", "c"]
    copies = [0, 1, 2, 3, 4, 5, 4, 5, 6, 6, 6, 6]

    weighed = linear_head(x, labels, "weights", seed=0)
    copied = fit_linear_head(x[copies], [labels[row] for row in copies])

    np.testing.assert_allclose(weighed.coef, copied.coef, atol=0.01)
    np.testing.assert_allclose(weighed.intercept, copied.intercept, atol=0.01)


def test_a_name_is_one_more_example_where_intents_weigh_the_same():
    # "lost" has one example, off its kind; its name lies where its callers are.
    x = np.array([[1.0, 0.0, 0.0]] * 8 + [[0.6, 0.8, 0.0]], dtype=np.float32)
    labels, intents = ["bill"] * 8 + ["lost"], ("bill", "lost")
    names = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]], dtype=np.float32)
    asked = np.array([[0.0, 0.0, 1.0]], dtype=np.float32)
    config = TrainConfig(words=False)

    def lead(names):
        """By how much "lost" leads: of the plain fit, of the weighed one."""
        heads, _, _ = recipe_parts.opinions(
            x, [""] * 9, labels, intents, config, ("none", "weights"), names
        )
        return [float(np.diff(head.logits(asked))[0, 0]) for head in heads]

    plain, weighed = lead(None)
    assert lead(names)[0] == plain
    assert lead(names)[1] > weighed + 1.0


def test_smote_puts_new_rows_between_rows_of_the_same_intent():
    x = np.array([[1.0, 0.0], [1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.6, 0.8]])

    more, labels = balance.resampled(x, ["a", "a", "a", "b", "b"], "smote", seed=0)

    assert labels == ["a", "a", "a", "b", "b", "b"]
    made = more[5]
    assert np.linalg.norm(made) == pytest.approx(1.0)
    assert 0.0 < made[0] < 0.6 and made[1] > 0.8


@pytest.mark.parametrize("method", ["oversample", "smote"])
def test_resampling_gives_every_intent_as_many_rows(method):
    x = np.eye(7)
    _, labels = balance.resampled(x, ["a"] * 4 + ["b"] * 2 + ["c"], method, seed=0)

    assert [labels.count(name) for name in "abc"] == [4, 4, 4]


def test_a_share_of_the_prior_has_to_win_by_more_than_chance():
    codes = np.array([0] * 98 + [1] * 2)
    plain = np.tile([1.0, 0.0], (100, 1))
    all_right = np.eye(2)[codes]
    one_more = plain.copy()
    one_more[98] = [0.0, 1.0]
    worse = np.tile([0.0, 1.0], (100, 1))

    assert balance.choose({0.0: plain, 1.0: all_right}, codes) == 1.0
    assert balance.choose({0.0: plain, 1.0: worse}, codes) == 0.0
    assert balance.choose({0.0: plain, 0.5: one_more}, codes) == 0.5
    assert balance.choose({0.0: plain[:0]}, codes[:0]) == 0.0


def test_an_unknown_balance_is_refused():
    with pytest.raises(ValueError, match="'magic'"):
        balance.check("magic")


def test_the_first_fit_of_a_process_has_its_modules_before_its_threads():
    code = """
import sys
import numpy as np
from training.ml import recipe_parts
from training.ml.recipes import TrainConfig

def fit_lexical(*_, **__):
    # Where the heads' thread is: this one must not be the first to import anything.
    assert {"sklearn.linear_model", "sklearn.svm"} <= set(sys.modules)
    sys.exit("the words were reached")

recipe_parts.fit_lexical = fit_lexical
x = np.eye(4, dtype=np.float32)
texts, labels, intents = list("wxyz"), list("abab"), ("a", "b")
recipe_parts.opinions(x, texts, labels, intents, TrainConfig(), ["none"])
"""
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )

    assert "the words were reached" in ended.stderr, ended.stderr
