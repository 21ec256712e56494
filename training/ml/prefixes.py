"""The learning curve that the labels so far have drawn: heads on growing parts of them.

Every part is measured on the same exam items, so that points differ by their labels
alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.ml import intent_model
from training.ml.intent_model import LinearHead
from training.ml.neighbours import Neighbours

Floats = NDArray[np.floating[Any]]
Answers = NDArray[Any]  # intent names, object (n,)


def sizes(n_labels: int, *, n_points: int = 8, smallest: int = 40) -> list[int]:
    """Growing sizes up to all labels, each the same factor larger; [] where too few."""
    if n_labels < 2 * smallest:
        return []
    first = max(smallest, n_labels / 16)
    return sorted({round(n) for n in np.geomspace(first, n_labels, n_points)})


def answers(
    vectors: Floats,
    labels: Sequence[str],
    asked: Floats,
    upto: Sequence[int],
) -> list[Answers]:
    """What heads on the first `upto[i]` labels answer to the rows `asked`.

    vectors: (n, d) in the order in which they were labeled; asked: (m, d).
    """
    names = np.asarray(labels, dtype=object)
    head: LinearHead | None = None
    found = []
    for n in upto:
        head, said = learned(vectors[:n], names[:n], asked, start=head)
        found.append(said)
    return found


def learned(
    vectors: Floats,
    labels: NDArray[Any],
    asked: Floats,
    *,
    start: LinearHead | None = None,
) -> tuple[LinearHead, Answers]:
    """The head on these labels, and what it and their neighbours say to `asked`.

    labels: object (n,). start: an earlier head saves iterations.
    """
    head = intent_model.fit_linear_head(vectors, list(labels), start=start)
    near = Neighbours.of(vectors, head.codes(list(labels)), len(head.classes))
    votes, _ = near.vote_and_familiarity(asked)
    mixture = intent_model.mix(head.logits(asked), votes)
    names = np.asarray(head.classes, dtype=object)
    return head, names[mixture.argmax(axis=1)]
