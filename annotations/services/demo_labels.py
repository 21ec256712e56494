"""Labels of the demo's annotators, given through the same service as everybody's."""

import hashlib
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from annotations.demo import answers, storm
from annotations.demo import catalogue as demo
from annotations.demo.dice import Dice
from annotations.models import Annotation, QueueItem, Reason, Turn, User, Utterance
from annotations.services import labels, queue
from annotations.services.demo import Cast

NAMESPACE = uuid.UUID("0b1f4a52-70a5-4b0e-8f6a-1b1c6f1f6c11")
# Share of the labels given to the exam: enough to measure the first model on.
EXAM_SHARE = 0.24
SECOND_OPINION_SHARE = 0.10


@dataclass(frozen=True)
class Pool:
    """What may be asked, in an order nobody chose.

    answer: what the demo's annotator will say of a row, once it has been asked.
    """

    texts: tuple[str, ...]
    counts: tuple[int, ...]
    is_fallback: tuple[bool, ...]
    answer: Callable[[int], str]


@dataclass(frozen=True)
class Choice:
    """One row of the pool, why it is asked, and how likely it was to be."""

    row: int
    reason: str
    probability: float


class Choose(Protocol):
    """Rows of the pool in the order in which they are asked.

    asked: rows of an earlier pool and their answers, learned from already.
    """

    def __call__(
        self, pool: Pool, n: int, *, asked: Sequence[tuple[str, str]]
    ) -> list[Choice]: ...


def by_chance(
    pool: Pool, n: int, *, asked: Sequence[tuple[str, str]] = ()
) -> list[Choice]:
    """Any n rows: they come in an order nobody chose."""
    size = len(pool.texts)
    probability = min(1.0, n / size) if size else 1.0
    return [Choice(row, Reason.RANDOM, probability) for row in range(min(n, size))]


@dataclass(frozen=True)
class Task:
    """One answer to be given: who, of what, knowing what was really meant."""

    key: uuid.UUID
    utterance_id: int
    text: str
    record: Mapping[str, Any]
    act: str
    reason: str
    draw_probability: float
    annotator: User
    error_rate: float
    annotators: tuple[User, ...]  # of the demo


