"""What the benchmark's annotator reads off the page is what a person sees there."""

import pytest

from benchmarks.desk_client import item_of
from tests.factories import cast

pytestmark = pytest.mark.django_db


def test_a_suggested_span_is_read_from_the_utterance_and_not_from_a_turn_before(
    ana, bill
):
    said = [{"role": "bot", "text": "Which month do you mean, please?"}]
    utterance = cast.utterance("the bill of march", context=said)
    march = {"param": "month", "start": 12, "end": 17}
    cast.suggestion(utterance, "check_bill", parameters=[march])
    cast.item(utterance)

    seen = item_of(ana.get("/label").content.decode())

    assert seen.intent == "check_bill"
    assert [(span["param"], span["text"]) for span in seen.spans] == [
        ("month", "march")
    ]
