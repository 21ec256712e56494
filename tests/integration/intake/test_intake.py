"""From a file to rows: everything counted once, nothing lost, nothing in the clear."""

import gzip
import json
import os

import pytest
from django.db import connection

from annotations.errors import InvalidError, NotFoundError, TooLargeError
from annotations.intake import pipeline
from annotations.models import (
    AuditEvent,
    Conversation,
    IntakeBatch,
    Turn,
    Utterance,
)
from annotations.services import bronze_files, intake
from tests.factories import cast

from .conftest import counters, lines, receive, take_in

pytestmark = pytest.mark.django_db

CARD = "4111111111111111"


def test_rows_are_redacted_counted_and_wait_for_the_full_pass():
    batch = take_in(
        lines(
            "my card is 4111 1111 1111 1111",
            "why is my bill so high",
            "Why is my bill SO high?",
            {"no": "text"},
        )
    )

    assert batch.status == IntakeBatch.Status.CLOSED
    assert counters(batch) == (4, 2, 1, 1)
    assert set(Utterance.objects.values_list("text", "count", "redaction")) == {
        ("my card is [CARD_1]", 1, "light"),
        ("why is my bill so high", 2, "light"),
    }
    assert not Utterance.objects.visible().exists()


def test_no_raw_text_reaches_the_database_or_the_disk():
    take_in(lines(f"my card is {CARD}", {"text": "x", "spans": CARD}, {"t": CARD}))

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT string_agg(u::text, '') || (SELECT string_agg(r::text, '') FROM"
            " annotations_rejectedrow r) || (SELECT string_agg(a::text, '') FROM"
            " annotations_auditevent a) FROM annotations_utterance u"
        )
        (everything,) = cursor.fetchone()
    assert "[CARD_1]" in everything
    assert CARD not in everything
    files = list(bronze_files.folder().iterdir())
    assert len(files) == 1
    assert CARD.encode() not in files[0].read_bytes()


def test_the_same_file_again_adds_nothing():
    data = lines("one text", "one text", "another text")
    first = take_in(data)

    again = take_in(data)

    assert again == first
    assert counters(again) == (3, 2, 1, 0)
    assert sorted(Utterance.objects.values_list("text", "count")) == [
        ("another text", 1),
        ("one text", 2),
    ]
    assert len(list(bronze_files.folder().iterdir())) == 1


def test_another_file_with_the_same_text_raises_its_count():
    take_in(lines("one text"))

    batch = take_in(lines("One text!", "two"))

    assert counters(batch) == (2, 1, 1, 0)
    assert Utterance.objects.get(text="one text").count == 2


def test_a_turn_that_is_stored_counts_for_nothing():
    turn = {"text": "pay my bill", "conversation_id": "c1", "turn": 1}
    take_in(lines(turn, turn, {**turn, "turn": 2}))

    batch = take_in(lines(turn, {**turn, "turn": 3, "outcome": "agent"}))

    assert counters(batch) == (2, 0, 2, 0)
    assert Utterance.objects.get().count == 3
    assert Turn.objects.count() == 3
    assert Conversation.objects.get().outcome == "transferred"


def test_the_same_turn_of_another_source_is_another_turn():
    turn = {"text": "pay my bill", "conversation_id": "c1", "turn": 1}
    take_in(lines(turn))

    take_in(lines(turn), source="chats")

    assert Utterance.objects.get().count == 2
    assert Conversation.objects.count() == 2


def test_a_value_keeps_its_number_within_a_conversation():
    said = {"conversation_id": "c1", "text": "my account number is 55512345"}
    context = [
        {"role": "user", "text": said["text"]},
        {"role": "bot", "text": "and the old one?"},
    ]
    take_in(
        lines(
            {**said, "turn": 1},
            {
                "conversation_id": "c1",
                "turn": 3,
                "context": context,
                "text": "the old account number was 99988877 not 55512345",
            },
        )
    )

    second = Utterance.objects.get(turn=3)
    assert second.text.endswith("was [ACCOUNT_NUMBER_2] not [ACCOUNT_NUMBER_1]")
    assert second.context[0]["text"] == "my account number is [ACCOUNT_NUMBER_1]"
    assert second.context[1] == context[1]


