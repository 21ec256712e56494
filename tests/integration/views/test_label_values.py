"""Words are read as the server will store them, for whoever holds the item."""

import pytest

from annotations.services import queue
from tests.factories import cast

pytestmark = pytest.mark.django_db
SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "properties": {"month": {"type": "string", "format": "month"}},
}


@pytest.fixture
def item(ana):
    cast.live_schema(cast.intent("check_bill"), SCHEMA)
    cast.item(cast.utterance("the march bill", occurred_at="2026-05-10T12:00Z"))
    return queue.claim_next(by=ana.person)


def ask(client, item, said, **fields):
    form = {"item": item.pk, "intent": "check_bill", "param": "month", "said": said}
    return client.post("/label/value", {**form, **fields})


def test_words_come_back_as_the_value(ana, item, django_assert_max_num_queries):
    ask(ana, item, "march")

    with django_assert_max_num_queries(6):
        response = ask(ana, item, "last month")

    assert response.json() == {"value": "2026-04", "problem": ""}
    assert response["Cache-Control"] == "no-store"


def test_what_cannot_be_read_comes_back_with_an_example(ana, item):
    assert ask(ana, item, "whenever").json() == {
        "value": "whenever",
        "problem": "needs a month such as 2026-05",
    }


def test_only_parameters_of_ones_own_item_are_read(ana, item, signed_in):
    ben = signed_in("ben", "annotator")

    assert ask(ben, item, "march").status_code == 404
    assert ask(ana, item, "march", param="colour").status_code == 404
    assert ask(ana, item, "march", intent="nonsense").status_code == 404


def test_words_are_not_taken_from_an_address(ana, item):
    assert ana.get("/label/value", {"said": "march"}).status_code == 405
