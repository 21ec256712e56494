import numpy as np
import pytest

from training.ml import lure


def pool(n=3000, seed=0):
    """Confidences, and which answers are wrong: unsure ones more often."""
    rng = np.random.default_rng(seed)
    doubt = rng.beta(0.6, 2.0, n)
    return doubt, rng.random(n) < doubt


def test_weights_worked_by_hand():
    """Two of four rows, drawn with chances 1/2 and 1/3."""
    # v1 = 1 + 2/3 * (1 / (4 * 1/2) - 1) = 2/3, v2 = 1 + 2/2 * (1 / (3 * 1/3) - 1) = 1.
    assert lure.weights(np.array([0.5, 1 / 3]), 4) == pytest.approx([2 / 3, 1.0])


def test_uniform_draws_weigh_one():
    chances = 1.0 / np.arange(10, 4, -1)

    assert lure.weights(chances, 10) == pytest.approx(np.ones(6))
    assert lure.weights(np.full(3, 0.9), 3).tolist() == [1, 1, 1]


def test_a_draw_says_its_chances():
    scores = np.array([3.0, 1.0, 0.0, 0.0])

    found = lure.draw(scores, 4, np.random.default_rng(0), floor=0.5)

    left = scores.copy()
    taken = np.zeros(4, dtype=bool)
    for row, chance in zip(found.rows, found.chances, strict=True):
        free = ~taken
        share = left[row] / left[free].sum() if left[free].sum() else 1 / free.sum()
        assert chance == pytest.approx(0.5 * share + 0.5 / free.sum())
        taken[row] = True
    assert sorted(found.rows.tolist()) == [0, 1, 2, 3]


def test_drawn_rows_come_as_often_as_their_chance():
    scores = np.array([6.0, 3.0, 1.0])
    first = [
        lure.draw(scores, 1, np.random.default_rng(seed), floor=0.3).rows[0]
        for seed in range(4000)
    ]

    hits = np.bincount(first, minlength=3) / 4000

    np.testing.assert_allclose(hits, 0.7 * scores / 10 + 0.1, atol=0.03)


def test_the_estimate_is_unbiased_and_the_plain_mean_is_not():
    doubt, wrong = pool()
    naive, weighed = [], []
    for seed in range(200):
        found = lure.draw(doubt, 200, np.random.default_rng(seed))
        naive.append(wrong[found.rows].mean())
        weighed.append(lure.risk(wrong[found.rows], found.chances, found.n_pool).error)

    truth = wrong.mean()
    assert np.mean(naive) > truth + 0.08
    assert np.mean(weighed) == pytest.approx(truth, abs=0.005)


@pytest.mark.parametrize(("n_drawn", "rate"), [(100, 1.0), (400, 1.0), (200, 0.15)])
def test_the_interval_covers_the_truth_as_often_as_it_says(n_drawn, rate):
    """95 % intervals over 300 draws; `rate` makes errors rare."""
    covered = 0
    for seed in range(300):
        doubt, wrong = pool(seed=seed)
        wrong &= np.random.default_rng(seed).random(len(wrong)) < rate
        found = lure.draw(doubt, n_drawn, np.random.default_rng(seed + 1000))
        risk = lure.risk(wrong[found.rows], found.chances, found.n_pool)
        covered += risk.low <= wrong.mean() <= risk.high

    # Three standard errors of 300 draws are 3.8 points.
    assert 0.912 <= covered / 300 <= 0.99


def test_drawing_by_doubt_is_worth_more_than_a_uniform_draw():
    doubt, wrong = pool()
    found = lure.draw(np.sqrt(doubt), 400, np.random.default_rng(2))

    assert lure.risk(wrong[found.rows], found.chances, found.n_pool).effective > 400


def test_a_pool_seen_whole_leaves_no_doubt():
    wrong = np.array([True, False, False, False] * 25)
    found = lure.draw(np.ones(100), 100, np.random.default_rng(0))

    risk = lure.risk(wrong[found.rows], found.chances, 100)

    assert risk.error == 0.25
    assert risk.high - risk.low < 0.001


def test_few_items_in_effect_are_not_relied_on():
    chances = np.r_[np.full(20, 0.01), 1e-5]
    wrong = np.r_[np.zeros(20, bool), True]

    assert not lure.risk(wrong, chances, 1000).is_reliable


@pytest.mark.parametrize(
    "call",
    [
        lambda rng: lure.draw(np.ones(3), 4, rng),
        lambda rng: lure.draw(np.array([1.0, -1.0]), 1, rng),
        lambda rng: lure.draw(np.ones(3), 1, rng, floor=0.0),
        lambda rng: lure.weights(np.array([0.5, 0.0]), 4),
        lambda rng: lure.risk(np.empty(0, bool), np.empty(0), 4),
    ],
)
def test_what_makes_no_sense_is_refused(call):
    with pytest.raises(ValueError):
        call(np.random.default_rng(0))
