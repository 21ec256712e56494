"""Reported words are seen under a mask only, and taken out for good."""

import pytest

from annotations.invariants import INVARIANTS
from annotations.models import (
    Conversation,
    FunctionExample,
    IntentExample,
    ParameterSpan,
    QueueItem,
    Suggestion,
    Turn,
    Utterance,
)
from annotations.services import personal, reports
from annotations.services.invariants import broken
from annotations.services.personal import Place
from tests.factories import cast

pytestmark = pytest.mark.django_db
SAID = "my name is Wendeline Quux and i want to pay"
NAME = Place(11, 25, "NAME")


@pytest.fixture
def reported(ana, report, pay, say):
    of = cast.utterance(SAID)
    cast.suggestion(of, "pay_bill")
    report(ana, of)
    return of


def shown(of) -> str:
    (found,) = reports.quarantined()
    return "".join(piece.shown for piece in personal.masked(found))


def test_the_reviewer_sees_dots_where_names_and_numbers_stand(ana, report):
    report(ana, cast.utterance("my name is Wendeline Quux call 5 five may [CARD_1]"))

    assert shown(None) == "my name is ••••••••• •••• call • •••• ••• [CARD_1]"


def test_taken_out_the_words_are_nowhere(reported, rita):
    new = personal.redact(by=rita, utterance_id=reported.pk, places=[NAME])

    old = Utterance.objects.get(pk=reported.pk)
    assert (old.text, old.status) == ("", Utterance.Status.ERASED)
    assert new.text == "my name is [NAME_1] and i want to pay"
    assert not Suggestion.objects.filter(utterance=old).exists()
    assert broken(INVARIANTS) == []


def test_what_is_left_is_read_by_the_full_pass_before_anybody_sees_it(reported, rita):
    new = personal.redact(by=rita, utterance_id=reported.pk, places=[NAME])

    assert new.redaction == Utterance.Redaction.LIGHT
    assert new.status == Utterance.Status.POOL


def test_marks_on_the_words_lose_them_too(ana, ben, rita, say, report):
    live = cast.live_schema(cast.intent("move_home"))
    of = cast.utterance(SAID)
    say(
        ana, of, live.function.name,
        spans=[(11, 25, "account_number", SAID[11:25], "Wendeline")],
    )  # fmt: skip
    report(ben, of)

    personal.redact(by=rita, utterance_id=of.pk, places=[NAME])

    assert list(ParameterSpan.objects.values_list("text", "value")) == [("", "")]


def test_examples_made_of_the_words_go_with_them(reported, rita):
    live = cast.live_schema(cast.intent("move_home"))
    FunctionExample.objects.create(
        function=live.function, kind="positive", text=SAID, utterance_id=reported.pk,
        vetted_by=rita,
    )  # fmt: skip
    IntentExample.objects.create(
        intent=live.function.intent, utterance=reported, kind="positive", added_by=rita
    )

    personal.redact(by=rita, utterance_id=reported.pk, places=[NAME])

    assert not FunctionExample.objects.exists()
    assert not IntentExample.objects.exists()


def test_the_same_turn_leaves_the_context_of_later_ones(reported, rita):
    call = Conversation.objects.create(source="calls", external_id="1")
    later = cast.utterance(context=[{"role": "caller", "text": SAID}])
    Turn.objects.create(conversation=call, number=1, utterance=reported)
    Turn.objects.create(conversation=call, number=2, utterance=later)

    new = personal.redact(by=rita, utterance_id=reported.pk, places=[NAME])

    later.refresh_from_db()
    assert later.context == [{"role": "caller", "text": new.text}]
    assert Turn.objects.get(number=1).utterance_id == new.pk


def test_the_same_text_without_the_name_is_one_utterance(reported, rita):
    from django.conf import settings

    from annotations.intake import normalize

    text = "my name is [NAME_1] and i want to pay"
    key = normalize.dedupe_key(text, settings.DATA_KEY.encode())
    twin = cast.utterance(text)
    Utterance.objects.filter(pk=twin.pk).update(dedupe_key=key, count=3)

    new = personal.redact(by=rita, utterance_id=reported.pk, places=[NAME])

    assert (new.pk, Utterance.objects.get(pk=twin.pk).count) == (twin.pk, 4)


@pytest.mark.parametrize(
    "places",
    [
        [],
        [Place(11, 25, "SECRET")],
        [Place(20, 11, "NAME")],
        [Place(11, 25, "NAME"), Place(20, 30, "NAME")],
        [Place(40, 99, "NAME")],
    ],
)
def test_marks_that_make_no_sense_change_nothing(places, reported, rita):
    with pytest.raises(personal.InvalidError):
        personal.redact(by=rita, utterance_id=reported.pk, places=places)

    assert Utterance.objects.get(pk=reported.pk).text == SAID


def test_released_it_is_back_where_its_answers_put_it(reported, rita):
    reports.release(by=rita, uuid=cast.new_id(), utterance_id=reported.pk)

    reported.refresh_from_db()
    assert reported.status == Utterance.Status.POOL
    assert not reports.quarantined().exists()
    assert broken(INVARIANTS) == []


def test_a_second_report_counts_after_a_release(reported, rita, ben, report):
    reports.release(by=rita, uuid=cast.new_id(), utterance_id=reported.pk)

    report(ben, reported)

    reported.refresh_from_db()
    assert reported.status == Utterance.Status.QUARANTINED
    assert not QueueItem.objects.filter(status__in=QueueItem.OPEN).exists()


def test_nobody_decides_about_their_own_report(report):
    both = cast.person("both", "annotator", "reviewer")
    of = cast.utterance(SAID)
    report(both, of)

    with pytest.raises(personal.NotAllowedError):
        reports.release(by=both, uuid=cast.new_id(), utterance_id=of.pk)
    with pytest.raises(personal.NotAllowedError):
        personal.redact(by=both, utterance_id=of.pk, places=[NAME])


def test_what_was_decided_cannot_be_decided_again(reported, rita):
    personal.redact(by=rita, utterance_id=reported.pk, places=[NAME])

    with pytest.raises(personal.ConflictError):
        reports.release(by=rita, uuid=cast.new_id(), utterance_id=reported.pk)
