import numpy as np
import pytest

from tests.fakes import FakeEncoder
from training.ml import intent_model, self_training
from training.ml.calibration import fit_logit_scale, log_loss, softmax
from training.ml.errors import CheckpointFormatError, TooFewLabelsError
from training.ml.intent_model import HeadConfig, IntentModel
from training.ml.metrics import expected_calibration_error
from training.ml.neighbours import Neighbours
from training.ml.out_of_scope import fit_scope_rule


def blobs(n_per_kind, n_kinds=5, seed=0, spread=0.9):
    rng = np.random.default_rng(seed)
    middles = np.random.default_rng(99).normal(size=(n_kinds, 24))
    x = np.repeat(middles, n_per_kind, axis=0)
    x = x + spread * rng.normal(size=x.shape)
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    return x.astype(np.float32), [f"k{n // n_per_kind}" for n in range(len(x))]


@pytest.fixture(scope="module")
def fitted():
    return intent_model.fit(*blobs(60))


def test_the_model_answers_rows_it_has_not_seen(fitted):
    x, labels = blobs(40, seed=1)

    found = fitted.predict(x)

    told = [fitted.classes[i] for i in found.proba.argmax(axis=1)]
    assert np.mean(np.array(told) == labels) > 0.9


def test_probabilities_sum_to_one(fitted):
    proba = fitted.predict_proba(blobs(10, seed=2)[0])

    np.testing.assert_allclose(proba.sum(axis=1), 1.0, atol=1e-5)
    assert proba.min() >= 0.0


def test_confidence_means_what_it_says():
    model = intent_model.fit(*blobs(150, spread=2.2))
    x, labels = blobs(400, seed=5, spread=2.2)

    proba = model.predict_proba(x)

    correct = np.array(model.classes)[proba.argmax(axis=1)] == labels
    assert correct.mean() < 0.9  # hard enough to be wrong about confidence
    assert expected_calibration_error(proba.max(axis=1), correct) < 0.05


def test_the_same_seed_gives_the_same_model():
    first, second = (intent_model.fit(*blobs(30), seed=3).to_arrays() for _ in "ab")

    for name, array in first.items():
        np.testing.assert_array_equal(array, second[name])


def test_arrays_bring_the_model_back(fitted):
    x, _ = blobs(10, seed=4)

    again = IntentModel.from_arrays(fitted.to_arrays())

    for name in ("proba", "scope_score", "is_fallback"):
        np.testing.assert_array_equal(
            getattr(fitted.predict(x), name), getattr(again.predict(x), name)
        )


@pytest.mark.parametrize("missing", ["facts", "coef", "neighbour_codes"])
def test_other_arrays_are_refused(fitted, missing):
    arrays = fitted.to_arrays()
    del arrays[missing]

    with pytest.raises(CheckpointFormatError):
        IntentModel.from_arrays(arrays)


def test_one_intent_is_too_little_to_learn():
    x, _ = blobs(4)

    with pytest.raises(TooFewLabelsError):
        intent_model.fit(x, ["a"] * len(x))


def test_one_label_of_each_of_two_intents_is_enough():
    x, _ = blobs(1, n_kinds=2)

    model = intent_model.fit(x, ["a", "b"])

    assert [row[0][0] for row in model.predict(x).top(5)] == ["a", "b"]


def test_two_intents_get_a_row_of_the_head_each():
    x, labels = blobs(20, n_kinds=2)

    head = intent_model.fit_linear_head(x, labels)

    assert head.coef.shape == (2, 24)
    told = np.array(head.classes)[head.logits(x).argmax(axis=1)]
    assert (told == labels).mean() > 0.95


def test_weights_count_as_copies():
    x, labels = blobs(15)
    twice = np.arange(len(x)) % 3 == 0
    config = HeadConfig(max_iter=2000)

    weighted = intent_model.fit_linear_head(
        x, labels, sample_weight=1.0 + twice, config=config
    )
    # scikit-learn's C multiplies the summed loss: the same total, copies or weights.
    scale = len(x) / (len(x) + twice.sum())
    copied = intent_model.fit_linear_head(
        np.concatenate([x, x[twice]]),
        [*labels, *np.array(labels)[twice]],
        config=HeadConfig(c=config.c * scale, max_iter=2000),
    )

    np.testing.assert_allclose(weighted.coef, copied.coef, atol=0.05)


def test_a_head_goes_on_from_an_earlier_one_with_fewer_intents():
    x, labels = blobs(30)
    few = np.array(labels) != "k4"
    start = intent_model.fit_linear_head(x[few], list(np.array(labels)[few]))

    warm = intent_model.fit_linear_head(x, labels, start=start)
    cold = intent_model.fit_linear_head(x, labels)

    assert warm.classes == cold.classes
    np.testing.assert_allclose(warm.logits(x), cold.logits(x), atol=0.1)


def test_top_is_sorted_and_bounded(fitted):
    [row] = fitted.predict(blobs(1, n_kinds=1)[0]).top(3)

    shares = [share for _, share in row]
    assert len(row) == 3
    assert shares == sorted(shares, reverse=True)


def test_what_is_like_nothing_known_falls_back(fitted):
    inside, _ = blobs(100, seed=6)
    rng = np.random.default_rng(0)
    outside = rng.normal(size=(200, 24)).astype(np.float32)
    outside /= np.linalg.norm(outside, axis=1, keepdims=True)

    assert fitted.predict(inside).is_fallback.mean() < 0.12
    assert fitted.predict(outside).is_fallback.mean() > 0.5


