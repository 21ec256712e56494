"""kill -9 of the worker at every marked place: the round goes on and ends, once,
with the result of a round that nobody disturbed."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from tests.factories import rounds as factory
from training import failpoints
from training.models import (
    Checkpoint,
    DatasetSnapshot,
    Evaluation,
    Promotion,
    Round,
    RoundStep,
)
from training.services import checkpoints, execution, rounds
from training.services.rounds import Status

ROOT = Path(__file__).resolve().parents[3]

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("bells"),
]


def work(
    found: Round, place: str = "", what: str = "work"
) -> subprocess.CompletedProcess[str]:
    """Run a worker on the round in a process of its own, on the test's database."""
    at = connection.settings_dict
    url = f"postgresql://{at['USER']}@/{at['NAME']}?host={at['HOST']}"
    return subprocess.run(
        [
            sys.executable,
            "-m",
            "tests.integration.rounds.worker",
            str(found.pk),
            str(settings.DATA_DIR),
            place,
            what,
        ],
        cwd=ROOT,
        env={
            **os.environ,
            "DATABASE_URL": url,
            "DJANGO_SETTINGS_MODULE": "ivr_label.settings",
            "OMP_NUM_THREADS": "1",
        },
        capture_output=True,
        text=True,
        timeout=120,
    )


def result(found: Round) -> dict[str, object]:
    """What a round came to, without names, times and how fast the machine was."""
    found = rounds.get(found.pk)
    measured = Evaluation.objects.get(checkpoint=found.challenger)
    manifest = checkpoints.open_predictor(found.challenger).manifest
    return {
        "status": found.status,
        "snapshot": found.snapshot.digest,
        "files": dict(manifest.files),
        "data": manifest.about["data"],
        "exam": measured.exam_digest,
        "intents": measured.report["intent"],
        "slices": measured.detail["slices"],
        "comparison": found.verdict["comparison"],
        "passed": {c["name"]: c["passed"] for c in found.verdict["checks"]},
        "promoted": Promotion.objects.get().checkpoint == found.challenger,
    }


def undisturbed() -> dict[str, object]:
    """The result of a round nobody kills, which is then as if it had never been."""
    found = rounds.request(policy=factory.policy(), cause="a test", by=None)
    with factory.tiny_backend():
        execution.run(found.pk, worker="here")
    kept = result(found)
    Promotion.objects.all().delete()
    RoundStep.objects.all().delete()
    Round.objects.update(challenger=None)
    Evaluation.objects.all().delete()
    Checkpoint.objects.all().delete()
    Round.objects.all().delete()
    DatasetSnapshot.objects.all().delete()
    shutil.rmtree(checkpoints.root())
    return kept


def the_one_ending(found: Round) -> None:
    """One snapshot, one checkpoint, one open promotion, and every step closed."""
    found = rounds.get(found.pk)
    assert found.status == Status.PROMOTED, found.error
    assert DatasetSnapshot.objects.count() == 1
    assert Checkpoint.objects.get() == found.challenger == checkpoints.champion()
    assert Promotion.objects.count() == 1
    assert not found.steps.filter(finished_at=None).exists()
    [folder] = checkpoints.root().iterdir()
    assert folder.name == found.challenger.path
    checkpoints.open_predictor(found.challenger)


@pytest.mark.parametrize(
    "place", [name for name in failpoints.NAMES if not name.startswith("shadow.")]
)
def test_a_worker_killed_anywhere_does_not_stop_double_or_change_the_round(place):
    factory.world()
    expected = undisturbed()
    found = rounds.request(policy=factory.policy(), cause="a test", by=None)

    dead = work(found, place)

    assert dead.returncode == -signal.SIGKILL, dead.stdout + dead.stderr
    factory.silent(found)
    second = work(found)
    assert second.returncode == 0, second.stderr
    the_one_ending(found)
    assert result(found) == expected


def test_a_training_that_reached_the_disk_is_not_done_again():
    factory.world()
    found = rounds.request(policy=factory.policy(), cause="a test", by=None)
    work(found, "checkpoint.named")
    [folder] = checkpoints.root().iterdir()
    before = (folder / "manifest.json").stat().st_ino
    factory.silent(found)

    work(found)

    assert (folder / "manifest.json").stat().st_ino == before
    the_one_ending(found)


def test_two_deliveries_at_once_have_one_effect():
    factory.world()
    found = rounds.request(policy=factory.policy(), cause="a test", by=None)

    said = [work(found).stdout.strip() for _ in range(2)]

    assert said == [Status.PROMOTED, "None"]
    the_one_ending(found)
