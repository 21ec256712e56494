"""What is another person's stays theirs, also for somebody with the same role."""

import uuid

import pytest

from annotations.models import Annotation, IntentProposal, QueueItem, Reason, SignInLink
from annotations.services import (
    discussion,
    labels,
    questions,
    queue,
    review,
    sign_in,
)
from tests.factories import cast
from training.models import Checkpoint, Policy, Round
from training.services import force

from .conftest import client_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def ben(db):
    return cast.ben()


@pytest.fixture
def anas_item(ana) -> QueueItem:
    cast.intent("say_hello")
    cast.item()
    return queue.claim_next(by=ana)


@pytest.fixture
def anas_answer(ana, anas_item) -> Annotation:
    sent = labels.Answer(uuid=uuid.uuid4(), item_id=anas_item.pk, intent="say_hello")
    return labels.submit(by=ana, answer=sent).annotation


@pytest.mark.parametrize("act", ["answer", "skip", "quarantine"])
def test_an_item_in_other_hands_cannot_be_settled(act, ana, ben, anas_item):
    form = {
        "uuid": str(uuid.uuid4()),
        "item": anas_item.pk,
        "intent": "say_hello",
        "reason": "unclear",
    }

    response = client_of(ben).post(f"/label/{act}", form)

    assert response.status_code == 409
    assert not Annotation.objects.exists()
    assert QueueItem.objects.get().leased_by == ana


def test_the_like_of_anothers_item_are_not_opened(ben, anas_item):
    response = client_of(ben).get(f"/label/cluster/{anas_item.pk}")

    assert response.status_code == 404
    assert anas_item.utterance.text not in response.content.decode()


@pytest.mark.parametrize("act", ["renew", "release"])
def test_anothers_lease_cannot_be_moved(act, ana, ben, anas_item):
    before = anas_item.lease_expires_at

    client_of(ben).post(f"/label/{act}", {"item": anas_item.pk})

    after = QueueItem.objects.get()
    assert (after.leased_by, after.lease_expires_at) == (ana, before)


def test_anothers_answer_cannot_be_taken_back(ben, anas_answer):
    form = {"uuid": str(uuid.uuid4()), "item": ""}

    response = client_of(ben).post("/label/undo", form)

    assert response.status_code == 409
    assert Annotation.objects.standing().get() == anas_answer


def test_ones_own_page_shows_ones_own_answers(ana, ben, anas_answer):
    said = anas_answer.utterance.text

    assert said in client_of(ana).get("/me").content.decode()
    assert said not in client_of(ben).get("/me").content.decode()


def test_a_reviewer_cannot_settle_a_disagreement_of_their_own(ben):
    rita = cast.person("rita", "reviewer")
    said = cast.utterance()
    answers = []
    for person, name in ((rita, "one"), (ben, "two")):
        cast.intent(name)
        item = cast.item(said, rank=0)
        queue.claim_next(by=person)
        sent = labels.Answer(uuid=uuid.uuid4(), item_id=item.pk, intent=name)
        answers.append(labels.submit(by=person, answer=sent).annotation)

    client_of(rita).post(
        "/review/resolve", {"uuid": str(uuid.uuid4()), "answer": str(answers[0].pk)}
    )

    assert not Annotation.objects.filter(is_review=True).exists()


def test_a_link_signs_in_nobody_but_its_person(ana, ben):
    path = sign_in.issue_link(user=ana, base_url="")
    client = client_of(ben)

    client.post(path)

    assert client.session["_auth_user_id"] == str(ana.pk)
    assert SignInLink.objects.get().used_at is not None


def test_anothers_comment_is_not_resolved_by_a_colleague(ana, ben):
    intent = cast.intent("say_hello")
    remark = discussion.comment(intent=intent, text="And goodbye?", by=ana)

    client_of(ben).post("/intents/say_hello/remarks", {"resolve": remark.pk})

    remark.refresh_from_db()
    assert remark.resolved_at is None


