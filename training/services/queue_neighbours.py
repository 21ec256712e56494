"""What a queued utterance is like: utterances answered before, and near-duplicates.

Kept on the queue item as ids, so that the desk has nothing to search for: what those
utterances say and how they are labeled is read when the item is shown.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from training.embeddings import Vectors

# Below this cosine two utterances have a topic in common rather than a meaning.
SIMILAR = 0.6
# Of pairs this near with the same likeliest intent, people gave 98.0 % (banking77),
# 98.9 % (clinc150) and 99.3 % (bitext_cs) the same one; at 0.80 93.4, 98.3 and 98.5 %.
# Training rows: 600 fitted the head, pairs are of 2,000 others.
NEAR = 0.88
MOST_ALIKE = 14  # a page confirms seven; some may be in other hands
KEPT = 6  # the desk shows three; some may be withdrawn or taken out of sight meanwhile


def answered(
    ids: Sequence[int],
    vectors: "Vectors",
    labeled: "NDArray[Any]",
    labeled_ids: "NDArray[Any]",
) -> dict[int, dict[str, Any]]:
    """{"answered": ids of the labeled utterances nearest to it} by utterance id.

    labeled: gold outside the exam, (m, d), of the utterances labeled_ids (m,).
    """
    import numpy as np

    from training.ml import nearest_rows

    if len(ids) == 0 or len(labeled) == 0:
        return {}
    rows, _ = vectors.rows_of(np.array(ids, dtype=np.int64))
    near = nearest_rows.nearest(vectors.view(rows)[:], labeled, KEPT, floor=SIMILAR)
    return {
        pk: {"answered": [int(labeled_ids[row]) for row, _ in found]}
        for pk, found in zip(ids, near, strict=True)
        if found
    }


def alike(
    guesses: Mapping[int, Sequence[tuple[str, float]]], vectors: "Vectors"
) -> dict[int, dict[str, Any]]:
    """{"alike": ids of its near-duplicates, nearest first} by utterance id.

    guesses: the likeliest intents of the queued utterances that may show them; only
    those with the same first one are compared.
    """
    import numpy as np

    from training.ml import nearest_rows

    kinds: dict[str, list[int]] = {}
    for pk, guess in guesses.items():
        kinds.setdefault(guess[0][0], []).append(pk)
    found = {}
    for ids in kinds.values():
        rows, _ = vectors.rows_of(np.array(ids, dtype=np.int64))
        same = vectors.view(rows)[:]
        near = nearest_rows.nearest(same, same, MOST_ALIKE + 1, floor=NEAR)
        for pk, pairs in zip(ids, near, strict=True):
            others = [ids[row] for row, _ in pairs if ids[row] != pk][:MOST_ALIKE]
            if others:
                found[pk] = {"alike": others}
    return found
