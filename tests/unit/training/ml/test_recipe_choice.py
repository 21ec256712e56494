"""`auto` keeps the recipe that answers more of what neither has seen."""

from dataclasses import replace

import numpy as np
import pytest

from training.ml import recipe_choice, recipe_finetune, recipe_head, recipes
from training.ml.data import Dataset, Example
from training.ml.recipe_choice import duel, leaves_nothing
from training.ml.recipe_parts import Judged, TrainConfig

pytestmark = pytest.mark.models


def judged(n_right: int, n: int = 200, loss: float = 0.1, tags_right=None) -> Judged:
    order = np.arange(n)
    tags = None if tags_right is None else order < tags_right
    return Judged(order, order < n_right, np.full(n, loss), tags)


def test_more_rows_right_win_and_the_surer_one_where_as_many_are():
    assert duel(judged(180), judged(181)).winner == "finetune"
    assert duel(judged(181), judged(180)).winner == "head"
    assert duel(judged(180, loss=0.3), judged(180, loss=0.2)).winner == "finetune"
    assert duel(judged(180), judged(180)).winner == "head"


def test_tags_count_where_both_could_be_judged_by_them():
    head, tuned = judged(190, tags_right=100), judged(180, tags_right=150)

    found = duel(head, tuned)

    assert (found.head, found.finetune, found.rows) == (0.5, 0.75, 200)
    assert found.winner == "finetune"
    assert duel(judged(190), tuned).winner == "head"


def test_only_rows_that_both_were_asked_are_compared():
    # The head has the first 150 of 200 right; the rows from 100 on are shared.
    head = judged(150)
    tuned = replace(judged(110), rows=np.arange(100, 300))

    found = duel(head, tuned)

    assert (found.head, found.finetune, found.rows) == (0.5, 1.0, 100)


def test_few_rows_choose_nothing():
    assert duel(judged(99, n=99), judged(1, n=99)) is None
    assert not leaves_nothing(judged(99, n=99))
    assert leaves_nothing(judged(195)) and not leaves_nothing(judged(194))


def sayings(n: int) -> Dataset:
    words = {"bill": "pay", "outage": "router", "cancel": "stop"}
    return Dataset(
        tuple(
            Example(f"{words[intent]} number {index} please", intent)
            for index in range(n)
            for intent in words
        )
    )


@pytest.fixture
def few_suffice(monkeypatch):
    monkeypatch.setattr("training.ml.recipe_parts.FINETUNE_FROM", 50)
    monkeypatch.setattr(recipe_choice, "LEAST_ROWS", 10)


def auto(base, tmp_path):
    from training.ml.finetune import FinetuneConfig

    config = TrainConfig(
        "auto", device="cpu", finetuning=FinetuneConfig(epochs=1, batch_size=8)
    )
    return recipes.train(sayings(40), sayings(10), config, base=base, work=tmp_path)


def test_nothing_is_finetuned_where_the_head_leaves_nothing_to_win(
    few_suffice, base, tmp_path, monkeypatch
):
    monkeypatch.setattr(recipe_finetune, "train", lambda *given: pytest.fail("trained"))

    trained = auto(base, tmp_path)

    assert trained.bundle.recipe == "head"
    assert "nothing to win" in trained.choice


@pytest.mark.parametrize(("head_right", "kept"), [(True, "head"), (False, "finetune")])
def test_the_recipe_that_has_more_right_is_kept(
    few_suffice, base, tmp_path, monkeypatch, head_right, kept
):
    monkeypatch.setattr(recipe_choice, "NOTHING_TO_WIN", -1)
    for recipe, right in ((recipe_head, head_right), (recipe_finetune, not head_right)):
        monkeypatch.setattr(recipe, "train", claiming(recipe.train, right))

    trained = auto(base, tmp_path)

    assert trained.bundle.recipe == kept
    assert trained.choice.startswith("of 30 rows held out the head had ")


def claiming(train, right: bool):
    """The training, with all or none of the held-out rows claimed to be right."""

    def claimed(*given):
        trained = train(*given)
        n = len(trained.judged.rows)
        return replace(
            trained, judged=replace(trained.judged, intents=np.full(n, right))
        )

    return claimed
