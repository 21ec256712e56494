"""The worker's search on stored labels and vectors."""

import numpy as np
import pytest
from django.urls import reverse
from pytest_django.asserts import assertContains

from annotations.models import (
    Annotation,
    ErrorCandidate,
    ErrorSearch,
    GoldLabel,
    Intent,
    ParameterSpan,
)
from annotations.services import error_candidates, gold
from tests.factories import cast
from tests.fakes import FakeEncoder
from training.models import Round, UtteranceEmbedding
from training.services import heads, label_errors
from training.tasks_review import sweep_label_errors

pytestmark = pytest.mark.django_db
ENCODER = FakeEncoder()


@pytest.fixture(autouse=True)
def data_folder(settings, tmp_path, monkeypatch):
    settings.DATA_DIR = tmp_path
    # The fake encoder knows no synonyms: one number apart is far for it.
    monkeypatch.setattr(label_errors, "LEAST_COSINE", 0.75)
    return tmp_path


def embed(of, vector=None) -> None:
    vector = ENCODER.encode([of.text])[0] if vector is None else vector
    UtteranceEmbedding.objects.create(
        utterance=of, encoder=ENCODER.name, vector=np.asarray(vector).tolist()
    )


def labeled(by, text, intent, *, spans=(), vector=None, split="train") -> Annotation:
    """A label of one person, its vector, and the gold that follows."""
    of = cast.utterance(text, split=split)
    embed(of, vector)
    label = Annotation.objects.create(
        id=cast.new_id(), kind="label", utterance=of, annotator=by, intent=intent,
        body_hash="0" * 64,
    )  # fmt: skip
    for param, start, end in spans:
        ParameterSpan.objects.create(
            annotation=label, param=param, start=start, end=end, text=text[start:end]
        )
    gold.settle(of)
    return label


def search() -> ErrorSearch:
    return label_errors.run(error_candidates.request(by=None, cause="test"))


def kinds(label) -> list[str]:
    found = ErrorCandidate.objects.filter(annotation=label)
    return sorted(found.values_list("kind", flat=True))


@pytest.fixture
def clusters(ana, ben, bill, pay):
    """Forty vectors around each of two poles; the labels fit."""
    rng = np.random.default_rng(3)
    made: list[Annotation] = []
    for pole, intent in enumerate((bill, pay)):
        for n in range(40):
            vector = np.zeros(384)
            vector[pole] = 1.0
            vector[2:60] = rng.normal(scale=0.12, size=58)
            vector /= np.linalg.norm(vector)
            made.append(labeled(ben, f"{intent.name} said {n}", intent, vector=vector))
    return made


def relabeled(label: Annotation, by, intent: Intent) -> Annotation:
    """The same words, their label flipped by one person from the start."""
    vector = UtteranceEmbedding.objects.get(utterance=label.utterance).vector
    text = f"{label.utterance.text} once more"
    return labeled(by, text, intent, vector=vector)


def test_four_of_five_flips_by_one_person_are_in_the_queue(clusters, ana, pay):
    """The poisoning drill: one person flips labels of one intent into another."""
    flips = [relabeled(label, ana, pay) for label in clusters[:5]]

    search()

    surfaced = [flip for flip in flips if kinds(flip)]
    assert len(surfaced) >= 4
    rest = ErrorCandidate.objects.exclude(annotation__in=flips)
    assert rest.filter(kind="model").count() <= 4


def test_right_labels_are_left_in_peace(clusters):
    assert search().n_found == 0


def test_a_near_duplicate_with_another_label_is_suspect(ana, ben, bill, pay):
    for n in range(3):
        labeled(ben, f"why is my bill so high {n}", bill)
    odd = labeled(ana, "why is my bill so high 4", pay)

    search()

    (found,) = ErrorCandidate.objects.all()
    assert (found.annotation, found.kind) == (odd, "twin")
    assert (found.evidence["others"], found.evidence["same"]) == (3, 1)


def test_of_two_that_differ_the_newer_is_asked_about_once(ana, ben, bill, pay):
    labeled(ben, "why is my bill so high 1", bill)
    newer = labeled(ana, "why is my bill so high 2", pay)

    search()

    assert [c.annotation for c in ErrorCandidate.objects.all()] == [newer]


def test_words_marked_in_a_near_duplicate_and_not_here_are_suspect(ana, ben, bill):
    text = "why is my bill for march so high {}"
    for n in range(2):
        labeled(ben, text.format(n), bill, spans=[("bill_month", 19, 24)])
    bare = labeled(ana, text.format(3), bill)
    labeled(ana, text.format(4).replace("march", "april"), bill)

    search()

    (found,) = ErrorCandidate.objects.all()
    assert (found.annotation, found.kind) == (bare, "parameter")
    assert found.evidence["param"] == "bill_month"
    assert found.score == pytest.approx(2 / 4)