def label(
    records: Iterable[Mapping[str, Any]],
    *,
    n_labels: int,
    cast: Cast,
    share: float = 1.0,
    choose: Choose = by_chance,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> int:
    """Demo annotators answer `n_labels` utterances; returns how many answers are new.

    share: of the utterances, those said before the storm first.
    records: what the generator made; those taken in and fully redacted count. Which
    utterances are drawn follows from what was said alone, so that a run that was cut
    off goes on with the same ones. choose: those that are not of the exam.
    """
    tasks = _tasks(_taken_in(records), n_labels, share, cast, choose)
    known = set(
        Annotation.objects.filter(pk__in=[task.key for task in tasks]).values_list(
            "pk", flat=True
        )
    )
    new = 0
    for done, task in enumerate(tasks, start=1):
        if task.key not in known:
            new += _answer(task)
        on_progress(done, len(tasks))
    return new


@dataclass(frozen=True)
class _Said:
    order: bytes
    utterance_id: int
    text: str
    split: str
    record: Mapping[str, Any]
    act: str
    count: int = 1  # of the records; callers of today change nothing

    @property
    def said_at(self) -> datetime:
        return datetime.fromisoformat(self.record["occurred_at"])


_Drawn = tuple[_Said, str, float]  # with the reason and the chance of being drawn


def _taken_in(records: Iterable[Mapping[str, Any]]) -> list[_Said]:
    """The records as stored, one for each utterance, in an order nobody chose."""
    by_turn = {(r["conversation_id"], r["turn"]): r for r in records}
    acts = answers.acts(list(by_turn.values()), demo.load())
    rows = Turn.objects.filter(
        conversation__external_id__in={name for name, _ in by_turn},
        utterance__redaction=Utterance.Redaction.FULL,
    ).values_list(
        "conversation__external_id",
        "number",
        "utterance_id",
        "utterance__text",
        "utterance__split",
    )
    said: dict[int, _Said] = {}
    times: Counter[int] = Counter()
    for name, turn, utterance_id, text, split in rows.iterator(chunk_size=5000):
        record = by_turn.get((name, turn))
        if record is None:
            continue
        order = hashlib.sha256(f"{name}/{turn}".encode()).digest()
        # Written messages stand alone: there is nothing for them to go on with.
        act = acts[name, turn] if record["context"] else ""
        one = _Said(order, utterance_id, text, split, record, act)
        times[utterance_id] += 1
        if utterance_id not in said or order < said[utterance_id].order:
            said[utterance_id] = one
    counted = (replace(one, count=times[one.utterance_id]) for one in said.values())
    return sorted(counted, key=lambda one: one.order)


def _tasks(
    said: Sequence[_Said], n_labels: int, share: float, cast: Cast, choose: Choose
) -> list[Task]:
    """What is asked before the storm, then since, up to the share of it all."""
    last = max((one.said_at for one in said), default=None)
    exam = [one for one in said if one.split == Utterance.Split.EXAM]
    train = [one for one in said if one.split == Utterance.Split.TRAIN]
    n_exam = min(round(n_labels * EXAM_SHARE), len(exam))
    n_train = min(n_labels - n_exam, len(train))
    wanted = round(share * (n_exam + n_train))
    tasks: list[Task] = []
    answers_given: list[tuple[str, str]] = []
    for has_begun in (False, True):
        pool = [one for one in train if has_begun is storm.has_begun(one.said_at, last)]
        asked_now = [
            (one, Reason.EXAM, n_exam / len(exam))
            for one in exam[:n_exam]
            if has_begun is storm.has_begun(one.said_at, last)
        ]
        n = round(n_train * len(pool) / len(train)) if train else 0
        if wanted <= 0:
            break
        chosen = _chosen(pool, n, cast, choose, answers_given)
        drawn = _mixed(asked_now, chosen)[:wanted]
        wanted -= len(drawn)
        tasks += [task for draw in drawn for task in _asked(*draw, cast)]
        answers_given += [(one.text, _first_answer(one, cast)) for one, _, _ in chosen]
    return tasks


def _chosen(
    said: Sequence[_Said],
    n: int,
    cast: Cast,
    choose: Choose,
    asked: Sequence[tuple[str, str]],
) -> list[_Drawn]:
    pool = Pool(
        texts=tuple(one.text for one in said),
        counts=tuple(one.count for one in said),
        is_fallback=tuple(bool(one.record.get("is_fallback")) for one in said),
        answer=lambda row: _first_answer(said[row], cast),
    )
    choices = choose(pool, n, asked=asked)
    return [(said[one.row], one.reason, one.probability) for one in choices]


def _mixed(*parts: Sequence[_Drawn]) -> list[_Drawn]:
    """Exam and training in turns, so that any part of it has both in proportion."""
    placed = [
        ((place + 0.5) / len(part), one[0].order, one)
        for part in parts
        for place, one in enumerate(part)
    ]
    return [one for *_, one in sorted(placed, key=lambda placing: placing[:2])]


def _asked(said: _Said, reason: str, probability: float, cast: Cast) -> Iterator[Task]:
    """One annotator is asked, sometimes a second one as well."""
    dice = Dice("asked", said.order.hex())
    first = dice.between(0, len(cast.annotators) - 1)
    yield _task(said, reason, probability, cast, first)
    if dice.chance(SECOND_OPINION_SHARE):
        second = (first + dice.between(1, len(cast.annotators) - 1)) % len(
            cast.annotators
        )
        yield _task(said, Reason.SECOND_OPINION, 1.0, cast, second)


def _first_answer(said: _Said, cast: Cast) -> str:
    """The intent that whoever is asked first will say."""
    return _given(next(_asked(said, Reason.RANDOM, 1.0, cast))).intent


def _given(task: Task) -> answers.DemoAnswer:
    return answers.answer(
        task.record,
        task.text,
        error_rate=task.error_rate,
        dice=Dice("answer", task.key),
        catalogue=demo.load(),
    )


def _task(
    said: _Said, reason: str, probability: float, cast: Cast, number: int
) -> Task:
    annotator, error_rate = cast.annotators[number]
    record = said.record
    name = f"{record['conversation_id']}/{record['turn']}/{annotator.username}"
    return Task(
        key=uuid.uuid5(NAMESPACE, name),
        utterance_id=said.utterance_id,
        text=said.text,
        record=record,
        act=said.act,
        reason=reason,
        draw_probability=probability,
        annotator=annotator,
        error_rate=error_rate,
        annotators=tuple(user for user, _ in cast.annotators),
    )


def _answer(task: Task) -> bool:
    """Lease the utterance to the annotator and submit; False where somebody has it."""
    item = _lease(task) if _is_ours(task) else None
    if item is None:
        return False
    given = _given(task)
    labels.submit(
        by=task.annotator,
        answer=labels.Answer(
            uuid=task.key,
            item_id=item.pk,
            intent=given.intent,
            spans=tuple(
                labels.SpanAnswer(m.start, m.end, m.param, m.text, m.value)
                for m in given.marks
            ),
            not_spoken=given.not_spoken,
            shown_ms=given.shown_ms,
            act=task.act,
        ),
    )
    return True


def _is_ours(task: Task) -> bool:
    """Whether nobody but the demo's annotators has said anything of the utterance."""
    others = Annotation.objects.filter(utterance=task.utterance_id)
    return not others.exclude(annotator__in=task.annotators).exists()


def _lease(task: Task) -> QueueItem | None:
    """An item of its own, beside the queue: people's places and refills stay as is."""
    try:
        with transaction.atomic():
            # A ready item would be a second question about the same utterance.
            QueueItem.objects.filter(
                utterance=task.utterance_id, status=QueueItem.Status.READY
            ).delete()
            return QueueItem.objects.create(
                utterance_id=task.utterance_id,
                reason=task.reason,
                rank=0,
                draw_probability=task.draw_probability,
                status=QueueItem.Status.LEASED,
                leased_by=task.annotator,
                holders=[task.annotator.pk],
                leased_at=Now(),
                lease_expires_at=queue.in_lease(),
            )
    except IntegrityError:
        return None
