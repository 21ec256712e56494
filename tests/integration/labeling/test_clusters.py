"""Near-duplicates confirmed together: leased, checked blind, each its own answer."""

import uuid

import pytest

from annotations.errors import NotFoundError
from annotations.models import Annotation, AuditEvent, QueueItem, Reason, Utterance
from annotations.services import clusters, labels, queue
from tests.factories import cast

pytestmark = pytest.mark.django_db

SAID = [
    f"how can i pay my {word} bill" for word in ["old", "new", "last", "next", "first"]
]


@pytest.fixture
def ana():
    return cast.ana()


@pytest.fixture
def seed(ana):
    """The first of five near-duplicates, on Ana's desk."""
    cast.intent("pay_bill")
    cast.intent("check_bill")
    return on_desk(ana, [cast.utterance(text) for text in SAID])


def on_desk(by, said, **fields):
    for one in said:
        cast.suggestion(one, "pay_bill", "check_bill")
        alike = [other.pk for other in said if other != one]
        cast.item(one, why={"alike": alike}, **fields)
    return queue.claim_next(by=by)


def check(by, opened, intent="pay_bill", key=None):
    return clusters.check(
        by=by, token=opened.token, uuid=key or uuid.uuid4(), intent=intent, shown_ms=900
    )


def all_of(checked):
    return {member.item.pk: uuid.uuid4() for member in checked.members}


def confirm(by, checked, keys):
    return clusters.confirm(by=by, token=checked.token, uuids=keys, shown_ms=900)


def test_opening_leases_all_of_them_to_one_person(ana, seed):
    opened = clusters.open_(item_id=seed.pk, by=ana)

    assert opened.n_items == 5
    assert opened.check.pk != seed.pk
    assert QueueItem.objects.filter(status="leased", leased_by=ana).count() == 5


def test_what_others_hold_is_not_among_them(ana, seed):
    held = queue.claim_next(by=cast.ben())

    opened = clusters.open_(item_id=seed.pk, by=ana)

    assert held.pk not in opened.item_ids
    assert opened.n_items == 4


@pytest.mark.parametrize("reason", ["exam", "random", "second_opinion"])
def test_blind_items_are_never_among_them(ana, seed, reason):
    hidden = QueueItem.objects.filter(status="ready").first()
    QueueItem.objects.filter(pk=hidden.pk).update(reason=Reason(reason))

    opened = clusters.open_(item_id=seed.pk, by=ana)

    assert hidden.pk not in opened.item_ids
    assert queue.held(hidden.pk, by=ana) is None


def test_an_utterance_of_the_exam_is_never_among_them(ana, seed):
    hidden = QueueItem.objects.filter(status="ready").first()
    Utterance.objects.filter(pk=hidden.utterance_id).update(split="exam")

    assert hidden.pk not in clusters.open_(item_id=seed.pk, by=ana).item_ids


def test_too_few_are_not_offered_and_not_held(ana, seed):
    ready = QueueItem.objects.filter(status="ready").values_list("pk", flat=True)
    QueueItem.objects.filter(pk__in=list(ready)[1:]).delete()

    assert clusters.offered(seed, by=ana) == []
    assert clusters.open_(item_id=seed.pk, by=ana).check is None
    assert QueueItem.objects.filter(status="leased").get().pk == seed.pk


def test_an_agreeing_check_is_a_blind_answer_and_opens_the_others(ana, seed):
    checked = check(ana, clusters.open_(item_id=seed.pk, by=ana))

    assert checked.agreed
    assert len(checked.members) == 4
    assert Annotation.objects.get().blind


def test_each_item_confirmed_has_an_answer_of_its_own(ana, seed):
    checked = check(ana, clusters.open_(item_id=seed.pk, by=ana))

    confirm(ana, checked, all_of(checked))

    assert Annotation.objects.filter(intent__name="pay_bill").count() == 5
    assert Annotation.objects.filter(blind=False).count() == 4
    assert AuditEvent.objects.filter(action="label.submitted").count() == 5
    assert AuditEvent.objects.filter(action="cluster.confirmed").count() == 1


def test_sent_again_everything_is_stored_once(ana, seed):
    opened, key = clusters.open_(item_id=seed.pk, by=ana), uuid.uuid4()
    check(ana, opened, key=key)
    checked = check(ana, opened, key=key)
    keys = all_of(checked)

    first, again = confirm(ana, checked, keys), confirm(ana, checked, keys)

    assert len(again.submissions) == len(first.submissions) == 4
    assert Annotation.objects.count() == 5
    assert AuditEvent.objects.filter(action="cluster.confirmed").count() == 1


