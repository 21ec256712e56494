"""Bulk actions: previewed exactly, done as events, stopped, taken back."""

import json

import pytest

from annotations.errors import ConflictError, InvalidError, NotAllowedError
from annotations.invariants import INVARIANTS
from annotations.models import (
    Annotation,
    AuditEvent,
    BulkAction,
    GoldLabel,
    QueueItem,
    Reason,
    Utterance,
)
from annotations.services import bulk, bulk_export, labels, queue, search
from annotations.services.invariants import broken
from annotations.services.labels import Answer, SpanAnswer
from annotations.services.search import Criteria
from tests.factories import cast

pytestmark = pytest.mark.django_db

SAME = Criteria(words="same")


@pytest.fixture
def rita(db):
    return cast.person("rita", "reviewer")


@pytest.fixture
def intents(db):
    return cast.intent("pay_bill"), cast.intent("check_bill")


def pool(n=3, **fields):
    return [cast.utterance(f"same words {number}", **fields) for number in range(n)]


def answered(person, utterance, intent, *spans):
    cast.item(utterance, rank=0)
    item = queue.claim_next(by=person)
    answer = Answer(cast.new_id(), item.pk, intent, spans=spans)
    return labels.submit(by=person, answer=answer).annotation


def done(by, kind, criteria=SAME, **options):
    action = bulk.draft(by=by, kind=kind, criteria=criteria, **options)
    return bulk.confirm(by=by, action_id=action.pk)


def statuses(utterances):
    found = Utterance.objects.filter(pk__in=[u.pk for u in utterances])
    return set(found.values_list("status", flat=True))


def test_a_draft_counts_exactly_and_changes_nothing(rita, intents):
    utterances = pool(12)

    action = bulk.draft(by=rita, kind="exclude", criteria=SAME)

    assert bulk.progress(action).waiting == 12
    assert len(bulk.samples(action)) == bulk.SAMPLES
    assert statuses(utterances) == {"pool"}
    assert not Annotation.objects.exists()


def test_what_fits_later_is_not_done(rita):
    pool(2)
    action = bulk.draft(by=rita, kind="exclude", criteria=SAME)
    late = cast.utterance("same words, later")

    bulk.confirm(by=rita, action_id=action.pk)

    assert statuses([late]) == {"pool"}
    assert bulk.progress(action).done == 2


def test_those_picked_are_taken_alone_and_only_of_what_was_found(rita):
    one, two, _ = pool()
    other = cast.utterance("another")

    action = bulk.draft(
        by=rita, kind="exclude", criteria=SAME, picked=[one.pk, two.pk, other.pk]
    )

    assert bulk.progress(action).total == 2


def test_queued_ones_come_first_and_leave_again_unless_in_use(rita):
    ana = cast.ana()
    cast.item(cast.utterance("waiting"), rank=1)
    utterances = pool()
    action = done(rita, "queue")
    held = queue.claim_next(by=ana)
    assert held.utterance_id in [u.pk for u in utterances]

    bulk.undo(by=rita, action_id=action.pk)

    progress = bulk.progress(action)
    assert (progress.undone, progress.in_use) == (2, 1)
    left = QueueItem.objects.filter(reason=Reason.REQUESTED)
    assert [item.pk for item in left] == [held.pk]


def test_what_is_queued_already_is_left_out_with_a_reason(rita):
    one, *_ = pool()
    cast.item(one)

    action = bulk.draft(by=rita, kind="queue", criteria=SAME)

    assert bulk.progress(action).left_out == (("in the queue already", 1),)


def test_a_relabel_is_an_event_of_the_reviewer_and_decides(rita, intents):
    ana = cast.ana()
    utterances = pool()
    answered(ana, utterances[0], "pay_bill")

    action = done(rita, "relabel", intent="check_bill")

    assert set(GoldLabel.objects.values_list("intent__name", "rule")) == {
        ("check_bill", "reviewed")
    }
    events = Annotation.objects.filter(annotator=rita)
    assert events.count() == 3 and all(event.is_review for event in events)
    assert AuditEvent.objects.filter(action="bulk.relabel").count() == 3
    assert bulk.progress(action).done == 3


