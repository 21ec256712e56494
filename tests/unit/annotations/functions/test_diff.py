"""Verdicts on pairs of versions, and a witness for every breaking change."""

import pytest

from annotations.functions import diff, witness
from annotations.functions.arguments import is_valid
from annotations.functions.schema import build
from tests.unit.annotations.functions.pairs import PAIRS, fn, s

CASES = [pytest.param(*row[1:], id=row[0]) for row in PAIRS]


def test_the_table_is_long_enough():
    assert len(PAIRS) >= 60


@pytest.mark.parametrize(("old", "new", "backward", "forward"), CASES)
def test_the_verdict_is_the_one_in_the_table(old, new, backward, forward):
    changes = diff.diff(build(old), build(new))

    assert diff.is_backward(changes) is not backward
    assert diff.is_forward(changes) is not forward


@pytest.mark.parametrize(("old", "new", "backward", "forward"), CASES)
def test_every_breaking_change_has_a_witness_and_no_other(old, new, backward, forward):
    before, after = build(old), build(new)

    for change in diff.diff(before, after):
        found = witness.for_change(before, after, change)

        if change.breaks_backward or change.breaks_forward:
            assert found is not None, change.sentence
            accepting, refusing = (
                (before, after) if found.accepted_by == "old" else (after, before)
            )
            assert is_valid(accepting, found.arguments)
            assert not is_valid(refusing, found.arguments)
        else:
            assert found is None


@pytest.mark.parametrize(
    ("old", "new", "version"),
    [
        (fn(a=s()), fn(a=s()), "1.2.4"),
        (fn(a=s()), fn(a=s(description="x")), "1.2.4"),
        (fn(a=s()), fn(a=s(), b=s()), "1.3.0"),
        (fn(a=s()), fn(), "2.0.0"),
    ],
)
def test_the_version_follows_from_the_changes(old, new, version):
    changes = diff.diff(build(old), build(new))

    assert diff.next_version((1, 2, 3), changes) == version


def test_a_change_names_its_parameter_in_words():
    (change,) = diff.diff(build(fn(bill_month=s())), build(fn()))

    assert change.sentence == "bill_month is gone"
    assert change.path == "/bill_month"
