"""What a queued utterance is like: utterances answered before, and near-duplicates.

Kept on the queue item as ids, so that the desk has nothing to search for: what those
utterances say and how they are labeled is read when the item is shown.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from training.embeddings import Vectors

# Below this cosine two utterances have a topic in common rather than a meaning.
SIMILAR = 0.6
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

    from training.ml import likeness

    if len(ids) == 0 or len(labeled) == 0:
        return {}
    rows, _ = vectors.rows_of(np.array(ids, dtype=np.int64))
    near = likeness.nearest(vectors.view(rows)[:], labeled, KEPT, floor=SIMILAR)
    return {
        pk: {"answered": [int(labeled_ids[row]) for row, _ in found]}
        for pk, found in zip(ids, near, strict=True)
        if found
    }
