import numpy as np
import pytest

from training.ml.data import Turn
from training.ml.encoder import model_folder
from training.ml.tokens import MAX_CONTEXT_TOKENS, TextEncoder, pad, word_states


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


def test_a_word_is_the_mean_of_its_tokens():
    states = np.array([[9.0], [1.0], [3.0], [5.0], [9.0]])
    word_of = np.array([-1, 0, 0, 1, -1])

    assert word_states(states, word_of, 3).tolist() == [[2.0], [5.0], [0.0]]
