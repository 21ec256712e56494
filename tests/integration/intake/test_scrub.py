"""The full pass: nobody sees a row before it, and nothing is lost in it."""

import pytest
from django.db import connection

from annotations.locks import Lock
from annotations.models import (
    Annotation,
    GoldLabel,
    IntakeBatch,
    ParameterSpan,
    PendingLabel,
    Turn,
    Utterance,
)
from annotations.services import export, scrub
from tests.factories import cast

from .conftest import counters, lines, take_in

pytestmark = pytest.mark.django_db


def test_rows_become_visible_with_what_only_the_full_pass_finds_taken_out(full_pass):
    take_in(
        lines(
            "why is my bill so high",
            {
                "text": "tell zorro i called",
                "context": [{"role": "agent", "text": "this is zorro"}],
            },
        )
    )

    count = full_pass()

    assert (count.passed, count.changed, count.failed) == (2, 1, 0)
    changed = Utterance.objects.visible().get(text__startswith="tell")
    assert changed.text == "tell [NAME_1] i called"
    assert changed.context == [{"role": "agent", "text": "this is [NAME_1]"}]
    assert scrub.waiting() == 0


def test_a_row_that_cannot_be_read_stays_out_of_sight_and_is_reported(full_pass):
    take_in(lines("fine", "an unreadable one"))
    take_in(
        lines({"text": "x y z", "context": [{"role": "bot", "text": "unreadable"}]})
    )

    count = full_pass()

    assert (count.passed, count.failed) == (1, 2)
    assert list(Utterance.objects.visible().values_list("text", flat=True)) == ["fine"]
    assert scrub.failed() == 2


def test_rows_that_become_equal_are_merged(full_pass):
    known = cast.utterance("call [NAME_1] back", count=5)
    Utterance.objects.filter(pk=known.pk).update(dedupe_key=_key(known.text))
    turn = {"conversation_id": "c1", "turn": 4, "text": "call zorro back"}
    batch = take_in(lines(turn, {**turn, "turn": 9}, "CALL ZORRO back"))
    assert counters(batch) == (3, 1, 2, 0)

    count = full_pass()

    batch.refresh_from_db()
    assert (count.merged, count.passed) == (1, 0)
    assert counters(batch) == (3, 0, 3, 0)
    assert Utterance.objects.get().count == 8
    assert set(Turn.objects.values_list("utterance", flat=True)) == {known.pk}


def test_of_two_unseen_rows_that_become_equal_the_earlier_stays(full_pass):
    take_in(lines("call zorro back", "call [NAME_1] back"))
    first = Utterance.objects.earliest("id")
    assert first.text == "call zorro back"

    count = full_pass()

    kept = Utterance.objects.get()
    assert (kept.pk, kept.text, kept.count) == (first.pk, "call [NAME_1] back", 2)
    assert (count.merged, count.passed) == (1, 1)


def _key(text: str) -> bytes:
    from django.conf import settings

    from annotations.intake.normalize import dedupe_key

    return dedupe_key(text, settings.DATA_KEY.encode())


def test_labels_that_came_with_rows_become_gold_after_the_full_pass(full_pass):
    take_in(
        lines(
            {
                "text": "pay the march bill",
                "intent": "pay_bill",
                "domain": "BILLING",
                "spans": [{"start": 8, "end": 13, "param": "month", "value": "march"}],
            }
        )
    )
    assert GoldLabel.objects.count() == 0

    full_pass()

    gold = GoldLabel.objects.get()
    assert gold.intent.name == "pay_bill"
    assert gold.intent.domain.name == "billing"
    assert gold.annotation.annotator.is_system
    span = ParameterSpan.objects.get()
    assert (span.param, span.start, span.end, span.text) == ("month", 8, 13, "march")
    assert PendingLabel.objects.count() == 0


def test_a_labeled_span_follows_both_passes_onto_its_placeholder(full_pass):
    text = "zorro here about account number 55512345 for march"
    take_in(
        lines(
            {
                "text": text,
                "intent": "check_bill",
                "spans": [
                    {"start": 32, "end": 40, "param": "account_number"},
                    {"start": 45, "end": 50, "param": "month", "value": "march"},
                ],
            }
        )
    )

    full_pass()

    row = Utterance.objects.get()
    assert row.text == "[NAME_1] here about account number [ACCOUNT_NUMBER_1] for march"
    assert list(ParameterSpan.objects.values_list("param", "text")) == [
        ("account_number", "[ACCOUNT_NUMBER_1]"),
        ("month", "march"),
    ]