def test_a_relabel_carries_marks_over_and_invents_none(rita):
    cast.live_schema(cast.intent("pay_bill"))
    cast.live_schema(cast.intent("check_bill"))
    ana = cast.ana()
    marked = cast.utterance("same bill of [ACCOUNT_NUMBER_1]")
    mark = SpanAnswer(13, 31, "account_number", "[ACCOUNT_NUMBER_1]")
    answered(ana, marked, "pay_bill", mark)
    cast.utterance("same bill")

    action = done(rita, "relabel", intent="check_bill")

    label = GoldLabel.objects.get()
    assert label.intent.name == "check_bill"
    span = label.annotation.spans.get()
    assert (span.param, span.text) == ("account_number", "[ACCOUNT_NUMBER_1]")
    assert [n for _, n in bulk.progress(action).left_out] == [1]


@pytest.mark.parametrize(
    ("kind", "options", "between"),
    [
        ("exclude", {}, {"skipped"}),
        ("relabel", {"intent": "pay_bill"}, {"labeled"}),
        ("quarantine", {}, {"quarantined"}),
    ],
)
def test_undo_restores_by_new_events(rita, intents, kind, options, between):
    utterances = pool()
    action = done(rita, kind, **options)
    assert statuses(utterances) == between

    bulk.undo(by=rita, action_id=action.pk)

    assert statuses(utterances) == {"pool"}
    assert not GoldLabel.objects.exists()
    assert Annotation.objects.count() == 6
    assert bulk.progress(action).undone == 3
    assert broken(INVARIANTS) == []


def test_undo_of_a_relabel_brings_the_label_before_back(rita, intents):
    ana = cast.ana()
    before = answered(ana, pool(1)[0], "pay_bill")
    action = done(rita, "relabel", intent="check_bill")

    bulk.undo(by=rita, action_id=action.pk)

    assert GoldLabel.objects.get().annotation == before


def test_personal_data_leaves_every_desk(rita):
    [said] = pool(1)
    cast.item(said)
    item = queue.claim_next(by=cast.ana())

    done(rita, "quarantine")

    item.refresh_from_db()
    assert item.status == QueueItem.Status.QUARANTINED


def test_ones_own_answers_and_the_exam_are_left_out(intents):
    both = cast.person("both", "product_owner", "ml_engineer")
    cast.utterance("same in the exam", split="exam")
    rita = cast.person("rita", "reviewer")
    answered(rita, pool(1)[0], "pay_bill")

    queued = bulk.draft(by=both, kind="queue", criteria=SAME)
    relabeled = bulk.draft(by=rita, kind="relabel", criteria=SAME, intent="check_bill")

    assert [n for _, n in bulk.progress(queued).left_out] == [1]
    assert bulk.progress(relabeled).left_out[0][0].startswith("answered by yourself")


def test_confirming_and_undoing_twice_does_it_once(rita):
    pool()
    action = done(rita, "exclude")
    bulk.undo(by=rita, action_id=action.pk)

    with pytest.raises(ConflictError):
        bulk.confirm(by=rita, action_id=action.pk)
    assert bulk.undo(by=rita, action_id=action.pk).status == "undone"
    assert Annotation.objects.count() == 6


def test_a_large_one_waits_for_a_worker_and_can_be_stopped(rita, monkeypatch):
    monkeypatch.setattr(bulk, "PART", 2)
    pool(5)
    action = done(rita, "exclude")
    assert action.status == BulkAction.Status.RUNNING
    assert not Annotation.objects.exists()

    bulk._run_part(action.pk)
    bulk.cancel(by=rita, action_id=action.pk)
    bulk.run(action.pk)

    assert Annotation.objects.count() == 2
    bulk.undo(by=rita, action_id=action.pk)
    bulk.run(action.pk)
    action.refresh_from_db()
    assert action.status == BulkAction.Status.UNDONE
    assert Utterance.objects.filter(status="pool").count() == 5


def test_what_a_killed_worker_left_is_due(rita, monkeypatch):
    monkeypatch.setattr(bulk, "PART", 2)
    monkeypatch.setattr(bulk, "SILENCE", bulk.timedelta(0))
    pool(5)
    action = done(rita, "exclude")

    assert bulk.due() == [action.pk]
    bulk.run(action.pk)
    assert bulk.due() == []


