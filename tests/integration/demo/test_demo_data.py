import json
from datetime import date
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from annotations.demo import files
from annotations.invariants import INVARIANTS
from annotations.models import (
    Annotation,
    AuditEvent,
    Conversation,
    GoldLabel,
    IntakeBatch,
    QueueItem,
    Utterance,
)
from annotations.services import (
    bronze_files,
    demo_intake,
    demo_labels,
    intake,
    queue,
    review_queues,
)
from annotations.services import demo as people
from annotations.services.invariants import broken
from tests.factories import cast as factory
from training.models import Policy, Round
from training.services import demo

pytestmark = [pytest.mark.django_db, pytest.mark.models]

WANTED = demo.Wanted(n_utterances=700, n_labels=40, seed=3)


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker):
    """A small demo, loaded once; each test is a savepoint inside."""
    with django_db_blocker.unblock(), transaction.atomic():
        said = []
        yield demo.load(WANTED, say=said.append), said
        transaction.set_rollback(True)


@pytest.fixture
def loaded(world):
    return world[0]


def test_the_demo_goes_through_the_real_intake(loaded):
    batches = IntakeBatch.objects.filter(file_name__startswith=files.prefix(3))

    assert sum(batch.received for batch in batches) == WANTED.n_utterances
    assert {batch.status for batch in batches} == {"closed"}
    assert {batch.rejected for batch in batches} == {0}
    accepted = sum(batch.accepted for batch in batches)
    assert accepted == loaded.utterances == Utterance.objects.count()
    assert accepted < WANTED.n_utterances  # callers repeat one another


def test_the_uploads_lie_encrypted_in_the_bronze_folder(loaded):
    batch = IntakeBatch.objects.filter(source="calls").earliest("created_at")

    content = (bronze_files.folder() / batch.bronze_path).read_bytes()

    assert b"conversation_id" not in content


def test_no_row_is_visible_before_the_full_pass(loaded):
    assert not Utterance.objects.exclude(redaction="full").exists()


def test_nothing_that_callers_spelled_out_is_stored(loaded):
    made = demo_intake.records(WANTED.n_utterances, WANTED.seed)
    secrets = {
        record["text"][span["start"] : span["end"]]
        for record in made
        for span in record["spans"]
        if span["param"] in ("account_number", "phone_number", "email")
    }
    stored = "\n".join(Utterance.objects.values_list("text", flat=True))

    leaked = [secret for secret in secrets if secret in stored]

    assert len(secrets) > 60
    assert leaked == []


def test_all_sources_outcomes_and_the_bots_guesses_arrive(loaded):
    assert set(Utterance.objects.values_list("source", flat=True)) == {
        "calls",
        "tickets",
        "faq",
        "crm",
        "feedback",
        "expert",
    }
    outcomes = Conversation.objects.filter(source="calls").values_list(
        "outcome", flat=True
    )
    assert set(outcomes) == {"contained", "transferred", "abandoned"}
    assert Utterance.objects.filter(is_fallback=True, source="calls").exists()
    assert not Utterance.objects.filter(source="calls", bot_intent="").exists()


def test_labels_were_given_and_some_of_the_exam(loaded):
    given = Annotation.objects.filter(kind="label", is_late=False)
    assert loaded.labels == given.count() >= WANTED.n_labels
    assert GoldLabel.objects.filter(utterance__split="exam").exists()


def test_every_queue_of_the_reviewers_that_people_fill_has_something(loaded):
    counts = review_queues.counts()

    assert (counts["late"], counts["questions"], counts["personal"]) == (4, 3, 2)
    assert counts["disagreements"] >= 2  # late answers that chose a look-alike
    assert broken(INVARIANTS) == []


def test_a_first_round_is_asked_for_once_the_labels_are_there(loaded):
    found = Round.objects.get()

    assert found.pk == loaded.round
    assert found.policy.iteration == 1
    assert found.requested_at >= GoldLabel.objects.latest("resolved_at").resolved_at


def test_the_policies_are_active_and_an_hour_of_labeling_starts_a_round(loaded):
    policies = Policy.objects.order_by("iteration")

    assert [policy.iteration for policy in policies] == [1, 2, 3]
    assert all(policy.is_active for policy in policies)
    # However 60 labels fall on the iterations, one of them is due.
    assert sum(policy.min_new_gold - 1 for policy in policies) < 60


