"""From gold labels to frozen data: what a round trained on can always be said."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db import connection, transaction
from django.db.models import F, OuterRef, Q, QuerySet
from django.db.models.functions import JSONObject
from psycopg import sql

from annotations.models import GoldLabel, ParameterSpan, Utterance
from annotations.services import marks
from training.ml.data import Dataset, Example, Span, Turn
from training.models import DatasetSnapshot, SnapshotMember
from training.services import data_cards

VALID_SHARE = 0.1
CHUNK = 5000
# Labels are read as plain rows, for they are thousands, each with what is marked in it.
MARK = ("turn", "param", "start", "end", "value")
MARKS = ArraySubquery(
    ParameterSpan.objects.filter(annotation=OuterRef("annotation"))
    .order_by("start")
    .values(mark=JSONObject(**{name: name for name in MARK}))
)
SAID = {
    "key": F("utterance"),
    "text": F("utterance__text"),
    "context": F("utterance__context"),
    "conversation": F("utterance__conversation"),
    "answer": F("annotation"),
    "act": F("annotation__act"),
    "marks": MARKS,
}
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
        # Equal labels train the same model whatever order utterances came in.
        .order_by("annotation_id")
        .values(
            "calls",
            "marks_known",
            **SAID,
            is_misheard=F("annotation__is_misheard"),
            intent_name=F("annotation__intent__name"),
        )
    )
    return Dataset(tuple(map(_example, members.iterator(chunk_size=CHUNK))))


def _members() -> Iterator[Member]:
    without_parameters = marks.intents_without_parameters()
    for label in _labels().iterator(chunk_size=CHUNK):
        split = split_of(label["own_split"], label["conversation"], label["dedupe_key"])
        marks_known = label["looked"] or label["intent_id"] in without_parameters
        yield Member(
            utterance_id=label["key"],
            annotation_id=label["answer"],
            split=split,
            calls=label["calls"],
            conversation=label["conversation"],
            marks_known=marks_known,
            fact=_fact(label, split, marks_known),
        )


def _labels() -> QuerySet[GoldLabel, dict[str, Any]]:
    return (
        gold()
        .order_by("utterance_id")
        .values(
            "intent_id",
            **SAID,
            calls=F("utterance__count"),
            own_split=F("utterance__split"),
            dedupe_key=F("utterance__dedupe_key"),
            looked=F("annotation__marks_known"),
            intent_name=F("intent__name"),
        )
    )


def _exam_conversations() -> frozenset[int]:
    exam = gold().filter(
        utterance__split=Utterance.Split.EXAM, utterance__conversation__isnull=False
    )
    return frozenset(exam.values_list("utterance__conversation", flat=True))


def split_of(own_split: str, conversation: int | None, dedupe_key: bytes) -> str:
    """The exam stays the exam; of the rest a stable share, by conversation, is held
    out to calibrate on. own_split: the utterance's."""
    if own_split == Utterance.Split.EXAM:
        return Split.EXAM
    group = str(conversation).encode() if conversation else bytes(dedupe_key)
    point = int.from_bytes(hashlib.sha256(b"valid:" + group).digest()[:8], "big")
    return Split.VALID if point / 2**64 < VALID_SHARE else Split.TRAIN


def _fact(label: Mapping[str, Any], split: str, marks_known: bool = True) -> bytes:
    row: list[Any] = [
        label["key"],
        str(label["answer"]),
        label["intent_name"],
        label["text"],
        split,
        [_place(mark) for mark in label["marks"]],
    ]
    if label["act"]:  # facts frozen before there were acts stay equal
        row.append(label["act"])
    if label["calls"] > 1:
        row.append({"calls": label["calls"]})
    if label["context"]:
        row.append({"context": label["context"]})
    if not marks_known:  # so do those from before this was told apart
        row.append({"marks_known": False})
    return json.dumps(row, ensure_ascii=False).encode() + b"\n"


def _place(mark: Mapping[str, Any]) -> tuple[Any, ...]:
    place = (mark["start"], mark["end"], mark["param"], mark["value"])
    return place if mark["turn"] is None else (*place, mark["turn"])


def _example(member: Mapping[str, Any]) -> Example:
    conversation = member["conversation"]
    return Example(
        text=member["text"],
        intent=member["intent_name"],
        spans=tuple(
            Span(mark["start"], mark["end"], mark["param"], mark["value"])
            for mark in member["marks"]
            if mark["turn"] is None  # what an earlier turn said is not in this text
        ),
        context=tuple(_turns(member["context"])),
        conversation_id=str(conversation) if conversation else None,
        weight=float(member["calls"]),
        key=member["key"],
        act=member["act"],
        # No recognizer tells us how sure it was; an annotator says when it was wrong.
        heard=0.0 if member["is_misheard"] else None,
        marks_known=member["marks_known"],
    )


def _turns(context: Any) -> Iterator[Turn]:
    for turn in context or ():
        yield Turn(str(turn.get("role", "")), str(turn.get("text", "")))
