import pytest
from django.db import transaction

from annotations.demo import calls
from annotations.demo import catalogue as demo_catalogue
from annotations.intake.redaction import light
from annotations.models import (
    Annotation,
    AuditEvent,
    ContrastPair,
    Conversation,
    Domain,
    Function,
    GoldLabel,
    Intent,
    IntentProposal,
    IntentRemark,
    QueueItem,
    Role,
    SchemaRemark,
    SchemaVersion,
    Turn,
    User,
    Utterance,
)
from annotations.services import (
    catalogue,
    demo,
    demo_guidelines,
    demo_labels,
    queue,
    sign_in,
)
from tests.factories import cast as factory

pytestmark = pytest.mark.django_db

N_RECORDS = 300


@pytest.fixture
def players():
    return demo.ensure_people()


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker):
    """People and catalogue, made once; each test is a savepoint inside."""
    with django_db_blocker.unblock(), transaction.atomic():
        made = demo.ensure_people()
        demo.ensure_intents(made)
        demo.ensure_functions(made, 1, 2, 3)
        yield made
        transaction.set_rollback(True)


@pytest.fixture
def ready(world):
    return world


@pytest.fixture(scope="module")
def records():
    return list(calls.generate_records(N_RECORDS, seed=5))


@pytest.fixture
def taken_in(records):
    """Stored as intake would: redacted, one utterance a text, a ledger of turns."""
    by_text = {}
    for record in records:
        text = light.redact(record["text"], record["context"]).text
        if text not in by_text:
            by_text[text] = factory.utterance(
                text, split="exam" if len(by_text) % 4 == 0 else "train"
            )
        talk, _ = Conversation.objects.get_or_create(
            source="demo", external_id=record["conversation_id"]
        )
        Turn.objects.create(
            conversation=talk, number=record["turn"], utterance=by_text[text]
        )
    return by_text


def test_everyone_the_demo_needs_exists_once(players):
    again = demo.ensure_people()

    assert again == players
    assert User.objects.count() == len(Role.values) + 6
    assert not any(user.has_usable_password() for user in User.objects.all())


def test_a_newcomer_never_signs_in_as_one_of_the_demos_annotators(players):
    signed_in = {sign_in.demo_person(role).pk for role in Role.values}

    assert not signed_in & {user.pk for user, _ in players.annotators}
    assert not signed_in & {players.proposer.pk, players.approver.pk}


def test_the_whole_catalogue_is_live(ready):
    known = demo_catalogue.load()
    cards = catalogue.current().by_name

    assert set(cards) == set(known.by_name)
    assert Domain.objects.count() == 12
    assert Intent.objects.get(name="oos").is_out_of_scope
    bill = cards["check_bill_status"]
    assert [p.name for p in bill.parameters] == ["account_number", "bill_month"]
    assert bill.parameters[0].placeholder == "ACCOUNT_NUMBER"
    with_function = {i.name for i in known.intents if i.parameters is not None}
    assert {card.function for card in cards.values()} - {""} == with_function


def test_each_schema_was_approved_by_another_than_its_author(ready):
    versions = SchemaVersion.objects.all()

    assert versions.count() == Function.objects.count() > 40
    assert not versions.exclude(status="live", proposed_by=ready.proposer).exists()
    assert not versions.exclude(approved_by=ready.approver).exists()


def test_the_catalogue_a_second_time_adds_and_records_nothing(ready):
    before = AuditEvent.objects.count()

    assert demo.ensure_intents(ready) == (0, 0)
    assert demo.ensure_functions(ready, 1, 2, 3) == 0
    assert AuditEvent.objects.count() == before


def test_a_catalogue_cut_off_in_the_middle_is_completed(ready):
    # As if the run had died between an intent and its function.
    SchemaRemark.objects.filter(version__function__name="pay_bill").delete()
    SchemaVersion.objects.filter(function__name="pay_bill").delete()
    Function.objects.filter(name="pay_bill").delete()

    assert demo.ensure_functions(ready, 2, 3) == 0
    assert demo.ensure_functions(ready, 1) == 1


def test_labels_are_answers_of_several_people_with_gold(ready, taken_in, records):
    new = demo_labels.label(records, n_labels=120, cast=ready)

    events = Annotation.objects.filter(kind="label")
    assert events.count() == new
    assert events.values("utterance").distinct().count() == 120
    assert events.values("annotator").distinct().count() == 4
    assert 120 < new < 150  # some were asked of two
    assert GoldLabel.objects.count() >= 110
    assert not QueueItem.objects.filter(status__in=QueueItem.OPEN).exists()
    assert AuditEvent.objects.filter(action="label.submitted").count() == new


