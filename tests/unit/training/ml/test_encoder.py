"""The real encoder: slow to load, so few tests and each about something."""

import numpy as np
import pytest

from training.ml.encoder import Encoder, SentenceEncoder, default_encoder
from training.ml.encoder_onnx import GRAPH_FILE, OnnxEncoder

pytestmark = pytest.mark.models

TEXTS = [
    "my internet is down",
    "my internet connection is not working",
    "i want to pay my bill",
    "",
    "how much do i owe you this month " * 60,
]


@pytest.fixture(scope="module")
def encoder(tmp_path_factory):
    return OnnxEncoder(tmp_path_factory.mktemp("encoders"))


def test_vectors_are_unit_float32(encoder):
    found = encoder.encode(TEXTS)

    assert (found.shape, found.dtype) == ((5, 384), np.float32)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1.0, atol=1e-4)


def test_like_meanings_lie_together(encoder):
    x = encoder.encode(TEXTS)

    assert x[0] @ x[1] > x[0] @ x[2] + 0.2


def test_int8_stays_near_the_sentence_transformer(encoder):
    exact = SentenceEncoder("cpu").encode(TEXTS[:3])

    cosine = (exact * encoder.encode(TEXTS[:3])).sum(axis=1)

    assert cosine.min() > 0.97


def test_order_and_number_of_texts_do_not_matter(encoder):
    texts = [f"{'really ' * (n % 9)}call number {n}" for n in range(200)]

    backwards = encoder.encode(texts[::-1])[::-1]

    cosine = (encoder.encode(texts) * backwards).sum(axis=1)
    assert cosine.min() > 0.97  # int8 scales are a batch's: near, not equal


def test_nothing_gives_nothing(encoder):
    assert encoder.encode([]).shape == (0, 384)


def test_progress_ends_at_the_total(encoder):
    told = []

    encoder.encode(TEXTS, lambda done, total: told.append((done, total)))

    assert told[-1] == (5, 5)


def test_the_graph_is_made_once(tmp_path, encoder, monkeypatch):
    (tmp_path / GRAPH_FILE).write_bytes((encoder._folder / GRAPH_FILE).read_bytes())

    def refuse(path):
        raise AssertionError("made again")

    monkeypatch.setattr("training.ml.encoder_onnx.export_int8", refuse)

    assert OnnxEncoder(tmp_path).encode(["hi"]).shape == (1, 384)


def test_the_default_is_an_encoder(tmp_path):
    assert isinstance(default_encoder(tmp_path), Encoder)
