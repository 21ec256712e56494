import pytest

from annotations.models import AuditEvent
from annotations.services import demo as people
from training.models import Policy, Promotion, Round
from training.services import demo, demo_story

pytestmark = pytest.mark.django_db

NAME = "a demo"


@pytest.fixture
def story():
    demo.ensure_policies(is_active=False)
    return demo_story.Story(
        name=NAME,
        seed=3,
        n_labels=0,
        made=[],
        cast=people.ensure_people(),
        engineer=demo_story.engineer(),
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
