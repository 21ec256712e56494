"""Batches, the threads that share one, and the dropout of each."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from training.ml import bio
from training.ml.data import Dataset, Example, Span

pytestmark = pytest.mark.models

THINGS = ("internet", "phone line", "tv", "mobile plan", "modem")


def targets(base, n: int = 50):
    """Of different lengths; every fifth has marks that nobody knows."""
    from dataclasses import replace

    from training.ml import joint
    from training.ml.targets import prepare
    from training.ml.tokens import TextEncoder

    examples = []
    for number in range(n):
        thing = THINGS[number % 5]
        text = f"the {thing} is down" + " again" * (number % 7)
        span = Span(4, 4 + len(thing), "service", thing)
        examples.append(Example(text, ("bill", "outage")[number % 2], (span,)))
    found = prepare(
        Dataset(tuple(examples)),
        TextEncoder(base / "tokenizer.json"),
        ("bill", "outage"),
        bio.TagSet(("service",)),
        0,
    )
    tags = tuple(
        (joint.IGNORED,) * len(row) if number % 5 == 0 else row
        for number, row in enumerate(found.tags)
    )
    return replace(found, tags=tags)


def tuned(base, threads: int, *, drops: bool, **how):
    """A model after two epochs, and the losses of those."""
    import torch

    from training.ml import joint, reproducible
    from training.ml.finetune import FinetuneConfig, finetune

    model = joint.fresh_model(base, 2, bio.TagSet(("service",)).size, seed=0)
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout) and not drops:
            module.p = 0.0
    config = FinetuneConfig(epochs=2, batch_size=8)
    with reproducible.torch_threads(threads):
        lost = finetune(model, targets(base), config, device="cpu", **how)
    return model, lost


@pytest.mark.parametrize("threads", [2, 3])
def test_a_batch_in_shares_teaches_what_it_teaches_whole(base, threads):
    whole, lost = tuned(base, 1, drops=False)
    shared, lost_in_shares = tuned(base, threads, drops=False)

    np.testing.assert_allclose(lost_in_shares, lost, rtol=1e-4)
    for name, parameter in whole.named_parameters():
        other = shared.get_parameter(name).detach()
        np.testing.assert_allclose(parameter.detach(), other, atol=2e-4, err_msg=name)


def test_as_many_threads_train_the_same_model_again_also_resumed(base, tmp_path):
    from training.ml.hooks import Hooks

    def stop(progress) -> None:
        if progress.step > 8:  # seven steps are an epoch
            raise KeyboardInterrupt

    one, _ = tuned(base, 2, drops=True)
    two, _ = tuned(base, 2, drops=True)
    with pytest.raises(KeyboardInterrupt):
        hooks = Hooks(on_progress=stop, every_steps=1)
        tuned(base, 2, drops=True, resume_folder=tmp_path, hooks=hooks)
    resumed, lost = tuned(base, 2, drops=True, resume_folder=tmp_path)

    assert len(lost) == 2
    for name, parameter in one.named_parameters():
        for other in (two, resumed):
            np.testing.assert_array_equal(
                parameter.detach(), other.get_parameter(name).detach(), err_msg=name
            )


def test_a_parameter_that_no_share_needs_gets_no_gradient():
    import torch

    from training.ml.shares import shares

    needed, idle = (torch.nn.Parameter(torch.ones(3)) for _ in range(2))
    with shares(torch.device("cpu")) as sharing:
        loss = sharing.backward(
            lambda rows, share: needed.sum() * float(rows.sum()),
            np.arange(5),
            [needed, idle],
        )

    assert loss == 30.0
    assert needed.grad.tolist() == [10.0, 10.0, 10.0]
    assert idle.grad is None


def test_dropout_drops_its_share_and_keeps_the_mean():
    import torch

    from training.ml.dropout import OwnDropout

    states = torch.ones(300, 1000)
    with OwnDropout((0,)):
        found = torch.nn.Dropout(0.3)(states)

    kept = found != 0
    assert float(kept.float().mean()) == pytest.approx(0.7, abs=0.005)
    assert float(found.mean()) == pytest.approx(1.0, abs=0.005)
    assert len(found[kept].unique()) == 1


def test_dropout_is_the_seeds_whatever_other_threads_draw():
    import torch

    from training.ml.dropout import OwnDropout

    def drawn(seed: int):
        with OwnDropout((0, seed)):
            return [torch.nn.functional.dropout(torch.ones(999), 0.1) for _ in range(9)]

    alone = [drawn(seed) for seed in (1, 2)]
    with ThreadPoolExecutor(2) as threads:
        together = list(threads.map(drawn, (1, 2)))

    assert all(torch.equal(*pair) for pair in zip(alone[0], together[0], strict=True))
    assert all(torch.equal(*pair) for pair in zip(alone[1], together[1], strict=True))
    assert not torch.equal(alone[0][0], alone[1][0])
    assert not torch.equal(alone[0][0], alone[0][1])


def test_dropout_lets_through_what_is_not_in_training():
    import torch

    from training.ml.dropout import OwnDropout

    states = torch.ones(100)
    with OwnDropout((0,)):
        assert torch.equal(torch.nn.Dropout(0.5).eval()(states), states)
        assert torch.equal(torch.nn.functional.dropout(states, 0.0), states)
        assert not torch.nn.functional.dropout(states, 1.0).any()


def test_batches_hold_every_row_once_and_are_the_seeds(base):
    from training.ml.targets import batches, n_batches

    rows = targets(base)

    def drawn(seed: int):
        return list(batches(rows, 8, np.random.default_rng(seed)))

    one, again, other = drawn(0), drawn(0), drawn(1)

    assert len(one) == n_batches(len(rows), 8)
    assert sorted(np.concatenate(one)) == list(range(len(rows)))
    assert all(np.array_equal(*pair) for pair in zip(one, again, strict=True))
    assert not np.array_equal(np.concatenate(one), np.concatenate(other))


def test_rows_of_a_batch_are_about_as_long(base):
    from training.ml.targets import batches

    rows = targets(base)
    for batch in batches(rows, 8, np.random.default_rng(0)):
        lengths = [len(rows.encoded[row]) for row in batch]
        assert max(lengths) - min(lengths) <= 3
        assert lengths == sorted(lengths)
