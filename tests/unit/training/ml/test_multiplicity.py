"""What each of several answers is worth."""

import json

import numpy as np
import pytest

from training.ml.multiplicity import holm


@pytest.mark.parametrize(
    ("asked", "worth"),
    [
        ([], []),
        ([0.2], [0.2]),
        # Three chances: 3 x .01, 2 x .02 and 1 x .04, never below the one before.
        ([0.04, 0.01, 0.02], [0.04, 0.03, 0.04]),
        ([0.01, 0.04, 0.03], [0.03, 0.06, 0.06]),
        ([0.9, 0.8], [1.0, 1.0]),
    ],
)
def test_the_smallest_is_multiplied_most_and_none_falls_below_the_one_before(
    asked, worth
):
    assert holm(asked) == pytest.approx(worth)


def test_what_numpy_asks_can_be_written_down():
    beyond = [p < 0.05 for p in holm(list(np.array([0.01, 0.2])))]

    assert json.dumps(beyond) == "[true, false]"
