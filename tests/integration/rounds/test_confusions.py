"""Confusions of the serving model on the intents' pages."""

import pytest

from annotations.models import IntentConfusion
from tests.factories import cast
from training.models import Checkpoint, Evaluation
from training.services import promotion

pytestmark = pytest.mark.django_db


def measured(name, pairs, state="candidate"):
    checkpoint = Checkpoint.objects.create(
        name=name,
        recipe="head",
        path=name,
        manifest_sha256="0" * 64,
        state=state,
        gate_passed=True,
    )
    detail = {
        "confusions": {
            "intent": [
                {"truth": true, "predicted": said, "n": n, "share": n / n_asked}
                for true, said, n, n_asked in pairs
            ]
        }
    }
    Evaluation.objects.create(
        checkpoint=checkpoint, exam_digest=name, n=9, report={}, detail=detail
    )
    return checkpoint


def test_whoever_serves_is_shown_and_nobody_before():
    pay, bill = cast.intent("pay"), cast.intent("bill")
    first = measured("first", [["pay", "bill", 2, 3], ["gone", "bill", 1, 1]])
    second = measured("second", [["bill", "pay", 1, 4]])

    promotion.promote(checkpoint=first, reason="r", by=None, instead_of=None)
    (shown,) = IntentConfusion.objects.all()
    assert (shown.intent, shown.taken_for, shown.n, shown.n_asked) == (pay, bill, 2, 3)
    promotion.promote(checkpoint=second, reason="r", by=None, instead_of=first)

    (shown,) = IntentConfusion.objects.all()
    assert (shown.intent, shown.taken_for) == (bill, pay)
    assert shown.model_name == "second"
