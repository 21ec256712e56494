"""The gap of the best two intents from a pool in bfloat16."""

import numpy as np
import pytest

from training.ml import half_margin
from training.ml.linear_head import LinearHead


def a_head(n_intents: int, seed: int = 0) -> LinearHead:
    rng = np.random.default_rng(seed)
    coef = rng.normal(size=(n_intents, 32)).astype(np.float32)
    names = tuple(f"i{n}" for n in range(n_intents))
    return LinearHead(names, coef, rng.normal(size=n_intents).astype(np.float32))


def unit_rows(n: int, seed: int = 1):
    rows = np.random.default_rng(seed).normal(size=(n, 32)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def gaps_of(head: LinearHead, rows) -> np.ndarray:
    best_two = np.sort(head.logits(rows), axis=1)[:, -2:]
    return best_two[:, 1] - best_two[:, 0]


def test_one_and_a_tie_round_as_bfloat16_does():
    # 1 + 2**-8 lies between 1 and 1 + 2**-7: to even, which is 1; three of them up.
    numbers = np.array([1.0, 1 + 2**-8, 1 + 3 * 2**-8, -2.5], dtype=np.float32)

    back = half_margin.widened(half_margin.halved(numbers))

    assert back.tolist() == [1.0, 1.0, 1 + 2**-6, -2.5]


def test_halved_agrees_with_torch():
    import torch

    rows = unit_rows(200)

    ours = half_margin.widened(half_margin.halved(rows))

    np.testing.assert_array_equal(ours, torch.from_numpy(rows).bfloat16().float())


@pytest.mark.parametrize("n_intents", [2, 3, 7, 8, 9, 12, 77, 150])
@pytest.mark.parametrize("workers", [1, 2])
def test_gaps_are_those_of_the_whole_numbers_but_for_rounding(
    n_intents, workers, monkeypatch
):
    monkeypatch.setattr(half_margin, "BLOCK", 300)
    head, rows = a_head(n_intents), unit_rows(1000)

    found = half_margin.half_margin(head, half_margin.halved(rows), workers=workers)

    highest = np.abs(head.logits(rows)).max()
    np.testing.assert_allclose(found, gaps_of(head, rows), atol=highest / 64)
    assert (found >= 0).all()


def test_a_second_best_below_zero_is_not_taken_for_a_high_one():
    # One intent far above nine equal ones: without the mean those lie below zero.
    coef = np.zeros((10, 32), dtype=np.float32)
    coef[0, 0] = 10.0
    names = tuple(map(str, range(10)))
    head = LinearHead(names, coef, np.arange(10, dtype=np.float32) / 10)
    rows = np.zeros((4, 32), dtype=np.float32)
    rows[:, 0] = 1.0

    found = half_margin.half_margin(head, half_margin.halved(rows))

    np.testing.assert_allclose(found, 10.0 - 0.9, atol=0.05)


def test_a_head_of_one_intent_is_never_unsure():
    halves = half_margin.halved(unit_rows(3))

    assert np.isinf(half_margin.half_margin(a_head(1), halves)).all()


def test_no_rows_give_no_gaps():
    assert half_margin.half_margin(
        a_head(9), half_margin.halved(unit_rows(0))
    ).shape == (0,)


def test_torch_keeps_the_threads_it_had():
    import torch

    before = torch.get_num_threads()

    half_margin.half_margin(a_head(9), half_margin.halved(unit_rows(5)), workers=2)

    assert torch.get_num_threads() == before