def test_a_share_of_the_labels_is_blind_and_of_the_exam(ready, taken_in, records):
    demo_labels.label(records, n_labels=100, cast=ready)

    exam = Annotation.objects.filter(reason="exam")
    assert exam.count() == round(100 * demo_labels.EXAM_SHARE)
    assert not exam.exclude(blind=True, utterance__split=Utterance.Split.EXAM).exists()
    assert not Annotation.objects.filter(
        reason="random", utterance__split=Utterance.Split.EXAM
    ).exists()


def test_a_part_of_the_labels_has_the_exam_in_proportion(ready, taken_in, records):
    exam = Utterance.objects.filter(split=Utterance.Split.EXAM).order_by("id")
    few = list(exam.values_list("pk", flat=True)[:20])
    exam.exclude(pk__in=few).update(split=Utterance.Split.TRAIN)

    demo_labels.label(records, n_labels=60, cast=ready, share=0.25)

    first = Annotation.objects.exclude(reason="second_opinion")
    share = first.filter(reason="exam").count() / first.count()
    assert share == pytest.approx(demo_labels.EXAM_SHARE, abs=0.07)


def test_most_gold_is_what_was_meant(ready, taken_in, records):
    demo_labels.label(records, n_labels=150, cast=ready)

    # Several records may have become one utterance.
    meant = {}
    for record in records:
        turn = Turn.objects.get(
            conversation__external_id=record["conversation_id"], number=record["turn"]
        )
        meant.setdefault(turn.utterance_id, set()).add(record["intent"])
    right = [
        label.intent.name in meant[label.utterance_id]
        for label in GoldLabel.objects.select_related("intent")
    ]
    assert 0.9 < sum(right) / len(right) <= 1.0


def test_labels_mark_parameters_in_the_redacted_text(ready, taken_in, records):
    demo_labels.label(records, n_labels=150, cast=ready)

    spans = [s for a in Annotation.objects.all() for s in a.spans.all()]
    assert len(spans) > 30
    accounts = [span for span in spans if span.param == "account_number"]
    assert any(span.value.startswith("[ACCOUNT_NUMBER_") for span in accounts)
    for span in spans:
        assert span.annotation.utterance.text[span.start : span.end] == span.text


def test_the_same_labels_again_are_none(ready, taken_in, records):
    demo_labels.label(records, n_labels=60, cast=ready)
    before = Annotation.objects.count()

    assert demo_labels.label(records, n_labels=60, cast=ready) == 0
    assert Annotation.objects.count() == before


def test_callers_since_change_nothing_in_what_is_asked_next(ready, taken_in, records):
    pools = []

    def by_count(pool, n, *, asked):
        pools.append(pool.counts)
        return demo_labels.by_chance(pool, n, asked=asked)

    for _ in range(2):
        demo_labels.label(records, n_labels=60, cast=ready, share=0.2, choose=by_count)
        Utterance.objects.update(count=99)

    assert pools[0] == pools[1]


def test_a_run_cut_off_goes_on_with_the_same_utterances(ready, taken_in, records):
    class CutOffError(Exception):
        pass

    def die_at(done, total):
        if done == 25:
            raise CutOffError

    with pytest.raises(CutOffError):
        demo_labels.label(records, n_labels=60, cast=ready, on_progress=die_at)
    demo_labels.label(records, n_labels=60, cast=ready)

    answered = Annotation.objects.values("utterance").distinct()
    assert answered.count() == 60


def test_nobodys_lease_is_taken(ready, taken_in, records):
    demo_labels.label(records, n_labels=10, cast=ready)
    taken = set(Annotation.objects.values_list("utterance_id", flat=True))
    ana = factory.ana()
    for said in taken_in.values():
        if said.pk not in taken:
            factory.item(said)
    mine = queue.claim_next(by=ana)

    demo_labels.label(records, n_labels=len(taken_in), cast=ready)

    mine.refresh_from_db()
    assert mine.status == QueueItem.Status.LEASED
    assert mine.leased_by == ana
    assert not Annotation.objects.filter(utterance=mine.utterance_id).exists()


def test_what_is_not_fully_redacted_gets_no_answer(ready, taken_in, records):
    Utterance.objects.update(redaction=Utterance.Redaction.LIGHT)

    assert demo_labels.label(records, n_labels=10, cast=ready) == 0


def test_guidelines_are_made_once_and_by_people_who_may(ready):
    for _ in range(2):
        demo_guidelines.ensure(ready, seed=7)

    assert ContrastPair.objects.count() == demo_guidelines.N_PAIRS
    assert {p.status for p in IntentProposal.objects.all()} == {
        "open",
        "merged",
        "declined",
    }
    assert IntentProposal.objects.count() == 3
    assert IntentRemark.objects.filter(resolved_at__isnull=False).count() == 1
