"""How a predictor shares out its work."""

import numpy as np

from training.serving import predictor


def test_every_row_is_in_one_batch_and_those_of_equal_length_stand_together():
    lengths = [7] * 40 + [5] * 20 + [9] * 3 + [8] * 2 + [30]
    order = np.random.default_rng(0).permutation(len(lengths))
    lengths = [lengths[place] for place in order]

    found = list(predictor.batches(lengths))

    assert sorted(row for batch in found for row in batch) == list(range(len(lengths)))
    told = [[lengths[row] for row in batch] for batch in found]
    # Too few of a length are joined by the next longer ones; enough never are.
    assert told == [[5] * 20, [7] * 32, [7] * 8 + [8] * 2 + [9] * 3 + [30]]


def test_no_rows_make_no_batch():
    assert list(predictor.batches([])) == []
