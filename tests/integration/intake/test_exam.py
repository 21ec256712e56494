import pytest

from annotations.intake import normalize
from annotations.models import Utterance
from annotations.services import exam, intake

from .conftest import lines, receive

pytestmark = pytest.mark.django_db
TEXTS = [
    f"what about bill number {word}"
    for word in (
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
    )
]


def split_of(*, data_key, exam_key, settings):
    settings.EXAM_SHARE = 0.5
    settings.DATA_KEY, settings.EXAM_KEY = data_key, exam_key
    return [exam.has_in_exam(text) for text in TEXTS]


def test_the_exam_follows_from_its_own_key_alone(settings):
    one = split_of(data_key="a" * 50, exam_key="e" * 50, settings=settings)
    other = split_of(data_key="b" * 50, exam_key="e" * 50, settings=settings)
    apart = split_of(data_key="a" * 50, exam_key="f" * 50, settings=settings)

    assert one == other != apart


def test_without_a_key_of_its_own_the_exam_is_that_of_the_duplicate_keys(settings):
    key = "a" * 50
    found = split_of(data_key=key, exam_key=key, settings=settings)

    keys = [normalize.dedupe_key(text, key.encode()) for text in TEXTS]
    assert found == [normalize.is_exam(one, key.encode(), 0.5) for one in keys]


def test_intake_asks_the_same_rule(settings):
    settings.EXAM_SHARE = 0.5
    settings.EXAM_KEY = "e" * 50

    intake.process(receive(lines(*TEXTS)).pk)

    stored = dict(Utterance.objects.values_list("text", "split"))
    assert {text for text, split in stored.items() if split == "exam"} == {
        text for text in stored if exam.has_in_exam(text)
    }
