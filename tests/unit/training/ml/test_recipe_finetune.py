"""What stands beside the fine-tuned head."""

import numpy as np
import pytest

from training.ml import recipe_finetune
from training.ml.data import Dataset, Example
from training.ml.recipe_parts import TrainConfig

COMMON, RARE = "pay bill", "port number"
TURNED = np.array([[0.0, 0.0, 1.0]], dtype=np.float32)  # where only a name points


def said() -> tuple[Dataset, np.ndarray]:
    """Fifty rows of one intent, two of another, in two directions of three."""
    rows = [(COMMON, (1.0, 0.0, 0.0))] * 50 + [(RARE, (0.0, 1.0, 0.0))] * 2
    examples = [Example(f"turn {n}", intent) for n, (intent, _) in enumerate(rows)]
    vectors = np.array([vector for _, vector in rows], dtype=np.float32)
    return Dataset(tuple(examples)), vectors


@pytest.mark.parametrize(
    ("method", "best"), [("none", COMMON), ("weights", RARE)], ids=["plain", "weighed"]
)
def test_a_name_speaks_for_a_rare_intent_where_intents_weigh_the_same(method, best):
    data, vectors = said()
    names = np.concatenate([vectors[:1], TURNED])

    [head], _, _ = recipe_finetune._opinions(
        data,
        vectors,
        (COMMON, RARE),
        TrainConfig(words=False),
        (method,),
        names,
    )

    assert head.classes[head.logits(TURNED).argmax()] == best
