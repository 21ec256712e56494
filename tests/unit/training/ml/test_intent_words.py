import pytest

from training.ml.intent_words import in_words


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("check_bill_status", "check bill status"),
        ("checkBillStatus", "check bill status"),
        ("Billing/Pay now", "billing pay now"),
        ("Über-uns ", "über uns"),
        ("payByVISA", "pay by visa"),
        ("opt2Out", "opt2 out"),
        ("☂", ""),
    ],
)
def test_a_name_is_read_as_words(name, words):
    assert in_words(name) == words
