"""The plan's page: what is measured, what is not, and what the verdicts say."""

import pytest
from django.test import Client

from annotations.models import Conversation, Turn
from tests.factories import cast, champions
from tests.factories import rounds as factory
from training.models import LearningForecast, LiveTurn
from training.services import plan

pytestmark = pytest.mark.django_db


def client_of(*roles: str) -> Client:
    client = Client()
    client.force_login(cast.person(f"one-{'-'.join(roles)}", *roles))
    return client


def page_of(role: str = "product_owner") -> str:
    return client_of(role).get("/rounds/plan").content.decode()


def standing(name: str) -> plan.Standing:
    return next(one for one in plan.standings() if one.figure.name == name)


def live_turns(checkpoint, milliseconds) -> None:
    LiveTurn.objects.bulk_create(
        LiveTurn(
            checkpoint=checkpoint,
            dedupe_key=b"0" * 32,
            answer={},
            intent="pay_bill",
            confidence=0.9,
            scope_score=1.0,
            outcome="intent",
            is_unsure=False,
            milliseconds=spent,
        )
        for spent in milliseconds
    )


def call(outcome: str) -> None:
    number = Conversation.objects.count()
    made = Conversation.objects.create(
        source="calls", external_id=str(number), outcome=outcome
    )
    Turn.objects.create(conversation=made, number=0, utterance=cast.utterance())


def test_every_target_of_the_plan_is_there_and_none_is_made_up():
    found = {one.figure.name: one for one in plan.standings()}

    assert {name: one.figure.target for name, one in found.items()} == {
        "intent_accuracy": 0.92,
        "parameter_exact": 0.95,
        "macro_f1": 0.91,
        "token_reduction": 0.20,
        "latency_p95_ms": 400.0,
        "containment": 0.65,
        "call_cost": 3.10,
        "gold_labels": 150_000.0,
        "domains": 12.0,
        "functions": 300.0,
    }
    counted = {"gold_labels", "domains", "functions"}
    assert {n for n, one in found.items() if one.figure.value is not None} == counted
    assert all(one.source for one in found.values())


def test_the_exam_of_the_model_that_serves_is_what_stands():
    champions.served("first", days_ago=9, intent_accuracy=0.84)
    champions.served("second", days_ago=3, is_now=True, intent_accuracy=0.93)

    found = standing("intent_accuracy")

    assert (found.figure.value, found.figure.n) == (0.93, 200)
    assert found.figure.interval == pytest.approx((0.91, 0.95))
    assert [(m.champion, m.value) for m in found.history] == [
        ("first", 0.84),
        ("second", 0.93),
    ]


def test_a_model_that_serves_again_after_a_roll_back_comes_last_and_once():
    first = champions.served("first", days_ago=9, macro_f1=0.8)
    champions.served("second", days_ago=6, macro_f1=0.9)
    champions.serve(first, days_ago=1, is_now=True)

    found = standing("macro_f1")

    assert [mark.champion for mark in found.history] == ["second", "first"]
    assert found.figure.value == 0.8


def test_what_the_champion_was_not_measured_on_does_not_stand_for_it():
    champions.served("first", days_ago=9, parameter_exact=0.97)
    champions.served("second", days_ago=3, is_now=True, intent_accuracy=0.93)

    found = standing("parameter_exact")

    assert found.figure.value is None
    assert "label exam items" in found.source
    assert [mark.champion for mark in found.history] == ["first"]


def test_the_newest_exam_of_a_model_counts():
    made = champions.served("one", days_ago=3, is_now=True)
    champions.measured(made, intent_accuracy=0.80)
    newer = champions.measured(
        champions.served("other", days_ago=5), intent_accuracy=0.85
    )
    newer.checkpoint = made
    newer.save()

    assert standing("intent_accuracy").figure.value == 0.85


def test_the_slowest_twentieth_of_live_turns_is_told_with_its_interval():
    made = champions.served("one", days_ago=3, is_now=True, latency_p95_ms=12.0)
    live_turns(made, range(1, 101))

    found = standing("latency_p95_ms")

    # 95 + or - 1.96 * sqrt(100 * 0.95 * 0.05) = 90.7 to 99.3: the 91st to the 100th.
    assert found.figure.value == 95
    assert found.figure.interval == (91, 100)
    assert "100 latest live turns" in found.source


def test_few_live_turns_leave_the_latency_to_the_exam():
    made = champions.served("one", days_ago=3, is_now=True, latency_p95_ms=12.0)
    live_turns(made, range(49))

    found = standing("latency_p95_ms")

    assert found.figure.value == 12.0
    assert "50 live turns would say it better" in found.source


def test_containment_is_of_calls_whose_end_is_known():
    for outcome in ("contained", "contained", "transferred", "abandoned", ""):
        call(outcome)

    found = standing("containment").figure

    assert (found.value, found.n) == (0.5, 4)
    assert found.interval == pytest.approx((0.150, 0.850), abs=0.001)


def test_counts_are_of_what_is_in_use():
    factory.world(n_train=3, n_exam=2)
    cast.live_schema(cast.intent("pay_bill"))
    cast.intent("say_hello", domain="talk", is_active=False)
    cast.intent("oos", domain="outside", is_out_of_scope=True)

    values = {
        one.figure.name: one.figure.value
        for one in plan.standings()
        if one.figure.unit == "count"
    }

    assert values["functions"] == 1
    assert values["domains"] == 1
    assert values["gold_labels"] == 3 * 5


def test_the_page_without_a_model_says_so_and_what_would_measure_it():
    page = page_of()

    assert "No model serves yet" in page
    assert "the first round&#x27;s exam will tell" in page
    assert "No source says how calls ended" in page
    assert "cannot be told yet" in page
    assert page.count("not measured") >= 7


def test_the_page_tells_verdicts_and_doubt():
    champions.served("first", days_ago=9, intent_accuracy=0.84, macro_f1=0.80)
    champions.served(
        "second", days_ago=3, is_now=True, intent_accuracy=0.93, macro_f1=0.85
    )

    page = page_of("auditor")

    accuracy = page[page.index("Intent accuracy") : page.index("Parameters exact")]
    assert "78.0 %" in accuracy and "93.0 %" in accuracy and "over 92.0 %" in accuracy
    assert ">met<" in accuracy
    assert "by a margin that may be chance" in accuracy  # 91 to 95 %
    f1 = page[page.index("Macro-F1") :]
    assert f1.index(">not yet<") < f1.index("Prompt tokens saved")
    assert 'href="/models/first"' in page


def test_the_page_forecasts_the_labels_to_the_target():
    LearningForecast.objects.create(
        model_name="fast",
        n_labels=1500,
        n_exam=300,
        curve={},
        targets=[
            {
                "accuracy": 0.92,
                "labels": 4200,
                "low": 3100,
                "high": None,
                "chance": 0.7,
            }
        ],
        stop={"stop": False, "reason": "Go on.", "gain": 0.012},
        intents=[],
        seconds=1.0,
    )

    page = page_of()

    assert "about 4,200" in page
    assert "3,100 to out of sight" in page


def test_the_page_is_for_who_follows_rounds():
    assert client_of("annotator").get("/rounds/plan").status_code == 403
    for role in ("product_owner", "ml_engineer", "admin", "auditor"):
        assert client_of(role).get("/rounds/plan").status_code == 200


def test_the_page_asks_the_same_number_of_questions(django_assert_max_num_queries):
    for day in range(9, 2, -1):
        champions.served(f"model-{day}", days_ago=day, intent_accuracy=0.8)
    client = client_of("product_owner")

    with django_assert_max_num_queries(14):
        client.get("/rounds/plan")
