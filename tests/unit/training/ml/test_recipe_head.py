"""Rows that decide whom to trust are strangers to those that taught."""

import numpy as np
import pytest

from training.ml import recipe_head, recipe_parts
from training.ml.data import Dataset, Example
from training.ml.recipe_head import Fitter
from training.ml.recipe_parts import TrainConfig


class Folds(Fitter):
    """Remembers which rows were seen and which were asked about."""

    def __init__(self, data: Dataset, **fields) -> None:
        config = TrainConfig(words=False, **fields)
        parts = recipe_parts.parts(data, None, config)
        self.groups = parts.everything.groups
        self.folds: list[tuple[set[str], set[str]]] = []
        n = len(parts.everything)
        names = np.zeros((len(parts.intents), 2), dtype=np.float32)
        super().__init__(parts, config, np.ones((n, 2), dtype=np.float32), names)

    def fold(self, seen, unseen):
        self.folds.append(
            ({self.groups[row] for row in seen}, {self.groups[row] for row in unseen})
        )
        return super().fold(seen, unseen)


def said(n: int, times: int, *, in_calls: bool) -> Dataset:
    """n texts of two intents, each said so often, or n calls of so many turns."""
    return Dataset(
        tuple(
            Example(
                f"i want to cancel {row // times} {row if in_calls else ''}",
                f"intent {row // times % 2}",
                conversation_id=str(row // times) if in_calls else None,
            )
            for row in range(n * times)
        )
    )


@pytest.mark.parametrize("few", [2000, 0], ids=["every row by folds", "a fifth"])
@pytest.mark.parametrize(
    ("data", "noise"),
    [
        (said(60, 3, in_calls=False), 0.0),
        (said(60, 3, in_calls=True), 0.0),
        (said(60, 1, in_calls=False), 1.0),
        (said(60, 2, in_calls=True), 1.0),
    ],
    ids=["the same text", "the same call", "misheard copies", "copies of a call"],
)
def test_no_fold_is_asked_about_what_it_saw(data, noise, few, monkeypatch):
    monkeypatch.setattr(recipe_head, "SMALL", few)
    fitter = Folds(data, speech_noise=noise)

    fitter.cross_validated(np.arange(len(fitter.labels)))

    assert len(set(fitter.groups)) == 60
    assert len(fitter.folds) == (4 if few else 1)
    for seen, asked in fitter.folds:
        assert asked and seen
        assert not seen & asked


def test_rows_that_have_nothing_in_common_fall_as_they_always_did():
    fitter = Folds(said(40, 1, in_calls=False))

    fitter.cross_validated(np.arange(40))

    order = np.random.default_rng(0).permutation(40) % 4
    first = {fitter.groups[row] for row in np.flatnonzero(order == 0)}
    assert fitter.folds[0][1] == first
