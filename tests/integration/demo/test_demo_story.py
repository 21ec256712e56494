from datetime import date

import pytest

from annotations.models import AuditEvent
from annotations.services import demo as people
from annotations.services import demo_labels
from tests.factories import drift as factory
from tests.factories import rounds as rounds_factory
from training.models import DriftCheck, Policy, Promotion, Round
from training.services import demo, demo_story, drift, rounds

pytestmark = pytest.mark.django_db

NAME = "a demo"


@pytest.fixture
def story():
    demo.ensure_policies(is_active=False)
    return demo_story.Story(
        name=NAME,
        seed=3,
        today=date(2026, 11, 22),
        n_labels=0,
        made=[],
        cast=people.ensure_people(),
        engineer=demo_story.engineer(),
        choose=demo_labels.by_chance,
        say=lambda text: None,
    )


def test_rounds_start_by_themselves_once_the_story_is_told(story):
    assert not Policy.objects.filter(is_active=True).exists()

    demo_story.tell(story, first=None)

    assert demo_story.is_told(NAME)
    assert Policy.objects.filter(is_active=True).count() == len(demo.POLICIES)


def test_a_story_is_told_once(story):
    demo_story.tell(story, first=None)
    Policy.objects.update(is_active=False)

    demo_story.tell(story, first=None)

    assert not Policy.objects.filter(is_active=True).exists()
    assert AuditEvent.objects.filter(action="demo.told").count() == 1


def test_a_failure_in_the_story_leaves_rounds_free_to_start(story, monkeypatch):
    def fail(*_):
        raise demo_story.StoryStuckError("It does not end.")

    monkeypatch.setattr(demo_story, "_tell_round", fail)

    with pytest.raises(demo_story.StoryStuckError):
        demo_story.tell(story, first=Round(pk=1))

    assert not demo_story.is_told(NAME)
    assert Policy.objects.filter(is_active=True).count() == len(demo.POLICIES)


def test_nothing_is_rolled_back_where_nothing_was_promoted(story):
    demo_story._roll_back(story)

    assert not Promotion.objects.exists()


def test_the_alarm_opens_the_round_although_labels_alone_would(story):
    rounds_factory.world(n_train=20)
    factory.callers(changed=True)

    check = demo_story._checked(story)
    assert check.is_alarm and check.round is None  # rounds are still held
    assert rounds.start_due() is None
    found = demo_story._opened(check)

    assert found.cause == (
        f"Drift check {check.pk} raised an alarm: what callers say, the mix of intents"
    )
    assert found.policy.starts_on_drift
    assert rounds.start_due() is None  # the labels are that round's


def test_the_storys_check_comes_after_one_that_a_worker_made_and_only_once(story):
    drift.run(factory.check(changed=True).pk)

    first, second = demo_story._checked(story), demo_story._checked(story)

    assert first == second
    assert first.is_alarm
    assert DriftCheck.objects.count() == 2


def test_without_enough_calls_the_story_goes_on_without_a_check(story):
    factory.champion()

    assert demo_story._checked(story) is None
