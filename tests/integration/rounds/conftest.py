import shutil

import pytest
from django.conf import settings

from tests.factories import rounds as factory
from training import failpoints
from training.serving import champion


@pytest.fixture(autouse=True)
def nothing_kept(tmp_path, monkeypatch):
    """A data folder of its own, no armed place, no champion from another test."""
    folder = tmp_path / "data"
    folder.mkdir()
    monkeypatch.setattr(settings, "DATA_DIR", folder)
    champion.forget()
    yield
    failpoints.disarm()
    champion.forget()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def tiny():
    with factory.tiny_backend():
        yield


@pytest.fixture
def bells(monkeypatch):
    """What was rung, in order."""
    rung: list[tuple[str, list[int]]] = []
    monkeypatch.setattr(
        "annotations.doorbell._send",
        lambda task, ids: rung.append((task.name, list(ids))),
    )
    return rung
