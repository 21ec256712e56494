"""Marks carried from one wording to another of the same thing."""

import pytest

from annotations.functions.carry import carried


@pytest.mark.parametrize(
    ("said", "mark", "other", "expected"),
    [
        ("pay my old bill", "old", "pay my old bill please", "old"),
        ("pay my old bill", "old", "pay my new bill", "new"),
        (
            "charged ten dollars",
            "ten dollars",
            "was charged ten dollars",
            "ten dollars",
        ),
        ("on [DATE_1] it was", "[DATE_1]", "on [DATE_2] it was", "[DATE_2]"),
        ("pay my old bill", "old", "bill", None),
        ("pay my old bill", "my old", "pay his old bill", None),
        ("é 😀 old bill", "old", "😀 new bill", "new"),
    ],
)
def test_a_mark_carries_over_only_where_the_words_tell(said, mark, other, expected):
    start = said.index(mark)

    [place] = carried(said, [(start, start + len(mark))], other)

    assert (place and other[slice(*place)]) == expected