def test_rejected_rows_keep_line_and_reason_and_no_text():
    batch = take_in(b'{"text": "fine"}\n{"text": "secret word\n\n{"text": 4}\n')

    assert list(batch.rejects.values_list("line", "code")) == [
        (2, "bad_json"),
        (4, "wrong_type"),
    ]
    assert "secret" not in "".join(batch.rejects.values_list("reason", flat=True))


def test_text_that_grows_too_long_by_redaction_is_rejected():
    names = " ".join(f"pin {n}" for n in range(1000, 1240))
    batch = take_in(lines(names[:2000]))

    assert list(batch.rejects.values_list("code", flat=True)) == ["too_long"]


def test_the_split_follows_the_text_and_not_the_file():
    texts = [f"utterance number {n} about my bill" for n in range(600)]
    take_in(lines(*texts))
    before = dict(Utterance.objects.values_list("text", "split"))
    Utterance.objects.all().delete()

    take_in(lines(*reversed(texts)))

    assert dict(Utterance.objects.values_list("text", "split")) == before
    assert 30 < list(before.values()).count("exam") < 95


def test_a_table_with_a_column_map_is_taken_in():
    batch = take_in(
        b"Id,Verbatim\n1,no signal at home\n2\n3,slow internet\n",
        "voc.csv",
        options={"map": "text=Verbatim"},
    )

    assert counters(batch) == (3, 2, 0, 1)


def test_a_file_cut_off_in_the_middle_keeps_what_came():
    rows = [f"line number {n * 7919 % 99991} of the upload" for n in range(9000)]
    whole = gzip.compress(lines(*rows))

    batch = take_in(whole[:-4000], "calls.jsonl.gz")

    assert batch.status == IntakeBatch.Status.FAILED
    assert "ends in the middle" in batch.error
    assert batch.received == batch.accepted > 2000
    assert Utterance.objects.count() == batch.accepted


def test_the_same_broken_file_again_adds_nothing():
    whole = gzip.compress(lines(*[f"text {n * 7919 % 9973}" for n in range(500)]))
    first = take_in(whole[:-100])

    again = take_in(whole[:-100])

    assert again == first
    assert again.status == IntakeBatch.Status.FAILED
    assert counters(again) == counters(first)
    assert set(Utterance.objects.values_list("count", flat=True)) == {1}


def test_bytes_that_are_no_text_fail_the_batch_with_a_sentence():
    batch = take_in(b"PK\x03\x04rest", "book.xlsx")

    assert batch.status == IntakeBatch.Status.FAILED
    assert "ZIP" in batch.error
    assert counters(batch) == (0, 0, 0, 0)


class Killed(BaseException):
    """Stands for SIGKILL: nothing of ours may catch it."""


def kill_after(monkeypatch, chunks: int) -> None:
    store = intake._store
    left = [chunks]

    def store_or_die(*given):
        if left[0] == 0:
            raise Killed
        left[0] -= 1
        store(*given)

    monkeypatch.setattr(intake, "_store", store_or_die)


def forget_heartbeat(batch: IntakeBatch) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE annotations_intakebatch SET heartbeat_at = now() - interval '1 h'"
            " WHERE id = %s",
            [batch.pk],
        )


@pytest.mark.parametrize("chunks", [0, 1, 3])
def test_a_killed_worker_goes_on_where_it_stood(monkeypatch, chunks):
    monkeypatch.setattr(pipeline.Preparer.chunks, "__defaults__", (10,))
    rows = [f"utterance {n % 40} of the file" for n in range(60)]
    data = lines(*rows).replace(b"utterance 7 ", b"utterance \xff 7 ")
    batch = receive(data)
    with monkeypatch.context() as patch:
        kill_after(patch, chunks)
        with pytest.raises(Killed):
            intake.process(batch.pk)
    forget_heartbeat(batch)
    assert batch.pk in intake.due()

    intake.process(batch.pk)

    batch.refresh_from_db()
    assert batch.status == IntakeBatch.Status.CLOSED
    assert counters(batch) == (60, 39, 19, 2)
    assert sum(Utterance.objects.values_list("count", flat=True)) == 58
    assert batch.rejects.count() == 2


def test_a_batch_that_a_live_worker_reads_is_left_to_it():
    batch = receive(lines("a text"))
    assert intake._claim(batch.pk) is not None

    assert intake.process(batch.pk) is False
    assert batch.pk not in intake.due()


