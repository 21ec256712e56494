"""What a person's labels taught the model: made from enough, told to that person."""

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from annotations.models import User
from tests.factories import cast
from training import tasks
from training.ml import choosing
from training.models import OwnEffect
from training.services import learning_comparison, own_effect, ranking

from .conftest import WORDS

pytestmark = pytest.mark.django_db
KINDS = list(WORDS)


@pytest.fixture(autouse=True)
def fewer_sets(monkeypatch):
    """Four sets a side are enough to see that everything is there."""
    made = choosing.effect
    monkeypatch.setattr(
        choosing, "effect", lambda *args, **named: made(*args, **named, repeats=4)
    )


@pytest.fixture
def ana(label):
    return User.objects.get(username="ana")


@pytest.fixture
def ben(db):
    return cast.ben()


@pytest.fixture
def given(label):
    """Gold labels by somebody, drawn for a reason, intents in turn."""

    def give(by, reason, count, *, split="train", first=0, kinds=KINDS):
        for n in range(first, first + count):
            kind = kinds[n % len(kinds)]
            text = f"{WORDS[kind].format(n=n)} {reason} {by.username}"
            label(cast.utterance(text, split=split), kind, reason=reason, by=by)

    return give


@pytest.fixture
def enough(given, ana, ben, encoder):
    """Ana labels all three intents, Ben's control knows one, and an exam."""
    given(ana, "uncertain", 54)
    given(ben, "random", 51, kinds=KINDS[:1])
    given(ben, "exam", 60, split="exam")
    ranking.rank(reason="test")


def page_of(person: User, path: str = "/me/effect", **headers: str) -> str:
    client = Client()
    client.force_login(person)
    return client.get(path, headers=headers).content.decode()


def test_too_few_labels_are_said_to_be_and_nothing_is_made(given, ana, ben, encoder):
    given(ana, "uncertain", 3)
    given(ben, "random", 2)
    ranking.rank(reason="test")

    assert own_effect.due() is None
    assert own_effect.refresh(ana) is None
    page = page_of(ana)
    assert "3 of 50 of yours, 2 of 50 of the random control, by others" in page


def test_labels_are_set_against_the_control_that_others_gave(given, ana, ben):
    given(ana, "uncertain", 3)
    given(ana, "random", 2)
    given(ben, "random", 4)
    given(ben, "diverse", 1)

    assert own_effect.counts(ana) == {"n_labels": 5, "n_control": 4, "n_exam": 0}
    assert own_effect.counts(ben) == {"n_labels": 5, "n_control": 2, "n_exam": 0}


def test_the_effect_is_kept_and_told_to_the_person_alone(enough, ana, ben):
    assert own_effect.due() == ana

    found = own_effect.refresh(ana)

    assert (found.n_labels, found.n_control, found.n_exam) == (54, 51, 60)
    assert found.own["labels"] == found.control["labels"] == 34
    assert found.without is None  # nobody else labeled anything but the control
    assert found.difference["outcome"] == "better"
    page = page_of(ana)
    assert "Your labels teach it more than as many drawn by chance." in page
    assert "Only you see this" in page
    assert "teach it" not in page_of(ben)


def test_what_others_labeled_is_what_both_stand_on(enough, given, ana, ben):
    given(ben, "diverse", 12, kinds=KINDS[1:])
    ranking.rank(reason="test")

    found = own_effect.refresh(ana)

    assert found.without is not None
    assert "with neither" in page_of(ana)


def test_it_is_made_again_after_more_labels_only(enough, given, ana, monkeypatch):
    monkeypatch.setattr(learning_comparison, "is_due", lambda: False)
    tasks.sweep_comparison()
    first = OwnEffect.objects.get(person=ana).made_at
    assert own_effect.due() is None

    given(ana, "uncertain", 20, first=100)
    assert own_effect.due() == ana
    ranking.rank(reason="test")
    tasks.sweep_comparison()

    again = OwnEffect.objects.get(person=ana)
    assert again.made_at > first
    assert again.n_labels == 74


def test_who_left_is_not_looked_at(enough, ana):
    ana.is_active = False
    ana.save()

    assert own_effect.due() is None


def test_the_page_of_own_work_asks_for_the_part(enough, ana):
    whole = page_of(ana)
    part = page_of(ana, **{"HX-Request": "true"})

    assert 'hx-get="/me/effect"' in page_of(ana, "/me")
    assert "<html" in whole
    assert part.lstrip().startswith("<section")


def test_only_who_labels_has_such_a_page(db):
    boss = cast.person("olga", "product_owner")
    client = Client()
    client.force_login(boss)

    assert client.get("/me/effect").status_code == 403


def test_an_effect_from_nothing_cannot_be_stored(ana):
    with pytest.raises(IntegrityError, match="evidence"), transaction.atomic():
        OwnEffect.objects.create(
            person=ana,
            n_labels=0,
            n_control=1,
            n_exam=1,
            own={},
            control={},
            difference={},
        )
