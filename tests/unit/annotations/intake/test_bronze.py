"""Bronze files: what went in comes out, and nothing else ever does."""

import hashlib
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotations.intake import bronze

KEY = "a key of the test, long enough to be one"


def sealed(path, data: bytes, limit: int = 10**9) -> bronze.Stored:
    writer = bronze.Writer(path, KEY, limit)
    for start in range(0, len(data), 50_000):
        writer.write(data[start : start + 50_000])
    return writer.finish()


def opened(path, key: str = KEY) -> bytes:
    with bronze.Reader(path, key) as source:
        return source.read()


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 4 * bronze.CHUNK))
def test_what_went_in_comes_out(tmp_path_factory, size):
    path = tmp_path_factory.mktemp("bronze") / "file"
    data = hashlib.shake_128(str(size).encode()).digest(size)

    stored = sealed(path, data)

    assert opened(path) == data
    assert stored.size == size
    assert stored.sha256 == hashlib.sha256(data).hexdigest()


def test_small_reads_add_up(tmp_path):
    data = bytes(range(256)) * 1000
    sealed(tmp_path / "file", data)
    read = io.BytesIO()

    with bronze.Reader(tmp_path / "file", KEY) as source:
        while piece := source.read(777):
            read.write(piece)

    assert read.getvalue() == data


def test_the_text_is_not_on_the_disk(tmp_path):
    sealed(tmp_path / "file", b"my card is 4111111111111111" * 100)

    assert b"4111111111111111" not in (tmp_path / "file").read_bytes()
    assert (tmp_path / "file").stat().st_mode & 0o077 == 0


def test_equal_files_look_different(tmp_path):
    sealed(tmp_path / "one", b"same")
    sealed(tmp_path / "two", b"same")

    assert (tmp_path / "one").read_bytes() != (tmp_path / "two").read_bytes()


def change(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: change(data, 30),
        lambda data: change(data, -1),
        lambda data: change(data, 10),
        lambda data: data[:-1],
        lambda data: data[: 24 + bronze.CHUNK + bronze.TAG_BYTES],  # a whole chunk
        lambda data: data + b"x",
        lambda data: data[:24] + data[24 + bronze.CHUNK + bronze.TAG_BYTES :],
        lambda data: b"",
        lambda data: b"plain text",
    ],
)
def test_a_changed_file_is_refused(tmp_path, damage):
    path = tmp_path / "file"
    sealed(path, b"z" * (2 * bronze.CHUNK + 5))
    path.write_bytes(damage(path.read_bytes()))

    with pytest.raises(bronze.BronzeError):
        opened(path)


def test_another_key_opens_nothing(tmp_path):
    sealed(tmp_path / "file", b"text")

    with pytest.raises(bronze.BronzeError):
        opened(tmp_path / "file", KEY + "!")


def test_too_large_a_file_leaves_nothing_behind(tmp_path):
    with pytest.raises(bronze.TooLargeForBronzeError):
        sealed(tmp_path / "file", b"x" * 200_000, limit=100_000)

    assert list(tmp_path.iterdir()) == []


def test_nothing_stands_at_the_path_before_the_end(tmp_path):
    writer = bronze.Writer(tmp_path / "file", KEY, 100)
    writer.write(b"half")

    assert not (tmp_path / "file").exists()

    writer.discard()
    assert list(tmp_path.iterdir()) == []
