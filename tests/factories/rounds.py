"""Gold labels, policies and checkpoints for tests of rounds."""

import hashlib
import itertools
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from annotations.models import Annotation, GoldLabel, Intent, User, Utterance
from tests.factories import cast, tiny_model
from training import backends
from training.ml.data import Dataset, Example
from training.models import Checkpoint, Policy, Round
from training.services import checkpoints, execution, rounds

_numbers = itertools.count(1)
SAYINGS = {
    "check_bill": "why is my bill so high",
    "fix_internet": "the internet is broken please fix it",
    "cancel_plan": "i want to cancel my plan",
}


def policy(iteration: int = 1, **fields: object) -> Policy:
    """The policy of an iteration with gates that a small exam can pass."""
    defaults = {
        "min_new_gold": 10,
        "max_wait_minutes": 60,
        "recipe": Policy.Recipe.HEAD,
        "gates": {"min_exam": 6, "max_ece": 1.0, "critical": []},
        "is_active": True,
        "promotion": Policy.Promotion.AUTOMATIC,
    }
    found, _ = Policy.objects.update_or_create(
        iteration=iteration, defaults={**defaults, **fields}
    )
    return found


def engineer(name: str = "mia") -> User:
    return User.objects.filter(username=name).first() or cast.person(
        name, "ml_engineer"
    )


def gold(text: str, intent: Intent, split: str = "train") -> GoldLabel:
    """A labeled utterance."""
    labeler = User.objects.filter(username="lia").first() or cast.person(
        "lia", "annotator"
    )
    said = Utterance.objects.create(
        text=text,
        dedupe_key=hashlib.sha256(f"{next(_numbers)} {text}".encode()).digest(),
        split=split,
        status=Utterance.Status.LABELED,
        redaction=Utterance.Redaction.FULL,
        source="calls",
    )
    answer = Annotation.objects.create(
        id=uuid.uuid4(),
        kind=Annotation.Kind.LABEL,
        utterance=said,
        annotator=labeler,
        intent=intent,
        body_hash="0" * 64,
    )
    return GoldLabel.objects.create(
        utterance=said, annotation=answer, intent=intent, rule="single"
    )


def world(n_train: int = 8, n_exam: int = 4) -> dict[str, Intent]:
    """Three intents of iteration 1, each with labels to learn from and an exam."""
    intents = {}
    for name, saying in SAYINGS.items():
        intents[name] = cast.intent(name, iteration=1)
        for split, n in (("train", n_train), ("exam", n_exam)):
            for index in range(n):
                gold(f"{saying} {['a', 'b', 'in', 'my', 'area'][index % 5]}",
                     intents[name], split)  # fmt: skip
    return intents


@contextmanager
def tiny_backend() -> Iterator[None]:
    """The backend `encoder` trains tiny models while this lasts."""
    before = backends.BACKENDS["encoder"]
    backends.BACKENDS["encoder"] = tiny_model.TinyBackend
    try:
        yield
    finally:
        backends.BACKENDS["encoder"] = before


def checkpoint(name: str, folder: Path, answers: dict[str, str], **fields: object):
    """A registered checkpoint whose model learned `answers`: saying by intent."""
    examples = [Example(text, intent) for intent, text in answers.items()] * 4
    folder.mkdir(parents=True, exist_ok=True)
    files = tiny_model.files(Dataset(tuple(examples)), folder)
    manifest = checkpoints.store(name, files, {})
    return Checkpoint.objects.create(
        name=name,
        recipe="head",
        path=name,
        manifest_sha256=manifest.sha256,
        **{"gate_passed": True, **fields},
    )


def ended(policy: Policy, **asked: object) -> Round:
    """A round that ran to its end in this process."""
    found = rounds.request(policy=policy, cause="a test", by=None, **asked)
    execution.run(found.pk, worker="here")
    return rounds.get(found.pk)


def silent(found: Round) -> None:
    """As if the worker of this round had said nothing for two minutes."""
    from datetime import timedelta

    from django.db.models.functions import Now

    Round.objects.filter(pk=found.pk, heartbeat_at__isnull=False).update(
        heartbeat_at=Now() - timedelta(minutes=2)
    )
