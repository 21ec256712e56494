"""Which of many texts differ most from one another, by their words. No Django."""

from collections.abc import Sequence


def spread(texts: Sequence[str], n: int) -> list[int]:
    """Indices of n texts, each the farthest from those before it; ties by position.

    Farthest-first traversal (Gonzalez 1985) on the Jaccard distance of word sets. It
    starts at the text of median length, which is rarely an oddity.
    """
    if not texts or n < 1:
        return []
    words = [frozenset(text.lower().split()) for text in texts]
    by_length = sorted(range(len(texts)), key=lambda i: (len(words[i]), i))
    chosen = [by_length[len(by_length) // 2]]
    nearest = [distance(words[chosen[0]], w) for w in words]
    while len(chosen) < min(n, len(texts)):
        farthest = max(range(len(texts)), key=lambda i: (nearest[i], -i))
        if nearest[farthest] == 0.0:
            break  # the rest repeat what is chosen
        chosen.append(farthest)
        nearest = [
            min(old, distance(words[farthest], w))
            for old, w in zip(nearest, words, strict=True)
        ]
    return chosen


def distance(left: frozenset[str], right: frozenset[str]) -> float:
    """Jaccard distance of two word sets, 0 (equal) to 1 (nothing shared)."""
    union = left | right
    return 1.0 - len(left & right) / len(union) if union else 0.0


def nearest(texts: Sequence[str], targets: Sequence[str]) -> int | None:
    """Index of the text nearest to any of the targets; None without either."""
    if not texts or not targets:
        return None
    wanted = [frozenset(target.lower().split()) for target in targets]
    gaps = [
        min(distance(words, frozenset(text.lower().split())) for words in wanted)
        for text in texts
    ]
    return min(range(len(texts)), key=lambda i: (gaps[i], i))