def test_a_worker_that_lost_its_claim_stores_nothing_more():
    batch = receive(lines("a text"))
    slow = intake._claim(batch.pk)
    forget_heartbeat(batch)
    intake.process(batch.pk)

    with pytest.raises(intake.ClaimLostError):
        intake._store(slow, pipeline.Chunk(last_line=1), False)

    batch.refresh_from_db()
    assert counters(batch) == (1, 1, 0, 0)


def test_a_batch_that_kills_its_worker_every_time_is_given_up(monkeypatch):
    batch = receive(lines("a text"))
    kill_after(monkeypatch, 0)
    for _ in range(intake.MAX_ATTEMPTS):
        with pytest.raises(Killed):
            intake.process(batch.pk)
        forget_heartbeat(batch)

    assert intake.process(batch.pk) is False

    batch.refresh_from_db()
    assert batch.status == IntakeBatch.Status.FAILED
    assert "died 3 times" in batch.error
    assert intake.due() == []


def test_cancelling_keeps_what_is_in_and_the_same_file_goes_on_later(monkeypatch):
    monkeypatch.setattr(pipeline.Preparer.chunks, "__defaults__", (10,))
    data = lines(*[f"utterance {n}" for n in range(50)])
    batch = receive(data)
    boris = cast.person("boris", "admin")
    seen = []

    def cancel_at_twenty(current):
        seen.append(current.received)
        if current.received == 20:
            intake.cancel(batch.pk, by=boris)

    intake.process(batch.pk, progress=cancel_at_twenty)
    batch.refresh_from_db()
    assert (batch.status, batch.received) == (IntakeBatch.Status.CANCELLED, 20)

    again = take_in(data)

    assert again == batch
    assert counters(again) == (50, 50, 0, 0)
    with pytest.raises(intake.BatchNotOpenError):
        intake.cancel(batch.pk, by=boris)


def test_an_unknown_batch_cannot_be_cancelled():
    with pytest.raises(NotFoundError):
        intake.cancel(cast.new_id(), by=cast.ana())


@pytest.mark.parametrize("source", ["", "Upper", "a b", "../etc", "x" * 41, "a\0"])
def test_a_source_is_a_plain_name(source):
    with pytest.raises(InvalidError):
        receive(b"{}", source=source)

    assert IntakeBatch.objects.count() == 0


@pytest.mark.parametrize(
    "more",
    [{"reader": "excel"}, {"options": {"labels": "maybe"}},
     {"options": {"map": "x" * 2001}}],
)  # fmt: skip
def test_what_no_reader_can_do_is_refused_before_anything_is_kept(more):
    with pytest.raises(InvalidError):
        receive(b"{}", **more)

    assert list(bronze_files.folder().iterdir()) == []


def test_too_large_a_file_is_refused(settings):
    settings.UPLOAD_LIMIT_BYTES = 1000

    with pytest.raises(TooLargeError):
        receive(b"x" * 1001)

    assert list(bronze_files.folder().iterdir()) == []


def test_a_file_that_is_gone_fails_its_batch():
    batch = receive(lines("a text"))
    (bronze_files.folder() / batch.bronze_path).unlink()

    intake.process(batch.pk)

    batch.refresh_from_db()
    assert batch.status == IntakeBatch.Status.FAILED
    assert "upload it again" in batch.error


def test_uploads_go_when_their_retention_ends(settings):
    kept, old = take_in(lines("a")), take_in(lines("b"))
    IntakeBatch.objects.filter(pk=old.pk).update(finished_at="2020-01-01T00:00Z")

    assert bronze_files.drop_expired() == 1

    assert [p.name for p in bronze_files.folder().iterdir()] == [kept.bronze_path]
    assert bronze_files.drop_expired() == 0


def test_what_a_cut_off_upload_left_behind_goes_after_a_day():
    batch = take_in(lines("a"))
    left, fresh = (bronze_files.folder() / name for name in ("x.part", "y.part"))
    for path in (left, fresh, bronze_files.folder() / batch.bronze_path):
        path.touch()
        if path != fresh:
            os.utime(path, (0, 0))

    assert bronze_files.drop_expired() == 1

    assert not left.exists()
    assert fresh.exists()
    assert (bronze_files.folder() / batch.bronze_path).exists()


def test_what_happened_to_a_batch_is_in_the_trail():
    batch = take_in(lines("a text"))

    events = AuditEvent.objects.filter(object=f"batch:{batch.pk}").order_by("id")
    assert [event.action for event in events] == ["batch.received", "batch.closed"]
    assert json.loads(events[1].payload)["accepted"] == 1