def test_items_are_ready_before_the_second_file_is_read(world):
    _, said = world
    ready = next(n for n, line in enumerate(said) if "ready to be labeled" in line)
    second = next(n for n, line in enumerate(said) if "-01-" in line)

    assert ready < second
    assert QueueItem.objects.filter(status="ready").exists()


def test_a_second_run_adds_nothing(loaded):
    before = AuditEvent.objects.count(), Annotation.objects.count()

    again = demo.load(WANTED)

    assert again == demo.Loaded()
    assert (AuditEvent.objects.count(), Annotation.objects.count()) == before


def test_a_run_whose_end_was_never_recorded_adds_nothing_either(loaded, monkeypatch):
    monkeypatch.setattr(demo, "_is_loaded", lambda wanted: False)
    before = Utterance.objects.count(), Annotation.objects.count()

    again = demo.load(WANTED)

    assert (again.utterances, again.labels, again.round) == (0, 0, None)
    assert (Utterance.objects.count(), Annotation.objects.count()) == before
    assert Round.objects.count() == 1


def test_the_last_day_stays_what_the_first_run_chose(loaded):
    IntakeBatch.objects.filter(file_name__startswith="demo-3-").update(
        file_name="demo-3-2026-01-31-00-calls.jsonl"
    )

    assert demo_intake.last_day(3) == date(2026, 1, 31)


def test_a_policy_that_a_person_set_stays(loaded):
    Policy.objects.filter(iteration=1).update(gates={}, min_new_gold=99)
    Policy.objects.filter(iteration=2).update(min_new_gold=77)

    changed = demo.ensure_policies()

    assert changed == 1
    assert Policy.objects.get(iteration=1).min_new_gold == 12
    assert Policy.objects.get(iteration=2).min_new_gold == 77


def test_rounds_are_held_back_only_before_the_first_one(loaded):
    Policy.objects.update(gates={})
    demo.hold_rounds()
    assert Policy.objects.filter(is_active=True).count() == 3

    Round.objects.all().delete()
    demo.hold_rounds()
    assert not Policy.objects.filter(is_active=True).exists()


def test_what_a_person_answered_is_left_to_them(loaded):
    ana = factory.ana()
    mine = queue.claim_next(by=ana)
    others = Utterance.objects.in_pool().exclude(pk=mine.utterance_id)
    some = others.order_by("id").values_list("pk", flat=True)[:20]
    drawn = [mine.utterance_id, *some]
    Utterance.objects.exclude(pk__in=drawn).update(redaction=Utterance.Redaction.LIGHT)
    made = demo_intake.records(WANTED.n_utterances, WANTED.seed)

    new = demo_labels.label(made, n_labels=21, cast=people.ensure_people())

    assert new >= 10
    assert not Annotation.objects.filter(utterance=mine.utterance_id).exists()


def test_a_failed_file_stops_the_demo_with_its_reason(loaded, monkeypatch):
    monkeypatch.setattr(demo, "_is_loaded", lambda wanted: False)
    monkeypatch.setattr(intake, "process", lambda pk: False)
    monkeypatch.setattr(
        intake,
        "receive",
        lambda stream, **fields: IntakeBatch.objects.create(
            source="calls",
            reader="jsonl",
            sha256="0" * 64,
            file_name="demo-3-broken",
            status="failed",
            error="The disk is full.",
        ),
    )

    with pytest.raises(demo_intake.DemoStuckError, match="The disk is full"):
        demo.load(WANTED)


def test_the_command_prints_one_object_as_its_last_line(loaded):
    out = StringIO()

    call_command(
        "demo_data",
        "--utterances=700",
        "--labels=40",
        "--seed=3",
        "--no-story",
        "--json",
        stdout=out,
    )

    report = json.loads(out.getvalue().splitlines()[-1])
    assert report["utterances"] == report["labels"] == 0


def test_the_command_refuses_a_negative_number():
    with pytest.raises(CommandError, match="0 or more"):
        call_command("demo_data", "--labels=-1")
