"""Labels under a new live version: taken over, or asked about again; never lost."""

import pytest

from annotations.models import Annotation, GoldLabel, LabelMigration, QueueItem
from annotations.services import labels, queue, schema_impact, schema_migration, schemas
from annotations.services.labels import Answer, SpanAnswer
from tests.factories import cast
from tests.unit.annotations.functions.pairs import fn, s

pytestmark = pytest.mark.django_db

REASON = "agreed with billing operations"


@pytest.fixture
def people():
    return cast.person("boris", "product_owner"), cast.person("dana", "product_owner")


@pytest.fixture
def function(people):
    boris, dana = people
    version = schemas.propose(
        intent=cast.intent("check_bill"),
        name="check_bill",
        body=fn(month=s(), plan=s()),
        by=boris,
    )
    return schemas.approve(version=version, by=dana, reason=REASON).function


def label(by, text, *spans):
    """A gold label whose spans are (param, words) pairs."""
    cast.item(cast.utterance(text))
    item = queue.claim_next(by=by)
    places = [
        SpanAnswer(text.index(words), text.index(words) + len(words), param, words)
        for param, words in spans
    ]
    labels.submit(
        by=by,
        answer=Answer(cast.new_id(), item.pk, "check_bill", tuple(places), (), 4000),
    )
    return item.utterance


def proposal(function, people, body, **fields):
    boris, _ = people
    version = schemas.draft(
        intent=function.intent, name=function.name, body=body, by=boris, **fields
    )
    return schemas.submit(version=version, by=boris)


def published(version, people):
    live = schemas.approve(version=version, by=people[1], reason=REASON)
    return schema_migration.run(live.migration.pk)


def test_the_impact_is_what_the_migration_then_does(function, people):
    ana = cast.ana()
    label(ana, "the march bill", ("month", "march"))
    label(ana, "my plan plus bill", ("plan", "plus"))
    label(ana, "just the bill")
    version = proposal(
        function, people, fn("month", month=s()), summary="plan was never used"
    )

    impact = schema_impact.of(version)
    migration = published(version, people)

    assert (impact.unchanged, impact.migrated, impact.revisit) == (1, 0, 2)
    assert impact.reasons[0] == ("month is required now", 2)
    assert (migration.unchanged, migration.migrated, migration.queued) == (1, 0, 2)
    assert impact.pace == schema_impact.Pace(seconds=4.0, n=3)


def test_minutes_come_from_the_measured_pace(function, people):
    ana = cast.ana()
    for n in range(30):
        label(ana, f"bill {n}")
    version = proposal(function, people, fn("month", month=s()))

    assert schema_impact.of(version).minutes == 2  # 30 labels of 4 seconds


def test_without_a_live_version_nothing_is_affected(people):
    version = schemas.propose(
        intent=cast.intent("pay"), name="pay", body=fn(), by=people[0]
    )

    impact = schema_impact.of(version)

    assert (impact.live, impact.revisit, impact.minutes) == (None, 0, 0)


def test_a_renamed_parameter_moves_in_the_gold_label(function, people):
    utterance = label(cast.ana(), "the march bill", ("month", "march"))
    version = proposal(
        function,
        people,
        fn(bill_month=s(), plan=s()),
        renames={"month": "bill_month"},
    )

    migration = published(version, people)

    gold = GoldLabel.objects.get(utterance=utterance)
    assert [span.param for span in gold.annotation.spans.all()] == ["bill_month"]
    assert gold.annotation.schema_version == version
    assert migration.migrated == 1
    assert Annotation.objects.filter(utterance=utterance).count() == 2


def test_a_label_to_revisit_is_queued_with_what_could_be_taken_over(function, people):
    ana = cast.ana()
    label(ana, "the march bill for plus", ("month", "march"))
    published(proposal(function, people, fn("plan", month=s(), plan=s())), people)

    item = queue.claim_next(by=ana)

    assert item.reason == "schema_changed"
    assert item.why["reasons"] == ["plan is required now"]
    suggestion = item.utterance.suggestion
    assert suggestion.intents == [{"intent": "check_bill", "confidence": 1.0}]
    assert [p["text"] for p in suggestion.parameters] == ["march"]


def test_the_answer_to_a_revisited_label_replaces_it(function, people):
    ana = cast.ana()
    utterance = label(ana, "the march bill for plus", ("month", "march"))
    version = proposal(function, people, fn("plan", month=s(), plan=s()))
    published(version, people)
    item = queue.claim_next(by=ana)

    labels.submit(
        by=ana,
        answer=Answer(
            cast.new_id(),
            item.pk,
            "check_bill",
            (SpanAnswer(19, 23, "plan", "plus"),),
        ),
    )

    gold = GoldLabel.objects.get(utterance=utterance)
    assert gold.rule == GoldLabel.Rule.SINGLE
    assert gold.annotation.schema_version == version
    assert gold.annotation.revises is not None


def test_until_it_is_answered_the_earlier_label_stays_gold(function, people):
    utterance = label(cast.ana(), "the march bill", ("month", "march"))
    before = GoldLabel.objects.get(utterance=utterance).annotation

    published(proposal(function, people, fn("plan", month=s(), plan=s())), people)

    assert GoldLabel.objects.get(utterance=utterance).annotation == before


def test_a_migration_that_is_run_again_stores_nothing_twice(function, people):
    label(cast.ana(), "the march bill", ("month", "march"))
    migration = published(proposal(function, people, fn(month=s())), people)
    LabelMigration.objects.update(status="requested", last_utterance=0)

    schema_migration.run(migration.pk)

    assert Annotation.objects.count() == 2


def test_a_refill_leaves_what_a_schema_change_asked_for(function, people):
    label(cast.ana(), "the march bill", ("month", "march"))
    published(proposal(function, people, fn("plan", plan=s())), people)

    queue.refill([])

    assert QueueItem.objects.filter(reason="schema_changed").count() == 1
