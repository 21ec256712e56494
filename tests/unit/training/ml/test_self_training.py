import numpy as np
import pytest

from training.ml import self_training
from training.ml.self_training import Landscape, SelfTraining, learn


def moons(n_per_kind=150, seed=0):
    """Two bent, long kinds on a sphere: near rows are alike, far ones of a kind not."""
    rng = np.random.default_rng(seed)
    along = rng.random((2, n_per_kind)) * 2.0
    x = np.zeros((2, n_per_kind, 16))
    for kind in (0, 1):
        for part in range(8):
            x[kind, :, kind + 2 * part] = np.exp(-((along[kind] * 4 - part) ** 2))
    x = x.reshape(-1, 16) + 0.05 * rng.normal(size=(2 * n_per_kind, 16))
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    return x.astype(np.float32), np.repeat(["a", "b"], n_per_kind)


def test_spreading_worked_by_hand():
    """Three rows in a line, one step of spreading: half comes from the neighbours."""
    x = np.array([[1.0, 0.0], [0.8, 0.6], [0.28, 0.96]], dtype=np.float32)
    config = SelfTraining(spread=0.5, steps=1, n_neighbours=1, sharpness=0.0)
    known = np.array([[1.0, 0.0], [0.0, 0.0], [0.0, 1.0]], dtype=np.float32)

    found = Landscape.of(x, config).spread(known)

    # Every weight is 1: the middle has two neighbours and takes the same from both.
    np.testing.assert_allclose(found, [[1, 0], [0.5, 0.5], [0, 1]], atol=1e-6)


def test_what_nothing_reaches_stays_unknown():
    x = np.array([[1, 0], [1, 0.1], [-1, 0], [-1, 0.1]], dtype=np.float32)
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    known = np.array([[1.0], [0], [0], [0]], dtype=np.float32)

    found = Landscape.of(x, SelfTraining(n_neighbours=1)).spread(known)

    np.testing.assert_allclose(found[:, 0], [1, 1, 0, 0])


def test_the_pool_teaches_what_few_labels_do_not():
    x, kinds = moons()
    labeled = np.array([0, 1, 150, 151])
    labels = list(kinds[labeled])

    alone = learn(x, labeled, labels, landscape=None)
    together = learn(x, labeled, labels, landscape=Landscape.of(x))

    def accuracy(learned):
        answers = learned.head.logits(x).argmax(axis=1)
        return np.mean(np.array(learned.head.classes)[answers] == kinds)

    assert accuracy(together) > accuracy(alone)
    np.testing.assert_allclose(together.teacher.coef, alone.head.coef, atol=1e-5)


def test_only_labels_are_neighbours():
    x, kinds = moons()
    labeled = np.array([3, 155, 200])

    found = learn(x, labeled, list(kinds[labeled]), landscape=Landscape.of(x))

    assert len(found.neighbours.codes) == 3


def test_a_part_of_a_landscape_has_no_way_through_the_rest():
    """A chain of four rows; without the third the fourth is out of reach."""
    angle = np.array([0.0, 0.5, 1.0, 1.5])
    x = np.stack([np.cos(angle), np.sin(angle)], axis=1).astype(np.float32)
    whole = Landscape.of(x, SelfTraining(n_neighbours=1, sharpness=0.0))
    known = np.array([[1.0], [0], [0]], dtype=np.float32)

    found = whole.only(np.array([0, 1, 3])).spread(known)

    assert len(whole) == 4
    np.testing.assert_allclose(found[:, 0], [1, 1, 0])


@pytest.mark.parametrize("sure", [0.5, 2.0])
def test_with_nobody_sure_the_labels_teach_alone(sure):
    x, kinds = moons()
    labeled = np.array([0, 40, 150, 190])
    landscape = Landscape.of(x, SelfTraining(sure=sure))

    found = learn(x, labeled, list(kinds[labeled]), landscape=landscape)

    assert np.allclose(found.head.coef, found.teacher.coef, atol=1e-4) == (sure > 1)


def test_earlier_learning_changes_the_time_not_the_answer():
    x, kinds = moons()
    landscape = Landscape.of(x)
    few, more = np.array([0, 150]), np.array([0, 60, 150, 210])

    before = learn(x, few, list(kinds[few]), landscape=landscape)
    warm = learn(x, more, list(kinds[more]), landscape=landscape, before=before)
    cold = learn(x, more, list(kinds[more]), landscape=landscape)

    agree = warm.head.logits(x).argmax(1) == cold.head.logits(x).argmax(1)
    assert agree.mean() > 0.99
    assert self_training.Learned.only(cold.head).head is cold.head
