"""What is encoded once stays known until the next round, and no longer."""

import numpy as np
import pytest

from tests.factories import tiny_model
from training.ml import frozen
from training.ml.errors import TrainingCancelledError
from training.ml.hooks import Hooks
from training.ml.tokens import TextEncoder

SAID = ("why is my bill so high", "the internet is broken", "cancel my plan", "help")


@pytest.fixture
def graph(tmp_path):
    return tiny_model.encoder(tmp_path / "encoder.onnx")


@pytest.fixture
def encoded(tmp_path):
    encoder = TextEncoder(tiny_model.tokenizer(tmp_path / "tokenizer.json"))
    return encoder.encode_many(SAID, [()] * len(SAID))


@pytest.fixture
def asked(monkeypatch):
    """How many utterances each call had encoded."""
    counts: list[int] = []
    encode = frozen._encode

    def counted(graph, encoded, *how):
        counts.append(len(encoded))
        return encode(graph, encoded, *how)

    monkeypatch.setattr(frozen, "_encode", counted)
    return counts


def test_only_new_utterances_are_encoded(graph, encoded, asked, tmp_path):
    memory = tmp_path / "memory.npz"

    frozen.embed(graph, encoded[:3], memory=memory)
    later = frozen.embed(graph, [*encoded, encoded[0]], memory=memory)
    fresh = frozen.embed(graph, encoded, memory=tmp_path / "other.npz")

    assert asked == [3, 1, 4]
    np.testing.assert_array_equal(later.embeddings[:4], fresh.embeddings)
    np.testing.assert_array_equal(later.embeddings[4], fresh.embeddings[0])
    for one, other in zip(later.words, (*fresh.words, fresh.words[0]), strict=True):
        np.testing.assert_array_equal(one, other)


def test_numbers_of_batches_are_not_taken_for_those_of_rows_alone(
    graph, encoded, asked, tmp_path
):
    memory = tmp_path / "memory.npz"

    frozen.embed(graph, encoded, memory=memory)
    frozen.embed(graph, encoded, memory=memory, batch_size=1)
    frozen.embed(graph, encoded, memory=memory, batch_size=1)

    assert asked == [4, 4, 0]


def test_what_was_not_asked_for_again_is_forgotten(graph, encoded, asked, tmp_path):
    memory = tmp_path / "memory.npz"

    frozen.embed(graph, encoded, memory=memory)
    frozen.embed(graph, encoded[:1], memory=memory)
    frozen.embed(graph, encoded, memory=memory)

    assert asked == [4, 0, 3]


def test_another_encoders_memory_is_not_believed(graph, encoded, asked, tmp_path):
    memory = tmp_path / "memory.npz"
    frozen.embed(graph, encoded, memory=memory)

    graph.write_bytes(graph.read_bytes().replace(b"tiny", b"thin"))
    frozen.embed(graph, encoded, memory=memory)

    assert asked == [4, 4]


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 not an archive", b"words"])
def test_a_broken_memory_is_made_anew(graph, encoded, asked, tmp_path, content):
    memory = tmp_path / "memory.npz"
    memory.write_bytes(content)

    frozen.embed(graph, encoded, memory=memory)
    frozen.embed(graph, encoded, memory=memory)

    assert asked == [4, 0]


def test_a_memory_grows_no_larger_than_it_may(
    graph, encoded, asked, tmp_path, monkeypatch
):
    memory = tmp_path / "memory.npz"
    monkeypatch.setattr(frozen, "MOST_BYTES", 500)

    frozen.embed(graph, encoded, memory=memory)
    frozen.embed(graph, encoded, memory=memory)

    assert asked[0] == 4 and 0 < asked[1] < 4


def test_no_word_of_an_utterance_is_kept(graph, encoded, tmp_path):
    memory = tmp_path / "memory.npz"

    frozen.embed(graph, encoded, memory=memory)

    with np.load(memory, allow_pickle=False) as stored:
        assert set(stored) == {"facts", "keys", "embeddings", "words", "ends"}
    assert b"internet" not in memory.read_bytes()


def test_encoding_stops_when_asked_and_keeps_nothing(graph, encoded, tmp_path):
    memory = tmp_path / "memory.npz"

    with pytest.raises(TrainingCancelledError):
        frozen.embed(
            graph, encoded, memory=memory, hooks=Hooks(should_stop=lambda: True)
        )

    assert not memory.exists()