def test_the_out_of_scope_intent_is_a_fallback():
    x, labels = blobs(40)
    names = ["oos" if label == "k0" else label for label in labels]

    model = intent_model.fit(x, names)
    found = model.predict(x)

    is_oos = np.array(names) == "oos"
    assert found.is_fallback[is_oos].mean() > 0.9
    assert found.is_fallback[~is_oos].mean() < 0.1


def test_many_rows_are_calibrated_on_a_held_out_fifth(monkeypatch):
    fits = []
    whole = self_training.fit_linear_head

    def watched(x, *args, **kwargs):
        fits.append(len(x))
        return whole(x, *args, **kwargs)

    monkeypatch.setattr(self_training, "fit_linear_head", watched)
    intent_model.fit(*blobs(60), config=HeadConfig(small=100))

    assert fits == [240, 300]


def test_the_pool_helps_where_labels_are_few():
    x, labels = blobs(3, spread=1.6)
    pool, _ = blobs(120, seed=3, spread=1.6)
    asked, truth = blobs(80, seed=4, spread=1.6)

    alone, together = (
        intent_model.fit(x, labels, unlabeled=rows).predict_proba(asked)
        for rows in (None, pool)
    )

    names = np.array(sorted(set(labels)))
    accuracy = [
        np.mean(names[proba.argmax(axis=1)] == truth) for proba in (alone, together)
    ]
    assert accuracy[1] > accuracy[0]


def test_with_many_labels_the_pool_is_not_looked_at(monkeypatch):
    monkeypatch.setattr(intent_model, "MOST_LABELS", 100)
    x, labels = blobs(30)

    alone, beside = (
        intent_model.fit(x, labels, unlabeled=rows) for rows in (None, blobs(9)[0])
    )

    np.testing.assert_array_equal(alone.head.coef, beside.head.coef)


def test_logit_scale_finds_the_factor_that_was_applied():
    rng = np.random.default_rng(0)
    logits = rng.normal(scale=2.0, size=(20_000, 5))
    proba = softmax(logits).astype(float)
    codes = (rng.random((20_000, 1)) > proba.cumsum(axis=1)).sum(axis=1).clip(0, 4)

    assert fit_logit_scale(logits / 3.0, codes) == pytest.approx(3.0, rel=0.05)
    assert fit_logit_scale(logits * 2.0, codes) == pytest.approx(0.5, rel=0.05)


def test_log_loss_worked_by_hand():
    logits = np.log(np.array([[0.75, 0.25], [0.5, 0.5]]))

    found = log_loss(logits, np.array([0, 1]), np.array([1.0, 3.0]))

    assert found == pytest.approx((-np.log(0.75) - 3 * np.log(0.5)) / 4)


def test_nothing_held_out_leaves_the_scale_alone():
    assert fit_logit_scale(np.empty((0, 3)), np.empty(0, dtype=np.intp)) == 1.0


def test_neighbours_vote_by_nearness():
    known = np.eye(3, dtype=np.float32)
    near = Neighbours.of(known, np.array([0, 1, 1]), 2)
    query = np.array([[0.8, 0.6, 0.0]], dtype=np.float32)

    votes, familiarity = near.vote_and_familiarity(query)

    weights = np.exp(20.0 * np.array([0.8, 0.6, 0.0]))
    np.testing.assert_allclose(votes[0, 0], weights[0] / weights.sum(), rtol=1e-5)
    assert votes.sum() == pytest.approx(1.0)
    assert familiarity[0] == pytest.approx((0.8 + 0.6 + 0.0) / 3, abs=1e-6)


def test_too_many_neighbours_are_thinned_with_a_seed():
    rows = np.random.default_rng(0).normal(size=(500, 4))

    one, same = (
        Neighbours.of(rows, np.arange(500) % 3, 3, seed=1, limit=100) for _ in "ab"
    )

    assert len(one.codes) == 100
    np.testing.assert_array_equal(one.embeddings, same.embeddings)


def test_the_scope_rule_accepts_its_share_of_held_out_rows():
    rng = np.random.default_rng(0)
    logits, near = rng.normal(size=(400, 3)), rng.random(400)
    codes = rng.integers(0, 2, 400)  # the third column, oos, is nobody's

    rule = fit_scope_rule(("a", "b", "oos"), logits, near, codes)

    scores = rule.score(("a", "b", "oos"), logits, near)
    assert (scores >= rule.threshold).mean() == pytest.approx(0.95, abs=0.01)


def test_the_oos_column_does_not_make_a_row_look_in_scope():
    rng = np.random.default_rng(0)
    logits, near = rng.normal(size=(50, 3)), rng.random(50)
    rule = fit_scope_rule(("a", "b", "oos"), logits, near, np.zeros(50, dtype=int))
    loud = logits.copy()
    loud[:, 2] += 50.0

    np.testing.assert_array_equal(
        rule.score(("a", "b", "oos"), logits, near),
        rule.score(("a", "b", "oos"), loud, near),
    )


def test_the_fake_encoder_puts_like_texts_together():
    x = FakeEncoder().encode(["pay my bill", "pay my bill now", "the internet is down"])

    assert x[0] @ x[1] > 0.7 > 0.3 > x[0] @ x[2]
    np.testing.assert_allclose(np.linalg.norm(x, axis=1), 1.0, atol=1e-6)
