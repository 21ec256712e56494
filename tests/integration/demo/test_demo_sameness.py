"""Two demos differ in nothing but the keys of their installations."""

import zlib

import numpy as np
import pytest
from django.db import connection, transaction

from annotations.models import Annotation, Turn, Utterance
from annotations.services import demo as people
from annotations.services import demo_intake, demo_labels, intake
from annotations.services.demo import Cast
from training.services import datasets, demo_draw

pytestmark = pytest.mark.django_db

N_UTTERANCES, N_LABELS, SEED = 400, 90, 3
NUMBERED = ("utterance", "conversation", "turn")


class Letters:
    """Vectors of the three-letter groups of a text, in place of a model."""

    name, dimension = "letters", 64

    def encode(self, texts, progress=None):
        out = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for row, text in enumerate(texts):
            for place in range(len(text) - 2):
                group = text[place : place + 3].encode()
                out[row, zlib.crc32(group) % self.dimension] += 1.0
        return out / np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-9)


@pytest.fixture
def cast():
    made = people.ensure_people()
    people.ensure_intents(made)
    people.ensure_functions(made, 1, 2, 3)
    return made


def test_another_installation_learns_from_the_same_labels(cast, settings):
    settings.DATA_KEY = "one key"
    first = _telling(cast)
    settings.DATA_KEY = "another key"
    second = _telling(cast)

    assert len(first["turns"]) == N_UTTERANCES
    assert len(first["asked"]) >= N_LABELS
    assert first == second


def _telling(cast: Cast) -> dict[str, object]:
    """What a demo would learn from; nothing of it is left."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            for table in NUMBERED:
                cursor.execute(
                    f"ALTER SEQUENCE annotations_{table}_id_seq RESTART WITH 1"
                )
        made = demo_intake.records(N_UTTERANCES, SEED)
        loading = demo_intake.Intake(
            made, seed=SEED, by=cast.proposer, say=lambda text: None
        )
        for part in loading._parts:
            batch = demo_intake._receive(part, cast.proposer).batch
            intake.process(batch.pk)
        Utterance.objects.update(redaction=Utterance.Redaction.FULL)
        demo_labels.label(
            made,
            n_labels=N_LABELS,
            cast=cast,
            choose=demo_draw.chooser(seed=SEED, encoder=Letters()),
        )
        told = {
            "turns": list(
                Turn.objects.order_by("id").values_list(
                    "conversation__external_id", "number", "utterance"
                )
            ),
            "asked": _asked(),
            "snapshot": datasets.freeze().digest,
        }
        transaction.set_rollback(True)
    return told


def _asked() -> list[tuple[object, ...]]:
    given = Annotation.objects.order_by("created_at", "pk")
    return list(given.values_list("pk", "utterance", "reason", "draw_probability"))