def test_a_disagreeing_check_is_kept_and_nothing_else_is_answered(ana, seed):
    opened = clusters.open_(item_id=seed.pk, by=ana)

    checked = check(ana, opened, "check_bill")

    assert not checked.agreed and not checked.members
    assert Annotation.objects.get().intent.name == "check_bill"
    event = AuditEvent.objects.get(action="cluster.refused")
    assert str(opened.check.pk) in event.payload and "bill old" not in event.payload
    assert list(QueueItem.objects.filter(status="leased")) == [seed]
    seed.refresh_from_db()
    assert clusters.offered(seed, by=ana) == []


def test_what_is_taken_out_goes_back_to_the_queue(ana, seed):
    checked = check(ana, clusters.open_(item_id=seed.pk, by=ana))
    keys = all_of(checked)
    out, _ = keys.popitem()

    done = confirm(ana, checked, keys)

    assert (len(done.submissions), done.n_left_out) == (3, 1)
    assert QueueItem.objects.get(pk=out).status == "ready"


def test_what_somebody_took_meanwhile_is_left_to_them(ana, seed):
    checked = check(ana, clusters.open_(item_id=seed.pk, by=ana))
    keys = all_of(checked)
    QueueItem.objects.filter(status="leased").exclude(pk=seed.pk).update(
        status="ready", lease_expires_at=None
    )
    taken = queue.claim_next(by=cast.ben())

    done = confirm(ana, checked, keys)

    assert done.n_taken == 1
    assert not Annotation.objects.filter(queue_item=taken.pk).exists()


def test_all_of_them_are_taken_back_at_once(ana, seed):
    checked = check(ana, clusters.open_(item_id=seed.pk, by=ana))
    done = confirm(ana, checked, all_of(checked))
    pairs = [(uuid.uuid4(), one.annotation.pk) for one in done.submissions]

    clusters.take_back(by=ana, answers=pairs)
    clusters.take_back(by=ana, answers=pairs)

    assert Annotation.objects.standing().get().blind
    assert Annotation.objects.filter(kind="undo").count() == 4


def test_a_page_of_somebody_else_confirms_nothing(ana, seed):
    opened = clusters.open_(item_id=seed.pk, by=ana)
    ben = cast.ben()

    with pytest.raises(NotFoundError):
        clusters.open_(item_id=seed.pk, by=ben)
    with pytest.raises(NotFoundError):
        check(ben, opened)
    assert not Annotation.objects.exists()


def test_the_check_cannot_be_passed_over(ana, seed):
    opened = clusters.open_(item_id=seed.pk, by=ana)

    with pytest.raises(NotFoundError):
        clusters.confirm(
            by=ana, token=opened.token, uuids={seed.pk: uuid.uuid4()}, shown_ms=None
        )


def test_marks_carry_over_where_the_schema_needs_them_and_else_stay_out(ana):
    pay = cast.intent("pay_bill")
    cast.live_schema(
        pay,
        {
            "type": "object",
            "additionalProperties": False,
            "properties": {"bill": {"type": "string"}},
            "required": ["bill"],
        },
    )
    said = [cast.utterance(text) for text in [*SAID, "paying a bill how"]]
    seed = on_desk(ana, said)
    mark = {"param": "bill", "start": 17, "end": 20, "text": "old", "value": ""}
    guess = seed.utterance.suggestion
    guess.parameters = [mark]
    guess.save()

    opened = clusters.open_(item_id=seed.pk, by=ana)
    checked = check(ana, opened)
    done = confirm(ana, checked, all_of(checked))

    assert (opened.n_items, opened.n_unfit) == (5, 1)
    marked = [one.annotation.spans.get().text for one in done.submissions]
    assert set(marked) <= {"old", "new", "last", "next", "first"} and len(marked) == 4


def test_the_desk_offers_them_in_one_line_and_the_pages_lead_through(ana, seed, client):
    client.force_login(ana)
    desk = client.get(f"/label?item={seed.pk}").content.decode()
    first = client.get(f"/label/cluster/{seed.pk}")
    opened = first.context["opened"]

    assert "4 more like this: confirm together" in desk
    assert "Pay bill" not in first.content.decode()
    second = client.post(
        f"/label/cluster/{seed.pk}/check",
        {"token": opened.token, "uuid": str(uuid.uuid4()), "intent": "pay_bill"},
    )
    assert "All “Pay bill”?" in second.content.decode()
    labels.skip(by=ana, uuid=uuid.uuid4(), item_id=seed.pk, reason="unclear")
    keys = all_of(second.context["checked"])
    third = client.post(
        f"/label/cluster/{seed.pk}/confirm",
        {
            "token": second.context["checked"].token,
            "item": list(keys),
            **{f"uuid-{pk}": str(key) for pk, key in keys.items()},
        },
    )
    assert "3 confirmed" in third.content.decode()
    assert "1 was taken" in third.content.decode()
