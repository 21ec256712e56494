"""Active learning against the random control: what is compared, when, and shown."""

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone

from annotations.locks import Lock
from annotations.models import Annotation, GoldLabel
from tests.factories import cast
from tests.factories import rounds as factory
from training import tasks
from training.ml import choosing
from training.models import LearningComparison, Round
from training.services import learning_comparison, ranking

from .conftest import WORDS

pytestmark = pytest.mark.django_db
KINDS = list(WORDS)


@pytest.fixture(autouse=True)
def fewer_sets(monkeypatch):
    """Four sets a count are enough to see that everything is there."""
    made = choosing.compare
    monkeypatch.setattr(
        choosing, "compare", lambda *args, **named: made(*args, **named, repeats=4)
    )


@pytest.fixture
def asked(intents, label):
    """Labels of utterances that were drawn for a reason, intents in turn."""

    def ask(reason, count, *, split="train", first=0, kinds=KINDS):
        for n in range(first, first + count):
            kind = kinds[n % len(kinds)]
            text = f"{WORDS[kind].format(n=n)} {reason}"
            given = label(cast.utterance(text, split=split), kind, reason=reason)
            assert isinstance(given, Annotation)

    return ask


@pytest.fixture
def enough(asked, encoder):
    asked("uncertain", 60)
    asked("random", 55)
    asked("exam", 60, split="exam")
    ranking.rank(reason="test")
    return asked


def client_of(*roles: str) -> Client:
    client = Client()
    client.force_login(cast.person(f"one-{'-'.join(roles)}", *roles))
    return client


def page_of(role: str = "ml_engineer") -> str:
    return client_of(role).get("/rounds/curve").content.decode()


def test_an_utterance_counts_for_what_it_was_first_asked_for(asked, intents):
    asked("fallback", 2)
    asked("random", 1)
    asked("requested", 1)
    gold = GoldLabel.objects.filter(annotation__reason="random").get()
    Annotation.objects.create(
        id=cast.new_id(),
        kind=Annotation.Kind.LABEL,
        utterance=gold.utterance,
        annotator=cast.ben(),
        reason="uncertain",
        intent=gold.intent,
        body_hash="1" * 64,
    )

    assert learning_comparison.counts() == {"n_chosen": 2, "n_control": 1, "n_exam": 0}


def test_what_was_asked_first_is_in_front(asked):
    asked("uncertain", 3)
    asked("diverse", 2)

    found = learning_comparison.drawn_for(*learning_comparison.CHOSEN)

    assert [row.utterance_id for row in found] == sorted(r.utterance_id for r in found)
    assert [row.drawn for row in found] == ["uncertain"] * 3 + ["diverse"] * 2


def test_nothing_is_due_while_a_kind_is_missing(asked, encoder):
    asked("uncertain", 60)
    asked("exam", 60, split="exam")
    ranking.rank(reason="test")

    assert not learning_comparison.is_due()
    assert learning_comparison.refresh() is None
    assert not LearningComparison.objects.exists()


def test_both_curves_are_kept_with_their_bands(enough):
    assert learning_comparison.is_due()

    found = learning_comparison.refresh()

    assert found == learning_comparison.latest()
    assert (found.n_chosen, found.n_control, found.n_exam) == (60, 55, 60)
    control = found.curves["control"]
    assert [band["labels"] for band in control] == [20, 23, 27, 31, 36]
    assert [b["labels"] for b in found.curves["chosen"]] == [20, 23, 27, 31, 36]
    assert all(b["low"] <= b["accuracy"] <= b["high"] for b in control)
    assert found.difference["labels"] == 36
    assert found.difference["outcome"] in ("better", "worse", "open")
    assert found.progress == {"done": 10, "total": 10}
    assert found.seconds > 0


def test_a_choice_that_leaves_no_intent_out_is_told_from_one_that_does(asked, encoder):
    asked("uncertain", 60)
    asked("random", 60, kinds=KINDS[:1])
    asked("exam", 60, split="exam")
    ranking.rank(reason="test")

    found = learning_comparison.refresh()

    assert found.difference["outcome"] == "better"
    assert found.difference["needed"] == 20
    page = page_of()
    assert "Active learning needs about 20 labels where random needs 40." in page
    assert "<polygon" in page and page.count('class="band"') == 2


def test_it_is_due_again_after_more_labels_or_a_round(enough):
    tasks.sweep_comparison()
    tasks.sweep_comparison()
    assert LearningComparison.objects.count() == 1

    enough("random", 3, first=200)
    assert not learning_comparison.is_due()
    Round.objects.create(
        policy=factory.policy(),
        recipe="head",
        status=Round.Status.REJECTED,
        finished_at=timezone.now(),
    )
    assert learning_comparison.is_due()
    Round.objects.all().delete()
    enough("random", 20, first=300)
    assert learning_comparison.is_due()


def test_a_failure_is_kept_told_and_not_repeated_at_once(enough, monkeypatch):
    def broken(*args, **named):
        raise RuntimeError("no more memory")

    monkeypatch.setattr(choosing, "compare", broken)
    with pytest.raises(RuntimeError):
        learning_comparison.refresh()

    found = LearningComparison.objects.get()
    assert found.status == "failed"
    assert not learning_comparison.is_due()
    assert "no more memory" in page_of()


def test_a_comparison_whose_worker_died_is_made_again(enough):
    LearningComparison.objects.create(
        n_chosen=1, n_control=1, n_exam=1, progress={"done": 3, "total": 10}
    )
    page = page_of()
    assert "3 of 10 steps" in page
    assert "No training worker is alive" in page

    made = learning_comparison.refresh()

    assert made.status == "done"
    died = LearningComparison.objects.exclude(pk=made.pk).get()
    assert (died.status, died.error) == ("failed", "The worker died.")


def test_two_are_not_made_at_once(enough):
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            lock = Lock.COMPARISON.value
            cursor.execute("SELECT pg_advisory_lock(%s)", [lock])

        assert learning_comparison.refresh() is None
    finally:
        other.close()


@pytest.mark.parametrize(
    "fields, broken",
    [
        ({"n_chosen": 0}, "evidence"),
        ({"status": "done"}, "ends_when_it_ended"),
        ({"finished_at": timezone.now()}, "ends_when_it_ended"),
    ],
)
def test_the_database_refuses_what_cannot_be(db, fields, broken):
    whole = {"n_chosen": 1, "n_control": 1, "n_exam": 1}
    with pytest.raises(IntegrityError, match=broken), transaction.atomic():
        LearningComparison.objects.create(**{**whole, **fields})


def test_only_one_runs(db):
    whole = {"n_chosen": 1, "n_control": 1, "n_exam": 1}
    LearningComparison.objects.create(**whole)
    with pytest.raises(IntegrityError, match="one_running"), transaction.atomic():
        LearningComparison.objects.create(**whole)


def test_the_page_without_labels_says_what_is_missing(db):
    page = page_of("auditor")

    assert "Nothing to compare yet" in page
    assert page.count("50 are needed") == 3


def test_the_page_is_for_who_follows_rounds(db):
    assert client_of("annotator").get("/rounds/curve").status_code == 403
    assert client_of("reviewer").get("/rounds/curve").status_code == 403
