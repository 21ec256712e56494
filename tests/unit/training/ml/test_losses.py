"""The losses, against numbers worked by hand."""

import math
from itertools import combinations

import pytest

pytestmark = pytest.mark.models


def tensors(logits, target):
    import torch

    return torch.tensor(logits, requires_grad=True), torch.tensor(target)


def test_top_three_leaves_weaker_rivals_out():
    from training.ml.losses import top_cross_entropy

    logits, target = tensors([[2.0, 1.0, 0.0, -1.0, -9.0]], [1])

    loss = top_cross_entropy(logits, target)

    among = [1.0, 2.0, 0.0, -1.0]
    assert loss.item() == pytest.approx(
        math.log(sum(map(math.exp, among))) - 1.0, rel=1e-5
    )


def test_with_few_intents_top_three_is_cross_entropy():
    from training.ml.losses import cross_entropy, top_cross_entropy

    logits, target = tensors([[2.0, 1.0, 0.5], [0.0, 3.0, 1.0]], [1, 2])

    assert top_cross_entropy(logits, target).item() == pytest.approx(
        cross_entropy(logits, target).item(), rel=1e-6
    )


@pytest.mark.parametrize("target", [0, 3])
def test_smooth_top_three_sums_over_every_set_of_three(target):
    from training.ml.losses import smooth_top

    scores = [1.5, 0.3, -0.7, 0.2, 2.0]
    logits, truth = tensors([scores], [target])

    found = smooth_top(logits, truth).item()

    sets = list(combinations(range(5), 3))
    every = sum(
        math.exp(sum(scores[j] for j in s) / 3 + (target not in s)) for s in sets
    )
    right = sum(math.exp(sum(scores[j] for j in s) / 3) for s in sets if target in s)
    assert found == pytest.approx(math.log(every) - math.log(right), rel=1e-5)


def test_smooth_top_three_forgives_a_second_place_and_not_a_fourth():
    from training.ml.losses import smooth_top

    logits, _ = tensors([[9.0, 6.0, 5.0, -20.0, -21.0]], [0])

    def loss(target: int) -> float:
        return smooth_top(logits * 3, tensors([[0.0]], [target])[1]).item()

    assert loss(1) < 0.01
    assert loss(3) > 5.0


@pytest.mark.parametrize("name", ["cross_entropy", "top3_cross_entropy", "smooth_top3"])
def test_every_loss_pulls_the_truth_up(name):
    from training.ml import losses

    logits, target = tensors([[0.5, 1.0, 0.2, 0.1, 0.0]], [2])

    losses.named(name)(logits, target).backward()

    assert logits.grad[0, 2] < 0
    assert bool((logits.grad == logits.grad).all())
    assert abs(float(logits.grad.sum())) < 1e-5


def test_an_unknown_loss_is_refused():
    from training.ml import losses

    with pytest.raises(ValueError, match="hinge"):
        losses.named("hinge")
