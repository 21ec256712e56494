import numpy as np
import pytest

from training.ml import nearest_rows


def unit(rng, n):
    rows = rng.normal(size=(n, 16)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@pytest.mark.parametrize("block", [7, 1000])
def test_nearest_is_what_comparing_everything_gives(block, monkeypatch):
    monkeypatch.setattr(nearest_rows, "_BLOCK", block)
    rng = np.random.default_rng(1)
    queries, rows = unit(rng, 9), unit(rng, 50)

    found = nearest_rows.nearest(queries, rows, 4, floor=-1.0)

    expected = np.argsort(-(queries @ rows.T), axis=1, kind="stable")[:, :4]
    assert [[row for row, _ in one] for one in found] == expected.tolist()


def test_nearest_leaves_out_what_is_below_the_floor():
    rows = np.eye(3, dtype=np.float32)

    found = nearest_rows.nearest(rows[:1], rows, 3, floor=0.5)

    assert found == [[(0, pytest.approx(1.0))]]


def test_nearest_without_rows_is_empty():
    rows = np.eye(3, dtype=np.float32)

    assert nearest_rows.nearest(rows, rows[:0], 3, floor=0.0) == [[], [], []]
