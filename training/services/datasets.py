"""From gold labels to frozen data: what a round trained on can always be said."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.db.models import Prefetch, Q, QuerySet
from psycopg import sql

from annotations.models import GoldLabel, ParameterSpan, Utterance
from annotations.services import marks
from training.ml.data import Dataset, Example, Span, Turn
from training.models import DatasetSnapshot, SnapshotMember
from training.services import data_cards

VALID_SHARE = 0.1
CHUNK = 5000
# What is read of an utterance and of a span: thousands of them are.
TEXT = ("text", "context", "conversation")
MARKS = ParameterSpan.objects.only(
    "annotation", "turn", "param", "start", "end", "value"
)
MEMBER = ("utterance_id", "annotation_id", "split", "calls", "marks_known")
Split = SnapshotMember.Split


@dataclass(frozen=True)
class Member:
    """One gold label about to be frozen."""

    utterance_id: int
    annotation_id: str
    split: str
    calls: int
    conversation: int | None
    marks_known: bool
    fact: bytes

    @property
    def is_exam(self) -> bool:
        return self.split == Split.EXAM


def gold() -> QuerySet[GoldLabel]:
    """Gold labels a model may learn from or be measured on.

    Where the recognizer misheard a word the intent was told from what a person could
    guess, not from the words: noise to learn from, but what callers' turns are like,
    so the exam keeps it.
    """
    learnable = Q(annotation__is_misheard=False) | Q(
        utterance__split=Utterance.Split.EXAM
    )
    return GoldLabel.objects.filter(
        learnable,
        utterance__status=Utterance.Status.LABELED,
        utterance__redaction=Utterance.Redaction.FULL,
        intent__is_active=True,
    )


@transaction.atomic
def freeze(*, separate_conversations: bool = False) -> DatasetSnapshot:
    """The gold labels of this moment as a snapshot; equal content is one snapshot.

    The exam's labels are frozen along, so that champion and challenger answer the
    same items; they are never trained on. separate_conversations: what was said in a
    conversation of which a turn is in the exam is left out of training as well.
    """
    kept_apart = _exam_conversations() if separate_conversations else frozenset()
    found = list(_members())
    members = [m for m in found if m.is_exam or m.conversation not in kept_apart]
    digest = hashlib.sha256(b"".join(member.fact for member in members)).hexdigest()
    counts = {split: sum(m.split == split for m in members) for split in Split.values}
    snapshot, is_new = DatasetSnapshot.objects.get_or_create(
        digest=digest, defaults={"n": len(members), "description": counts}
    )
    if is_new:
        _store(snapshot, members)
        card = data_cards.make(
            snapshot,
            shared_conversations=len(found) - len(members),
            is_separate=separate_conversations,
        )
        snapshot.description = {**counts, "card": card}
        snapshot.save(update_fields=["description"])
    return snapshot


def _store(snapshot: DatasetSnapshot, members: Sequence[Member]) -> None:
    columns = sql.SQL(", ").join(map(sql.Identifier, ("snapshot_id", *MEMBER)))
    copy = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(SnapshotMember._meta.db_table), columns
    )
    with connection.cursor() as cursor, cursor.copy(copy) as rows:
        for member in members:
            rows.write_row((snapshot.pk, *(getattr(member, name) for name in MEMBER)))


def counts_of(snapshot: DatasetSnapshot) -> dict[str, int]:
    """How many members each split has."""
    return {split: snapshot.description.get(split, 0) for split in Split.values}


def load(snapshot: DatasetSnapshot, *splits: str) -> Dataset:
    """The members of some splits as examples, in the order of their answers.

    Labels are read from the annotations that were frozen, not from today's gold. An
    utterance quarantined or erased since is left out.
    """
    members = (
        SnapshotMember.objects.filter(snapshot=snapshot, split__in=splits)
        .filter(utterance__redaction=Utterance.Redaction.FULL)
        .exclude(utterance__status__in=Utterance.OUT_OF_SIGHT)
        .select_related("utterance", "annotation__intent")
        .only(
            *("calls", "marks_known"),
            *(f"utterance__{name}" for name in TEXT),
            *(f"annotation__{name}" for name in ("act", "is_misheard", "intent__name")),
        )
        .prefetch_related(Prefetch("annotation__spans", MARKS))
        # Equal labels train the same model whatever order utterances came in.
        .order_by("annotation_id")
    )
    return Dataset(
        tuple(_example(member) for member in members.iterator(chunk_size=CHUNK))
    )


def _members() -> Iterator[Member]:
    without_parameters = marks.intents_without_parameters()
    labels = (
        gold()
        .select_related("utterance", "intent", "annotation")
        .only(
            "intent__name",
            *(f"utterance__{name}" for name in (*TEXT, "split", "count", "dedupe_key")),
            *(f"annotation__{name}" for name in ("act", "marks_known")),
        )
        .prefetch_related(Prefetch("annotation__spans", MARKS))
        .order_by("utterance_id")
    )
    for label in labels.iterator(chunk_size=CHUNK):
        split = split_of(label.utterance)
        marks_known = (
            label.annotation.marks_known or label.intent_id in without_parameters
        )
        yield Member(
            utterance_id=label.utterance_id,
            annotation_id=label.annotation_id,
            split=split,
            calls=label.utterance.count,
            conversation=label.utterance.conversation_id,
            marks_known=marks_known,
            fact=_fact(label, split, marks_known),
        )


def _exam_conversations() -> frozenset[int]:
    exam = gold().filter(
        utterance__split=Utterance.Split.EXAM, utterance__conversation__isnull=False
    )
    return frozenset(exam.values_list("utterance__conversation", flat=True))


def split_of(utterance: Utterance) -> str:
    """The exam stays the exam; of the rest a stable share, by conversation, is held
    out to calibrate on."""
    if utterance.split == Utterance.Split.EXAM:
        return Split.EXAM
    group = (
        str(utterance.conversation_id).encode()
        if utterance.conversation_id
        else bytes(utterance.dedupe_key)
    )
    point = int.from_bytes(hashlib.sha256(b"valid:" + group).digest()[:8], "big")
    return Split.VALID if point / 2**64 < VALID_SHARE else Split.TRAIN


def _fact(label: GoldLabel, split: str, marks_known: bool = True) -> bytes:
    row: list[Any] = [
        label.utterance_id,
        str(label.annotation_id),
        label.intent.name,
        label.utterance.text,
        split,
        [_place(span) for span in label.annotation.spans.all()],
    ]
    if label.annotation.act:  # facts frozen before there were acts stay equal
        row.append(label.annotation.act)
    if label.utterance.count > 1:
        row.append({"calls": label.utterance.count})
    if label.utterance.context:
        row.append({"context": label.utterance.context})
    if not marks_known:  # so do those from before this was told apart
        row.append({"marks_known": False})
    return json.dumps(row, ensure_ascii=False).encode() + b"\n"


def _place(span: ParameterSpan) -> tuple[Any, ...]:
    place = (span.start, span.end, span.param, span.value)
    return place if span.turn is None else (*place, span.turn)


def _example(member: SnapshotMember) -> Example:
    utterance, annotation = member.utterance, member.annotation
    return Example(
        text=utterance.text,
        intent=annotation.intent.name if annotation.intent else None,
        spans=tuple(
            Span(span.start, span.end, span.param, span.value)
            for span in annotation.spans.all()
            if span.turn is None  # what an earlier turn said is not in this text
        ),
        context=tuple(_turns(utterance.context)),
        conversation_id=_conversation(utterance),
        weight=float(member.calls),
        key=utterance.pk,
        act=annotation.act,
        # No recognizer tells us how sure it was; an annotator says when it was wrong.
        heard=0.0 if annotation.is_misheard else None,
        marks_known=member.marks_known,
    )


def _turns(context: Any) -> Iterator[Turn]:
    for turn in context or ():
        yield Turn(str(turn.get("role", "")), str(turn.get("text", "")))


def _conversation(utterance: Utterance) -> str | None:
    key = utterance.conversation_id
    return str(key) if key else None
