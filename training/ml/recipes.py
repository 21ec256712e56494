"""The two ways to train a model, from labeled utterances to a bundle.

`head`: the encoder stays as it is; seconds. `finetune`: the encoder learns intents and
parameters together; minutes, and mostly better from a few thousand labels on. `auto`
takes the head below that, and from there on whichever held-out rows speak for.
"""

from __future__ import annotations

from pathlib import Path

from training.ml import balance, recipe_choice, recipe_finetune, recipe_head
from training.ml.data import Dataset
from training.ml.hooks import Hooks
from training.ml.recipe_parts import (
    AUTO,
    HEAD,
    RECIPES,
    TrainConfig,
    Trained,
    parts,
    recipe_for,
)

__all__ = ["AUTO", "RECIPES", "TrainConfig", "Trained", "train"]


def train(
    dataset: Dataset,
    valid: Dataset | None,
    config: TrainConfig,
    *,
    base: Path,
    work: Path,
    shared: Path | None = None,
    hooks: Hooks | None = None,
) -> Trained:
    """Train by `config.recipe`; choose and calibrate on `valid`, or on rows held out.

    Everything that is chosen is chosen on those rows; heads and memory then learn
    from them too. base: folder of the encoder to begin with. work: where the exported
    encoder and what a resumed run needs are kept; shared: where the frozen encoder
    is, for other runs too. Raises TooFewLabelsError below two intents and
    TrainingCancelledError when the hooks say so.
    """
    balance.check(config.balance)
    labeled = dataset.labeled()
    recipe = recipe_for(len(labeled), config.recipe)
    found = parts(labeled, valid.labeled() if valid else None, config)
    hooks = hooks or Hooks()
    hooks.on_message(
        f"{len(found.train)} rows to learn {len(found.intents)} intents, "
        f"{len(found.held_out)} held out."
    )
    if recipe == HEAD:
        return recipe_head.train(found, config, base, shared or work, hooks)
    if config.recipe == AUTO:
        return recipe_choice.train(found, config, base, work, shared or work, hooks)
    return recipe_finetune.train(found, config, base, work, shared or work, hooks)