def test_each_kind_is_for_some_roles(intents):
    boris = cast.person("boris", "product_owner")
    pool()

    assert [kind for kind, _ in bulk.kinds_for(boris)] == ["queue", "export"]
    with pytest.raises(NotAllowedError):
        bulk.draft(by=boris, kind="relabel", criteria=SAME, intent="pay_bill")
    with pytest.raises(NotAllowedError):
        bulk.draft(by=cast.ana(), kind="queue", criteria=SAME)


def test_what_cannot_be_drafted_says_why(rita, monkeypatch):
    with pytest.raises(InvalidError, match="Nothing fits"):
        bulk.draft(by=rita, kind="queue", criteria=SAME)
    pool()
    with pytest.raises(InvalidError, match="intent"):
        bulk.draft(by=rita, kind="relabel", criteria=SAME)
    monkeypatch.setattr(search, "MOST", 2)
    with pytest.raises(InvalidError, match="More than 2 fit"):
        bulk.draft(by=rita, kind="queue", criteria=SAME)


def test_an_export_holds_what_may_still_be_seen(rita, intents):
    ana = cast.ana()
    one, two, three = pool()
    answered(ana, one, "pay_bill")
    action = done(rita, "export")
    Utterance.objects.filter(pk=three.pk).update(status="quarantined")

    lines = [json.loads(line) for line in bulk_export.lines(by=rita, action=action)]

    assert [(line["text"], line.get("intent")) for line in lines] == [
        (one.text, "pay_bill"),
        (two.text, None),
    ]
    assert AuditEvent.objects.filter(action="bulk.downloaded").exists()


def test_the_pages_lead_from_search_to_done_and_back(client, rita, intents):
    pool()
    client.force_login(rita)
    asked = {"q": "same", "kind": "relabel", "as": "pay_bill"}

    preview = client.post("/search/bulk", asked, follow=True)
    path = preview.request["PATH_INFO"]
    assert "Label as “Pay bill”: 3" in preview.content.decode()
    done = client.post(f"{path}/confirm", follow=True).content.decode()
    assert "Take all of it back" in done and GoldLabel.objects.count() == 3
    back = client.post(f"{path}/undo", follow=True).content.decode()
    assert "Taken back" in back and not GoldLabel.objects.exists()
    refused = client.post("/search/bulk", {"q": "same", "kind": "relabel"}, follow=True)
    assert "Choose the intent" in refused.content.decode()


def test_of_the_nearest_only_those_ticked_are_meant(client, rita):
    one, *_ = pool()
    client.force_login(rita)
    back = "/search/like?q=the+same+thing"
    asked = {"q": "the same thing", "kind": "exclude", "by_meaning": 1, "back": back}

    none = client.post("/search/bulk", asked)
    ticked = client.post("/search/bulk", asked | {"pick": [one.pk]}, follow=True)

    assert none["Location"] == back and BulkAction.objects.count() == 1
    assert [m.utterance_id for m in BulkAction.objects.get().members.all()] == [one.pk]
    assert f'href="{back}"' in ticked.content.decode()


@pytest.mark.parametrize("sent", ["9" * 30, "one", "-1", "²"])
def test_ticks_that_cannot_be_read_are_not_taken_for_none(client, rita, sent):
    pool()
    client.force_login(rita)

    asked = {"q": "same", "kind": "exclude", "pick": [sent]}
    page = client.post("/search/bulk", asked, follow=True).content.decode()

    assert "What was ticked cannot be read" in page
    assert not BulkAction.objects.exists()


@pytest.mark.parametrize("back", ["//elsewhere/search?q=1", "/audit", "javascript:1"])
def test_the_way_back_leads_to_a_search_and_nowhere_else(client, rita, back):
    client.force_login(rita)

    refused = client.post("/search/bulk", {"q": "none", "kind": "queue", "back": back})

    assert refused["Location"] == "/search"


def test_anothers_action_is_out_of_reach(client, rita):
    pool()
    action = bulk.draft(by=rita, kind="exclude", criteria=SAME)
    client.force_login(cast.person("rolf", "reviewer"))

    assert client.get(f"/search/bulk/{action.pk}").status_code == 404
    assert client.get(f"/search/bulk/{action.pk}/lines").status_code == 404
    client.post(f"/search/bulk/{action.pk}/confirm")
    action.refresh_from_db()
    assert action.status == BulkAction.Status.DRAFT
