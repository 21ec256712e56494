"""The demo's storm before the real tests for drift, with their real thresholds."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from annotations.demo import calls
from annotations.intake.redaction import light
from training.ml import drift
from training.ml.encoder import default_encoder

ENDS_AT = datetime(2026, 11, 22, tzinfo=UTC)
MONTH = timedelta(days=30)
TURNS = 300  # a side
WORDS = {"storm", "fiber", "lightning"}


@pytest.fixture(scope="module")
def turns():
    """All callers' turns of a demo: when and what, in the order of time."""
    made = calls.generate_records(20_000, seed=7, ends_at=ENDS_AT)
    return sorted((datetime.fromisoformat(r["occurred_at"]), r["text"]) for r in made)


@pytest.fixture(scope="module")
def sides(turns):
    """The month before, and the halves of the last one."""
    begin, middle = ENDS_AT - MONTH, ENDS_AT - MONTH / 2
    return (
        [text for at, text in turns if at < begin],
        [text for at, text in turns if begin <= at < middle],
        [text for at, text in turns if at >= middle],
    )


def test_three_in_ten_turns_of_each_half_of_the_last_month_are_about_the_storm(sides):
    before, *halves = sides
    shares = [
        sum(bool(WORDS & set(text.split())) for text in side) / len(side)
        for side in (before, *halves)
    ]

    assert shares[0] < 0.02
    assert min(shares[1:]) > 0.25  # a fifth is where an alarm begins


@pytest.mark.models
def test_each_half_of_the_storm_can_be_told_from_before(sides, tmp_path):
    """With the encoder that drift checks use."""
    rng = np.random.default_rng(1)
    encoder = default_encoder(tmp_path)
    before, *halves = (
        encoder.encode(
            [light.redact(text, []).text for text in rng.choice(side, TURNS)]
        )
        for side in sides
    )

    found = [drift.embeddings_test(before, half, rng)[0] for half in halves]

    assert all(drift.is_changed(found))
