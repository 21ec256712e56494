"""What happens to a label when its schema changes."""

import pytest

from annotations.functions.migration import (
    Fate,
    LabelParameters,
    MarkedParameter,
    migrate,
)
from annotations.functions.schema import build
from tests.unit.annotations.functions.pairs import enum, fn, i, maybe, s


def mark(param, text="march", value=""):
    return MarkedParameter(param, 0, len(text), text, value)


def label(*marked, not_spoken=()):
    return LabelParameters(tuple(marked), tuple(not_spoken))


@pytest.mark.parametrize(
    ("old", "new", "given", "fate"),
    [
        (fn(a=s()), fn(a=s(description="x")), label(mark("a")), Fate.UNCHANGED),
        (fn(a=s()), fn(a=s(), b=s()), label(mark("a")), Fate.UNCHANGED),
        (fn(a=s(), b=s()), fn(a=s()), label(mark("a")), Fate.UNCHANGED),
        (fn(a=s(), b=s()), fn(a=s()), label(mark("b")), Fate.MIGRATED),
        (fn(a=s()), fn(), label(not_spoken=["a"]), Fate.MIGRATED),
        (fn(a=s()), fn("b", a=s(), b=s()), label(mark("a")), Fate.REVISIT),
        (fn(a=s()), fn("a", a=s()), label(mark("a")), Fate.UNCHANGED),
        (fn(a=s()), fn("a", a=s()), label(not_spoken=["a"]), Fate.UNCHANGED),
        (fn(a=s()), fn("a", a=s()), label(), Fate.REVISIT),
        (fn(a=s()), fn(a=maybe(s())), label(mark("a")), Fate.UNCHANGED),
        (fn(a=s()), fn(a=enum("march")), label(mark("a")), Fate.UNCHANGED),
        (fn(a=s()), fn(a=enum("april")), label(mark("a")), Fate.REVISIT),
        (fn(a=s()), fn(a=s(format="month")), label(mark("a")), Fate.REVISIT),
        (
            fn(a=s()),
            fn(a=s(format="month")),
            label(mark("a", value="2026-03")),
            Fate.UNCHANGED,
        ),
        (fn(a=s()), fn(a=i()), label(mark("a")), Fate.REVISIT),
        (
            fn(a=s()),
            fn(a=s(pattern=r"^\d+$", **{"x-placeholder": "PHONE"})),
            label(mark("a", "[PHONE_1]")),
            Fate.UNCHANGED,
        ),
    ],
)
def test_the_fate_of_a_label(old, new, given, fate):
    assert migrate(given, build(old), build(new), {}).fate == fate


def test_a_rename_keeps_the_mark_under_the_new_name():
    moved = migrate(
        label(mark("month")),
        build(fn("month", month=s())),
        build(fn("bill_month", bill_month=s())),
        {"month": "bill_month"},
    )

    assert moved.fate == Fate.MIGRATED
    assert moved.label.marked[0].param == "bill_month"


def test_without_the_rename_a_person_has_to_look():
    moved = migrate(
        label(mark("month")),
        build(fn("month", month=s())),
        build(fn("bill_month", bill_month=s())),
        {},
    )

    assert moved.fate == Fate.REVISIT
    assert moved.reasons == ("bill_month is required now",)