def test_same_intent_with_other_marks_is_suspect(ana, ben, say):
    live = cast.live_schema(cast.intent("move_home"))
    of = cast.utterance("account 5 5 5 for may")
    say(ana, of, live.function.name, spans=[(8, 13, "account_number", "5 5 5")])
    last = say(
        ben, of, live.function.name, not_spoken=("account_number",),
        reason="second_opinion",
    )  # fmt: skip

    search()

    assert kinds(last) == ["marks"]


@pytest.mark.parametrize(
    ("first", "second", "differ", "told"),
    [
        ({"act": "new"}, {"act": "corrects"}, ["act"], "what the turn does"),
        ({}, {"is_misheard": True}, ["hearing"], "whether a word was misheard"),
        (
            {"act": "new"}, {"act": "confirms", "is_misheard": True},
            ["act", "hearing"], "what the turn does and whether a word was misheard",
        ),
        ({}, {"act": "new"}, None, ""),
    ],
    ids=["act", "hearing", "both", "an act only one of them gave"],
)  # fmt: skip
def test_same_intent_otherwise_heard_or_meant_is_suspect(
    client, ana, ben, rita, bill, say, first, second, differ, told
):
    of = cast.utterance("no not that one")
    say(ana, of, "check_bill", **first)
    last = say(ben, of, "check_bill", reason="second_opinion", **second)

    search()

    assert kinds(last) == (["marks"] if differ else [])
    if differ:
        assert ErrorCandidate.objects.get().evidence["differ"] == differ
        client.force_login(rita)
        page = client.get(reverse("review_errors"))
        assertContains(page, f"chose the same intent and differ in {told}.")


def test_exam_and_reviewed_labels_are_not_suspected(ana, ben, rita, bill, pay):
    for n in range(3):
        labeled(ben, f"why is my bill so high {n}", bill)
    labeled(ana, "why is my bill so high 4", pay, split="exam")
    odd = labeled(ana, "why is my bill so high 5", pay)
    GoldLabel.objects.filter(annotation=odd).update(rule="reviewed")

    assert search().n_found == 0


def test_of_an_intent_hardly_labeled_nothing_is_suspected(clusters, ana):
    rare = cast.intent("rare")
    vector = UtteranceEmbedding.objects.get(utterance=clusters[0].utterance).vector
    odd = [labeled(ana, f"rare said {n}", rare, vector=vector) for n in range(4)]

    search()

    assert not any("model" in kinds(label) for label in odd)


def test_the_model_doubts_a_tenth_of_the_labels_at_most(clusters, ana, pay):
    for label in clusters[:25]:
        relabeled(label, ana, pay)

    found = search()

    by_model = ErrorCandidate.objects.filter(kind="model").count()
    assert by_model <= label_errors.MOST_SHARE * found.n_labels + 1


def test_evidence_holds_no_callers_words(clusters, ana, pay):
    relabeled(clusters[0], ana, pay)

    search()

    assert not any("said" in str(c.evidence) for c in ErrorCandidate.objects.all())


def test_the_sweep_runs_what_was_asked_for(rita, bill):
    error_candidates.request(by=rita, cause="asked for")

    sweep_label_errors()

    assert ErrorSearch.objects.get().status == ErrorSearch.Status.DONE
    assert label_errors.due() is None


def test_a_search_follows_a_round_once(db):
    from django.utils import timezone

    from tests.factories import rounds

    Round.objects.create(
        policy=rounds.policy(), recipe="head", status="rejected",
        finished_at=timezone.now(),
    )  # fmt: skip

    sweep_label_errors()
    sweep_label_errors()

    assert [s.status for s in ErrorSearch.objects.all()] == ["done"]


def test_a_search_whose_worker_was_killed_says_so_and_another_may_start(clusters):
    """While it says "running" the page offers no other search."""
    dead = error_candidates.request(by=None, cause="somebody asked")
    ErrorSearch.objects.filter(pk=dead.pk).update(status=ErrorSearch.Status.RUNNING)

    sweep_label_errors()

    dead.refresh_from_db()
    assert (dead.status, dead.error) == ("failed", "The worker died.")


def test_a_failure_is_kept_and_told(monkeypatch, db):
    def broken(*_):
        raise RuntimeError("no vectors")

    monkeypatch.setattr(label_errors, "read", broken)

    with pytest.raises(RuntimeError):
        search()

    kept = ErrorSearch.objects.get()
    assert (kept.status, "no vectors" in kept.error) == ("failed", True)


def test_the_model_votes_on_what_is_disputed(clusters, ana, ben, say):
    from training.ml import intent_model

    of = cast.utterance("which is it")
    embed(of)
    say(ana, of, "check_bill")
    say(ben, of, "pay_bill", reason="second_opinion")
    found = label_errors.read()
    model = intent_model.fit(found.vectors, found.names)
    heads.store(heads.StoredHead("head-1", ENCODER.name, model))

    search()

    assert of.suggestion.model_name == "head-1"
    assert {g["intent"] for g in of.suggestion.intents} == {"check_bill", "pay_bill"}
