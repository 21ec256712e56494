"""A model's classes under the names that its intents have today.

A checkpoint knows the names of the day it was trained. An intent renamed since keeps
its class, one that was merged adds to the one it became.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from annotations.services.catalogue import Catalogue
from training.ml.data import Example
from training.serving.predictor import Prediction


def today(name: str, cards: Catalogue) -> str:
    """The present name; a name that leads nowhere stays as it is."""
    card = cards.by_name.get(name)
    return card.name if card else name


def canonical(prediction: Prediction, cards: Catalogue) -> Prediction:
    """The prediction in present names, best first."""
    names = [today(name, cards) for name, _ in prediction.intents]
    if names == [name for name, _ in prediction.intents]:
        return prediction
    shares: dict[str, float] = {}
    for name, (_, share) in zip(names, prediction.intents, strict=True):
        shares[name] = shares.get(name, 0.0) + share
    ordered = sorted(shares.items(), key=lambda one: -one[1])
    return replace(prediction, intents=tuple(ordered))


class PresentNames:
    """A predictor that answers in present names, to be measured against labels."""

    def __init__(self, predictor: Any, cards: Catalogue) -> None:
        self._predictor, self._cards = predictor, cards
        named = [today(name, cards) for name in predictor.intents]
        self.intents = tuple(dict.fromkeys(named))
        self._columns = np.array([self.intents.index(name) for name in named])

    def predict(self, example: Example) -> Prediction:
        return canonical(self._predictor.predict(example), self._cards)

    def predict_many(
        self, examples: Sequence[Example], **options: Any
    ) -> tuple[NDArray[np.floating[Any]], list[Prediction]]:
        proba, found = self._predictor.predict_many(examples, **options)
        folded = np.zeros((len(proba), len(self.intents)))
        np.add.at(folded, (slice(None), self._columns), proba)
        return folded, [canonical(one, self._cards) for one in found]
