import copy
import pickle

import pytest

from annotations.functions.sentences import sentence


def test_a_sentence_is_its_english_text():
    said = sentence("is below %(n)s", n=3)

    assert said == "is below 3"
    assert f"amount {said}" == "amount is below 3"


@pytest.mark.parametrize(
    "copied", [copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))]
)
def test_a_copy_of_a_sentence_can_still_be_translated(copied):
    said = copied(sentence("is 100 %% of %(n)s", n=3))

    assert said == "is 100 % of 3"
    assert (said.message, said.values) == ("is 100 %% of %(n)s", {"n": 3})
