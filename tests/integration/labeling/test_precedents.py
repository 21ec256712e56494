"""Similar answered utterances at the desk: as they stand now, never on blind items."""

import pytest

from annotations.models import Reason, User, Utterance
from annotations.services import desk, labels, queue
from annotations.services.labels import Answer
from tests.factories import cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def people(db):
    cast.intent("pay_bill")
    cast.intent("check_bill")
    return cast.ana(), cast.ben()


def answered(text, *answers, **fields):
    utterance = cast.utterance(text, **fields)
    for person, intent in answers:
        cast.item(utterance, rank=0)
        item = queue.claim_next(by=person)
        labels.submit(by=person, answer=Answer(cast.new_id(), item.pk, intent))
    return utterance


def shown(person, *like, **fields):
    cast.item(
        cast.utterance("pay it"), why={"answered": [u.pk for u in like]}, **fields
    )
    return desk.present(queue.claim_next(by=person)).similar


def test_the_desk_shows_three_with_how_many_agree(people):
    ana, ben = people
    both = answered("i pay my bill", (ana, "pay_bill"), (ben, "pay_bill"))
    one = answered("what is on my bill", (ana, "check_bill"))
    more = [answered(f"pay {n}", (ana, "pay_bill")) for n in range(2)]

    found = shown(ana, both, one, *more)

    assert [(s.text, s.title, s.people) for s in found] == [
        ("i pay my bill", "Pay bill", 2),
        ("what is on my bill", "Check bill", 1),
        ("pay 0", "Pay bill", 1),
    ]


@pytest.mark.parametrize("reason", [Reason.EXAM, Reason.RANDOM, Reason.SECOND_OPINION])
def test_a_blind_item_shows_none(people, reason):
    ana, _ = people
    said = answered("i pay my bill", (ana, "pay_bill"))

    assert shown(ana, said, reason=reason) == ()


def test_what_changed_since_the_ranking_is_shown_as_it_is_now(people):
    ana, ben = people
    hidden = answered("my name is on it", (ana, "pay_bill"))
    Utterance.objects.filter(pk=hidden.pk).update(status="quarantined")
    torn = answered("both", (ana, "pay_bill"), (ben, "check_bill"))
    exam = answered("exam", (ana, "pay_bill"), split="exam")
    back = answered("taken back", (ana, "pay_bill"))
    labels.undo(by=ana, uuid=cast.new_id())
    queue.release(back.queueitem_set.get().pk, by=ana)
    back.queueitem_set.all().delete()

    assert shown(ana, hidden, torn, exam, back) == ()


def test_a_machines_label_is_nobodys_agreement(people):
    ana, _ = people
    said = answered("i pay my bill", (ana, "pay_bill"))
    User.objects.filter(pk=ana.pk).update(is_system=True)

    assert [s.people for s in shown(people[1], said)] == [0]


def test_the_page_says_it_under_the_parameters(people, client):
    ana, ben = people
    said = answered("i <b>pay</b> it", (ana, "pay_bill"), (ben, "pay_bill"))
    cast.item(cast.utterance("pay it"), why={"answered": [said.pk]})
    client.force_login(ana)

    page = client.get("/label").content.decode()

    assert "i &lt;b&gt;pay&lt;/b&gt; it" in page and "(2 people agree)" in page
    assert page.index('id="params"') < page.index('class="similar"')
