import numpy as np

from training.ml import prefixes


def test_sizes_grow_by_a_factor_up_to_all():
    found = prefixes.sizes(1600)

    assert (found[0], found[-1], len(found)) == (100, 1600, 8)
    assert prefixes.sizes(79) == []
    assert prefixes.sizes(80)[0] == 40


def test_heads_know_only_the_labels_before_them():
    x = np.eye(4, dtype=np.float32)
    vectors = np.concatenate([x[:2], x[2:], x])
    labels = ["a", "b", "c", "d", "a", "b", "c", "d"]

    early, late = prefixes.answers(vectors, labels, x, [2, 8])

    assert set(early) <= {"a", "b"}
    assert late.tolist() == ["a", "b", "c", "d"]
