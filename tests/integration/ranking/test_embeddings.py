import numpy as np
import pytest

from annotations.models import Utterance
from tests.factories import cast
from tests.fakes import FakeEncoder
from training import embeddings
from training.ml import half_margin
from training.models import UtteranceEmbedding

pytestmark = pytest.mark.django_db


def always(done, total):
    return True


def embed(encoder):
    return embeddings.embed_missing(encoder, always)


def vector_of(vectors, utterance):
    rows, there = vectors.rows_of(np.array([utterance.pk]))
    assert there.all()
    return vectors.view(rows)[:][0]


def test_rows_and_file_hold_what_the_encoder_said(pool):
    encoder = FakeEncoder()

    assert embed(encoder) == 60
    vectors = embeddings.open_vectors("fake")

    assert len(vectors) == 60
    for utterance in (pool[0], pool[31]):
        expected = encoder.encode([utterance.text])[0]
        stored = UtteranceEmbedding.objects.get(utterance=utterance).vector
        np.testing.assert_allclose(np.asarray(stored), expected, atol=1e-6)
        np.testing.assert_allclose(vector_of(vectors, utterance), expected, atol=1e-6)


def test_progress_counts_to_the_end(pool, monkeypatch):
    monkeypatch.setattr(embeddings, "CHUNK", 25)
    told = []

    embeddings.embed_missing(FakeEncoder(), lambda d, t: told.append((d, t)) or True)

    assert told == [(25, 60), (50, 60), (60, 60)]


def test_the_file_is_read_in_parts_of_whole_rows(pool, monkeypatch):
    encoder = FakeEncoder()
    embed(encoder)
    monkeypatch.setattr(embeddings, "CHUNK", 7)

    vectors = embeddings.open_vectors("fake")

    assert len(vectors) == 60
    for utterance in pool:
        np.testing.assert_allclose(
            vector_of(vectors, utterance),
            encoder.encode([utterance.text])[0],
            atol=1e-6,
        )


def test_the_file_grows_by_what_is_new(pool):
    embed(FakeEncoder())
    embeddings.open_vectors("fake")
    new = cast.utterance("another one")
    embed(FakeEncoder())

    vectors = embeddings.open_vectors("fake")

    assert len(vectors) == 61
    vector_of(vectors, new)


def test_an_erased_utterance_leaves_rows_and_file(pool, data_folder):
    embed(FakeEncoder())
    embeddings.open_vectors("fake")
    embeddings.forget(pool[3].pk)
    Utterance.objects.filter(pk=pool[3].pk).update(status="erased")

    vectors = embeddings.open_vectors("fake")

    assert len(vectors) == 59
    assert not vectors.rows_of(np.array([pool[3].pk]))[1].any()
    size = (data_folder / "embeddings" / "fake" / "vectors.bin").stat().st_size
    assert size == 59 * 384 * 4
    np.testing.assert_allclose(
        vector_of(vectors, pool[4]), FakeEncoder().encode([pool[4].text])[0], atol=1e-6
    )


@pytest.mark.parametrize("name", ["ids.bin", "vectors.bin"])
def test_a_torn_file_is_mended_from_the_rows(pool, data_folder, name):
    embed(FakeEncoder())
    embeddings.open_vectors("fake")
    path = data_folder / "embeddings" / "fake" / name
    path.write_bytes(path.read_bytes()[:-1001])

    vectors = embeddings.open_vectors("fake")

    assert len(vectors) == 60
    for utterance in pool:
        np.testing.assert_allclose(
            vector_of(vectors, utterance),
            FakeEncoder().encode([utterance.text])[0],
            atol=1e-6,
        )


@pytest.fixture
def with_halves(monkeypatch):
    monkeypatch.setattr(embeddings, "HALVES_FROM", 1)
    monkeypatch.setattr(half_margin, "is_fast_here", lambda: True)


def assert_halves_follow(vectors, utterances):
    rows, there = vectors.rows_of(np.array([u.pk for u in utterances]))
    assert there.all()
    halves = vectors.halves(rows)
    assert halves is not None
    np.testing.assert_array_equal(
        halves[:], half_margin.halved(np.asarray(vectors.view(rows)[:]))
    )


def test_a_copy_in_bfloat16_follows_growth_erasure_and_a_torn_end(
    pool, data_folder, with_halves
):
    embed(FakeEncoder())
    assert_halves_follow(embeddings.open_vectors("fake"), pool)

    new = cast.utterance("another one")
    embed(FakeEncoder())
    assert_halves_follow(embeddings.open_vectors("fake"), [*pool, new])

    embeddings.forget(pool[3].pk)
    Utterance.objects.filter(pk=pool[3].pk).update(status="erased")
    left = [u for u in (*pool, new) if u.pk != pool[3].pk]
    assert_halves_follow(embeddings.open_vectors("fake"), left)

    folder = data_folder / "embeddings" / "fake"
    for name in ("vectors.bin", "halves.bin"):
        path = folder / name
        path.write_bytes(path.read_bytes()[:-2501])
        assert_halves_follow(embeddings.open_vectors("fake"), left)


def test_without_the_hardware_no_copy_is_kept(pool, data_folder, monkeypatch):
    monkeypatch.setattr(embeddings, "HALVES_FROM", 1)
    monkeypatch.setattr(half_margin, "is_fast_here", lambda: False)
    embed(FakeEncoder())

    vectors = embeddings.open_vectors("fake")

    assert vectors.halves(vectors.rows_of(np.array([pool[0].pk]))[0]) is None
    assert not (data_folder / "embeddings" / "fake" / "halves.bin").exists()


def test_another_encoder_replaces_the_vectors(pool):
    class Other(FakeEncoder):
        name = "other"

    embed(FakeEncoder())

    assert embed(Other()) == 60
    assert len(embeddings.open_vectors("other")) == 60
    assert len(embeddings.open_vectors("fake")) == 0


def test_an_id_without_vector_is_told_apart(pool):
    embed(FakeEncoder())

    vectors = embeddings.open_vectors("fake")

    _, there = vectors.rows_of(np.array([pool[0].pk, 10**9, -1]))
    assert there.tolist() == [True, False, False]
