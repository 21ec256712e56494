import numpy as np
import pytest

from training.ml import bio
from training.ml.data import Turn
from training.ml.encoder import model_folder
from training.ml.tokens import MAX_CONTEXT_TOKENS, Batch, TextEncoder, pad


@pytest.fixture(scope="module")
def encoder() -> TextEncoder:
    return TextEncoder(model_folder() / "tokenizer.json")


def test_every_token_knows_its_word(encoder):
    text = "my acct is [ACCOUNT_NUMBER_1]"

    encoded = encoder.encode(text)

    words = [text[word.start : word.end] for word in encoded.words]
    assert words == ["my", "acct", "is", "[ACCOUNT_NUMBER_1]"]
    assert encoded.word_of.tolist() == [-1, 0, 1, 1, 2, 3, 3, 3, 3, 3, 3, 3, -1]


def test_context_stands_behind_and_does_not_count_in_the_mean(encoder):
    alone = encoder.encode("yes")

    encoded = encoder.encode("yes", [Turn("bot", "do you want to cancel")])

    n = len(alone)
    assert encoded.input_ids[:n].tolist() == alone.input_ids.tolist()
    assert encoded.segments.tolist() == [0] * n + [1] * (len(encoded) - n)
    assert pad([encoded]).pool.sum() == n


def test_long_context_keeps_its_latest_words(encoder):
    long = [Turn("bot", "hello " * 300), Turn("bot", "and now?")]

    encoded = encoder.encode("yes", long)

    behind = encoded.input_ids[encoded.segments == 1]
    assert len(behind) == MAX_CONTEXT_TOKENS
    last = encoder.encode("and now?").input_ids[1:-1].tolist()
    assert behind[-1 - len(last) : -1].tolist() == last


def test_a_long_utterance_is_cut_and_still_closed(encoder):
    encoded = TextEncoder(model_folder() / "tokenizer.json", max_tokens=16).encode(
        "word " * 50
    )

    assert len(encoded) == 16
    assert encoded.input_ids[-1] == encoder.encode("x").input_ids[-1]
    assert encoded.word_of[-1] == -1
    assert len(encoded.words) == 50


def test_padding_counts_nowhere(encoder):
    batch = encoder.batch(["hi", "a rather longer utterance than that"])

    assert batch.attention_mask[0].sum() == len(encoder.encode("hi"))
    assert (batch.pool <= batch.attention_mask).all()
    assert (batch.word_of[batch.attention_mask == 0] == -1).all()


def word_means(states: np.ndarray, word_of: list[list[int]], n_words: list[int]):
    places = np.array(word_of)
    words = tuple(tuple(bio.Word(i, i + 1) for i in range(n)) for n in n_words)
    batch = Batch(places, places, places, places, places, words)
    return [one.tolist() for one in batch.word_means(states)]


def test_a_word_is_the_mean_of_its_tokens():
    states = np.array([[[9.0], [1.0], [3.0], [5.0], [9.0]]], dtype=np.float32)

    assert word_means(states, [[-1, 0, 0, 1, -1]], [3]) == [[[2.0], [5.0], [0.0]]]


def test_words_of_several_utterances_do_not_run_together():
    states = np.arange(12, dtype=np.float32).reshape(3, 4, 1)
    word_of = [[-1, 0, 1, 1], [-1, -1, -1, -1], [0, 0, -1, 1]]

    means = word_means(states, word_of, [2, 0, 3])

    assert means == [[[1.0], [2.5]], [], [[8.5], [11.0], [0.0]]]


def test_utterances_cut_together_are_cut_as_each_alone(encoder):
    said = [("hi", ()), ("pay my bill", (Turn("bot", "hello"),)), ("", ())]

    together = encoder.encode_many(*zip(*said, strict=True))

    for (text, context), one in zip(said, together, strict=True):
        alone = encoder.encode(text, context)
        assert one.input_ids.tolist() == alone.input_ids.tolist()
        assert one.word_of.tolist() == alone.word_of.tolist()
        assert one.words == alone.words
