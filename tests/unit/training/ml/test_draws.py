import numpy as np
import pytest

from training.ml import draws


def frequency(draw, n_rows, repeats):
    """How often each row was drawn, and the mean of 1 / probability when it was."""
    hits, weight = np.zeros(n_rows), np.zeros(n_rows)
    for seed in range(repeats):
        rows, probabilities = draw(np.random.default_rng(seed))
        hits[rows] += 1
        weight[rows] += 1.0 / probabilities
    return hits / repeats, weight / repeats


def test_a_uniform_draw_says_k_of_n():
    rows, probabilities = draws.uniform(50, 10, np.random.default_rng(0))

    assert len(set(rows.tolist())) == 10
    assert set(probabilities) == {0.2}


def test_a_uniform_draw_is_uniform():
    hits, _ = frequency(lambda rng: draws.uniform(8, 2, rng), 8, 4000)

    np.testing.assert_allclose(hits, 0.25, atol=0.03)


@pytest.mark.parametrize("n", [0, 3])
def test_a_draw_of_everything_is_certain(n):
    for rows, probabilities in (
        draws.uniform(n, 5, np.random.default_rng(0)),
        draws.gumbel_top_k(np.zeros(n), 5, np.random.default_rng(0)),
    ):
        assert sorted(rows.tolist()) == list(range(n))
        assert (probabilities == 1.0).all()


def test_gumbel_draws_one_row_proportionally_to_its_weight():
    weights = np.array([0.6, 0.3, 0.1])

    hits, _ = frequency(
        lambda rng: draws.gumbel_top_k(np.log(weights), 1, rng), 3, 6000
    )

    np.testing.assert_allclose(hits, weights, atol=0.03)


def test_gumbel_probabilities_weigh_every_row_to_one():
    """Drawn and weighed by 1 / probability, each row counts once on average."""
    log_weights = np.log(np.array([8.0, 4.0, 2.0, 1.0, 1.0, 0.5]))

    _, weight = frequency(
        lambda rng: draws.gumbel_top_k(log_weights, 3, rng), 6, 20_000
    )

    np.testing.assert_allclose(weight, 1.0, atol=0.08)


def test_gumbel_rows_are_distinct_and_probabilities_are_probabilities():
    rows, probabilities = draws.gumbel_top_k(
        np.random.default_rng(1).normal(size=500) * 5, 50, np.random.default_rng(0)
    )

    assert len(set(rows.tolist())) == 50
    assert ((probabilities > 0) & (probabilities <= 1)).all()


def test_every_group_gives_one_row():
    groups = np.array([4, 4, 9, 9, 9, 1])

    rows, probabilities = draws.one_per_group(
        np.zeros(6), groups, np.random.default_rng(0)
    )

    assert groups[rows].tolist() == [1, 4, 9]
    assert probabilities.tolist() == pytest.approx([1.0, 1 / 2, 1 / 3])


def test_inside_a_group_the_weights_decide():
    log_weights = np.log(np.array([0.8, 0.2, 0.5, 0.5]))
    groups = np.array([0, 0, 1, 1])

    hits, weight = frequency(
        lambda rng: draws.one_per_group(log_weights, groups, rng), 4, 6000
    )

    np.testing.assert_allclose(hits, [0.8, 0.2, 0.5, 0.5], atol=0.03)
    np.testing.assert_allclose(weight, 1.0, atol=0.1)


def test_no_groups_give_no_rows():
    rows, probabilities = draws.one_per_group(
        np.empty(0), np.empty(0, dtype=int), np.random.default_rng(0)
    )

    assert len(rows) == len(probabilities) == 0
