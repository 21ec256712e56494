"""What each annotator's labels taught the model, against as many drawn by chance.

Made for one person at a time, by a worker; nobody but that person is told.
"""

from dataclasses import asdict

from django.db.models import Count, QuerySet
from django.db.models.functions import Now

from annotations.locks import Lock
from annotations.models import GoldLabel, User, Utterance
from annotations.services.alone import alone
from training.models import OwnEffect
from training.services import datasets, heads
from training.services.learning_comparison import (
    CONTROL,
    drawn_for,
    exam_of,
    labels,
    least,
)

# Made anew after so many labels more of the person.
NEWER_SHARE, NEWER = 0.2, 20
MOST_BASE = 1500  # labels of others; more of them cost time and hide the effect


def of(person: User) -> OwnEffect | None:
    return OwnEffect.objects.filter(person=person).first()


def counts(person: User) -> dict[str, int]:
    """The labels that a comparison would be made of, by the name of the field."""
    return {
        "n_labels": own(person).count(),
        "n_control": control_beside(person).count(),
        "n_exam": _exam().count(),
    }


def needed() -> dict[str, int]:
    """How many of each it takes at least."""
    found = least()
    return {
        "n_labels": found["n_chosen"],
        "n_control": found["n_control"],
        "n_exam": found["n_exam"],
    }


def own(person: User) -> QuerySet[GoldLabel]:
    """Gold labels to train on that are this person's, not a reviewer's decision."""
    return _train().filter(annotation__annotator=person, annotation__is_review=False)


def control_beside(person: User) -> QuerySet[GoldLabel]:
    """The random control that others labeled."""
    return drawn_for(*CONTROL).exclude(annotation__annotator=person)


def due() -> User | None:
    """Somebody with labels enough of which enough are new."""
    rows = (
        _train()
        .filter(annotation__is_review=False, annotation__annotator__is_active=True)
        .values_list("annotation__annotator")
        .annotate(n=Count("pk"))
        .filter(n__gte=needed()["n_labels"])
        .order_by("annotation__annotator")
    )
    known = dict(OwnEffect.objects.values_list("person", "n_labels"))
    for person_id, n in rows:
        before = known.get(person_id)
        if before is None or n - before >= max(NEWER, NEWER_SHARE * before):
            person = User.objects.get(pk=person_id)
            if _is_enough(counts(person)):
                return person
    return None


def refresh(person: User) -> OwnEffect | None:
    """The person's effect is made and kept.

    None where another process compares, or too few labels have a vector yet.
    """
    with alone(Lock.COMPARISON) as is_ours:
        return _made(person) if is_ours else None


def _made(person: User) -> OwnEffect | None:
    import numpy as np

    from training.ml import choosing

    head = heads.current()
    if head is None:
        return None
    mine = labels(own(person), head.encoder)
    control = labels(control_beside(person), head.encoder)
    exam = exam_of(head.encoder)
    with_vectors = {
        "n_labels": len(mine),
        "n_control": len(control),
        "n_exam": len(exam.intents),
    }
    if not _is_enough(with_vectors):
        return None
    base = labels(_base(person), head.encoder)
    rng = np.random.default_rng(len(mine))
    found = choosing.effect(mine, control, base, exam, rng)
    made, _ = OwnEffect.objects.update_or_create(
        person=person,
        defaults={
            **counts(person),
            "without": found.without,
            "own": asdict(found.own),
            "control": asdict(found.control),
            "difference": asdict(found.difference),
            "made_at": Now(),
        },
    )
    made.refresh_from_db()
    return made


def _base(person: User) -> QuerySet[GoldLabel]:
    """What others labeled, the control left out, the newest first."""
    control = drawn_for(*CONTROL).values("utterance")
    others = _train().exclude(annotation__annotator=person)
    return others.exclude(utterance__in=control).order_by("-resolved_at")[:MOST_BASE]


def _is_enough(found: dict[str, int]) -> bool:
    return all(found[name] >= wanted for name, wanted in needed().items())


def _train() -> QuerySet[GoldLabel]:
    return datasets.gold().filter(utterance__split=Utterance.Split.TRAIN)


def _exam() -> QuerySet[GoldLabel]:
    return datasets.gold().filter(utterance__split=Utterance.Split.EXAM)