def test_ones_own_request_against_the_gate_is_for_somebody_else_to_confirm(db):
    mia = cast.person("mia", "ml_engineer")
    challenger = Checkpoint.objects.create(
        name="refused",
        recipe="head",
        path="refused",
        manifest_sha256="0" * 64,
        gate_passed=False,
    )
    found = Round.objects.create(
        policy=Policy.objects.get(iteration=1),
        recipe="head",
        status="awaiting",
        challenger=challenger,
    )
    asked = force.request(round_id=found.pk, by=mia, reason="It cannot wait longer.")
    sent = {"decision": "confirm", "reason": "I still think so, really."}

    response = client_of(mia).post(f"/rounds/forced/{asked.pk}", sent)

    assert response.status_code == 403
    found.refresh_from_db()
    assert found.status == "awaiting"


def test_an_item_on_anothers_desk_cannot_be_proposed_from(ben, anas_item):
    sent = {"title": "Greet", "description": "Says hi.", "domain": "billing"}

    response = client_of(ben).post(
        "/proposals/new", {**sent, "item": str(anas_item.pk)}
    )

    assert response.status_code == 422
    assert not IntentProposal.objects.exists()


@pytest.mark.parametrize("hidden", ["exam", "control"])
def test_what_a_search_hides_is_no_reason_for_a_proposal(ben, hidden):
    """An address with another number must not show what is to be answered blind."""
    said = cast.utterance("kept blind", split="exam" if hidden == "exam" else "train")
    cast.item(said, reason=Reason.EXAM if hidden == "exam" else Reason.RANDOM)
    sent = {"title": "Greet", "description": "Says hi.", "domain": "billing"}
    client, number = client_of(ben), str(said.pk)

    form = client.get("/proposals/new", {"utterance": number}).content.decode()
    refused = client.post("/proposals/new", {**sent, "utterance": number})

    assert "kept blind" not in form + refused.content.decode()
    assert refused.status_code == 422
    assert not IntentProposal.objects.exists()


def test_anothers_question_is_neither_shown_nor_taken_further(ana, ben, anas_item):
    asked = questions.ask(
        by=ana, uuid=uuid.uuid4(), item_id=anas_item.pk, text="Is this a bill?"
    ).question
    client = client_of(ben)

    client.post(
        f"/me/questions/{asked.pk}", {"uuid": str(uuid.uuid4()), "text": "Me too."}
    )

    assert "Is this a bill?" not in client.get("/me").content.decode()
    assert asked.messages.count() == 1


def test_anothers_review_cannot_be_taken_back(ana, ben, anas_answer):
    rita, rob = (cast.person(name, "reviewer") for name in ("rita", "rob"))
    reopened = review.reopen(
        by=rita, uuid=uuid.uuid4(), utterance_id=anas_answer.utterance_id,
        reason="unclear",
    )  # fmt: skip

    response = client_of(rob).post(
        "/review/undo", {"uuid": str(uuid.uuid4()), "event": str(reopened.pk)}
    )

    assert response.status_code == 404
    assert Annotation.objects.standing().filter(pk=reopened.pk).exists()


def test_a_reported_text_is_in_no_page_a_reviewer_opens(ana, anas_item):
    said = type(anas_item.utterance).objects.filter(pk=anas_item.utterance_id)
    said.update(text="my name is Wendeline Quux")
    labels.quarantine(by=ana, uuid=uuid.uuid4(), item_id=anas_item.pk)
    client = client_of(cast.person("rita", "reviewer"))

    for page in ("personal", "gold", "disagreements", "questions", "late"):
        assert "Wendeline" not in client.get(f"/review/{page}").content.decode()
    assert client.get(f"/review/vote/{anas_item.utterance_id}").status_code == 404
    assert client.post(f"/review/value/{anas_item.utterance_id}").status_code == 404