def test_labels_for_a_row_already_visible_are_settled_too(full_pass):
    take_in(lines("pay my bill"))
    full_pass()

    take_in(lines({"text": "Pay my bill!", "intent": "pay_bill"}))
    scrub.settle_labels()

    assert GoldLabel.objects.get().intent.name == "pay_bill"


def test_labels_can_be_left_out(full_pass):
    take_in(
        lines({"text": "pay my bill", "intent": "pay_bill"}),
        options={"labels": "ignore"},
    )

    full_pass()

    assert Annotation.objects.count() == 0
    assert Utterance.objects.in_pool().count() == 1


MARK = {"start": 8, "end": 13, "param": "month", "value": "march"}


@pytest.mark.parametrize(
    ("others", "options", "known"),
    [
        ([{"text": "pay for march", "intent": "pay_bill", "spans": [MARK]}], {}, True),
        (
            [
                {"text": "pay for march", "intent": "pay_bill", "spans": [MARK]},
                {"text": "pay it all", "intent": "pay_bill", "spans": []},
            ],
            {},
            False,
        ),
        ([], {}, False),
        ([], {"unmarked": "none"}, True),
        (
            [{"text": "pay for march", "intent": "pay_bill", "spans": [MARK]}],
            {"unmarked": "unknown"},
            False,
        ),
    ],
)
def test_an_intent_without_spans_knows_its_marks_if_its_file_never_writes_none(
    full_pass, others, options, known
):
    bare = {"text": "pay my bill", "intent": "pay_bill"}
    take_in(lines(bare, *others), options=options)

    full_pass()

    label = Annotation.objects.get(utterance__text="pay my bill")
    assert label.marks_known is known


def test_running_the_pass_again_changes_nothing(full_pass):
    take_in(lines("tell zorro", "hello there"))
    full_pass()
    before = list(Utterance.objects.order_by("id").values())

    assert full_pass() == scrub.ScrubCount()
    assert list(Utterance.objects.order_by("id").values()) == before


def test_the_pass_waits_for_no_ranking(full_pass):
    take_in(lines("hello there"))
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [Lock.RANKING.value])

        assert full_pass().passed == 1
    finally:
        other.close()


def test_a_share_of_the_work_can_be_done(full_pass, monkeypatch):
    monkeypatch.setattr(scrub, "CHUNK_ROWS", 2)
    take_in(lines(*[f"utterance {n}" for n in range(5)]))

    full_pass(limit=2)

    assert scrub.waiting() == 3


def test_nothing_is_loaded_where_nothing_waits(monkeypatch):
    monkeypatch.setattr(scrub, "load", lambda: pytest.fail("loaded the model"))

    assert scrub.scrub() == scrub.ScrubCount()


def test_counters_of_a_batch_add_up_after_merging(full_pass):
    take_in(lines("zorro one", "zorro two"))
    take_in(lines("[NAME_1] one", "[NAME_1] two", "three"))

    full_pass()

    for batch in IntakeBatch.objects.all():
        received, *parts = counters(batch)
        assert received == sum(parts)
    assert Utterance.objects.count() == 3


def test_a_value_beside_the_words_is_kept_and_stands_in_the_export(full_pass):
    span = {"start": 7, "end": 12, "param": "month", "value": "2026-03"}
    take_in(lines({"text": "pay my march bill", "intent": "pay", "spans": [span]}))

    full_pass()

    [stored] = ParameterSpan.objects.all()
    assert (stored.text, stored.value) == ("march", "2026-03")
    [(_, record)] = export.records(GoldLabel.objects.all())
    assert record["spans"] == [{**span, "text": "march"}]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        # The light pass knows the number, the full pass the name, each in the value.
        ("pay my card ending so", "4111 1111 1111 1111"),
        ("pay my card of zorro", "zorro"),
        ("pay my card of mister", "mister zorro"),
    ],
)
def test_a_value_holds_no_more_personal_data_than_its_words(full_pass, text, value):
    start = text.index("card")
    span = {"start": start, "end": len(text), "param": "card", "value": value}
    take_in(lines({"text": text, "intent": "pay", "spans": [span]}))

    full_pass()

    [stored] = ParameterSpan.objects.all()
    assert (stored.value or stored.text) == stored.text
    assert "4111" not in stored.value and "zorro" not in stored.text + stored.value


def test_a_value_of_a_row_already_visible_passes_the_full_redaction_too(full_pass):
    take_in(lines("pay my bill now"))
    full_pass()
    span = {"start": 7, "end": 11, "param": "whose", "value": "zorro"}

    take_in(lines({"text": "pay my bill now", "intent": "pay", "spans": [span]}))
    scrub.settle_labels()

    [stored] = ParameterSpan.objects.all()
    assert (stored.text, stored.value) == ("bill", "")
