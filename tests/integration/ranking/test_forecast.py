import pytest
from django.db import IntegrityError, connection, transaction

from annotations.locks import Lock
from tests.factories import cast
from training import tasks
from training.models import LearningForecast
from training.services import forecast, ranking

pytestmark = pytest.mark.django_db

WORDS = {
    "pay_bill": "i want to pay my bill number {n} with a card",
    "report_outage": "the internet is down in my street since hour {n}",
    "book_technician": "please send a technician to my house on day {n}",
}


@pytest.fixture
def labels(intents, label, encoder):
    """Labels of both splits, in turns of the intents, and a ranking over them."""

    def give(n_train, n_exam, first=0):
        for split, count in (("train", n_train), ("exam", n_exam)):
            for n in range(first, first + count):
                kind = list(WORDS)[n % 3]
                text = f"{WORDS[kind].format(n=n)} {split}"
                label(cast.utterance(text, split=split), kind)
        ranking.rank(reason="test")

    return give


def test_nothing_is_due_before_enough_labels(labels):
    labels(79, 60)

    assert not forecast.is_due()
    assert forecast.refresh() is None
    assert forecast.latest() is None


def test_nothing_is_due_before_enough_of_the_exam(labels):
    labels(90, 49)

    assert not forecast.is_due()


def test_a_forecast_tells_the_curve_the_targets_and_the_intents(labels):
    labels(96, 60)
    assert forecast.is_due()

    found = forecast.refresh()

    assert found == forecast.latest()
    assert (found.n_labels, found.n_exam) == (96, 60)
    measured = found.curve["measured"]
    assert measured[-1]["labels"] == 96
    assert measured[-1]["accuracy"] > 0.9
    assert set(measured[0]) == {"labels", "accuracy", "low", "high"}
    assert found.curve["ahead"][-1]["labels"] == 4 * 96
    assert set(found.curve["law"]) == {"floor", "scale", "exponent"}
    assert [t["accuracy"] for t in found.targets] == [0.85, 0.90, 0.92, 0.95]
    assert set(found.targets[0]) == {"accuracy", "labels", "low", "high", "chance"}
    assert set(found.stop) == {"stop", "reason", "gain"}
    assert {row["intent"] for row in found.intents} == set(WORDS)
    assert sum(row["labels"] for row in found.intents) == 96
    assert sum(row["exam"] for row in found.intents) == 60
    gains = [row["gain"] for row in found.intents]
    assert gains == sorted(gains, reverse=True)


def test_a_forecast_is_due_again_after_more_labels(labels):
    labels(90, 60)
    tasks.sweep_forecast()
    tasks.sweep_forecast()
    assert LearningForecast.objects.count() == 1

    labels(20, 0, first=200)
    tasks.sweep_forecast()

    assert forecast.latest().n_labels == 110


def test_an_intent_in_use_without_a_label_is_among_them(labels):
    cast.intent("cancel_contract")
    labels(90, 60)

    found = forecast.refresh()

    [row] = [row for row in found.intents if row["intent"] == "cancel_contract"]
    assert (row["labels"], row["exam"]) == (0, 0)


def test_a_forecast_from_nothing_cannot_be_stored(db):
    with pytest.raises(IntegrityError, match="evidence"), transaction.atomic():
        LearningForecast.objects.create(
            model_name="head-1",
            n_labels=0,
            n_exam=0,
            curve={},
            targets=[],
            stop={},
            intents=[],
            seconds=0.0,
        )


def test_two_forecasts_are_not_made_at_once(labels):
    labels(90, 60)
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [Lock.FORECAST.value])

        assert forecast.refresh() is None
    finally:
        other.close()
