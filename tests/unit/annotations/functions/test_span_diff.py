"""Marks of several answers side by side, worked by hand."""

from hypothesis import given
from hypothesis import strategies as st

from annotations.functions.span_diff import Piece, Span, side_by_side

SAID = "pay 12 dollars for march"


def test_equal_marks_do_not_differ():
    marks = [Span("amount", 4, 14)]

    one, other = side_by_side(SAID, [marks, marks])

    assert one == other == [
        Piece("pay ", "", False), Piece("12 dollars", "amount", False),
        Piece(" for march", "", False),
    ]  # fmt: skip


def test_a_mark_that_only_one_has_differs_in_both():
    one, other = side_by_side(SAID, [[Span("bill_month", 19, 24)], []])

    assert one[-1] == Piece("march", "bill_month", True)
    assert other == [Piece("pay 12 dollars for ", "", False), Piece("march", "", True)]


def test_a_shorter_mark_differs_over_its_whole_length():
    one, other = side_by_side(SAID, [[Span("amount", 4, 14)], [Span("amount", 4, 6)]])

    assert one[1] == Piece("12 dollars", "amount", True)
    assert other[1:3] == [Piece("12", "amount", True), Piece(" dollars", "", True)]


def test_an_emoji_counts_as_one_place():
    (one,) = side_by_side("📞 call 5", [[Span("number", 7, 8)]])

    assert one == [Piece("📞 call ", "", False), Piece("5", "number", False)]


@given(st.text(max_size=30), st.integers(0, 29), st.integers(1, 10))
def test_the_pieces_are_the_text(text, start, length):
    end = min(start + length, len(text))
    marks = [Span("p", start, end)] if start < end else []

    for pieces in side_by_side(text, [marks, []]):
        assert "".join(piece.text for piece in pieces) == text
