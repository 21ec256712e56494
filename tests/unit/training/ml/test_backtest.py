import json
from dataclasses import replace

import pytest

from tests.fakes import FakeEncoder
from training.ml import backtest as module
from training.ml.backtest import (
    BacktestConfig,
    Point,
    backtest,
    labels_to,
    mean_curve,
    one_answer_per_text,
)
from training.ml.data import Dataset, Example
from training.ml.vector_cache import CachingEncoder

SENTENCES = {
    "pay": "i want to pay my bill {n}",
    "outage": "the internet is down {n}",
    "visit": "send me a technician on day {n}",
    "cancel": "please close my account {n}",
}


def dataset(start, stop):
    return Dataset(
        tuple(
            Example(text.format(n=n), intent)
            for n in range(start, stop)
            for intent, text in SENTENCES.items()
        )
    )


@pytest.fixture(scope="module")
def found():
    config = BacktestConfig("margin", budget=30, batch=10, seeds=2)
    return backtest(dataset(0, 30), dataset(30, 40), FakeEncoder().encode, config)


def test_the_json_has_the_promised_shape(found):
    figures = json.loads(json.dumps(found.as_json()))

    assert set(figures) == {
        "strategy", "seeds", "curve", "random", "labels_to", "pool_error",
    }  # fmt: skip
    assert (figures["strategy"], figures["seeds"]) == ("margin", 2)
    assert [point["labels"] for point in figures["curve"]] == [10, 20, 30]
    assert set(figures["random"][0]) == {"labels", "accuracy", "macro_f1"}
    assert list(figures["labels_to"]) == ["0.85", "0.88", "0.90", "0.92"]
    assert set(figures["labels_to"]["0.90"]) == {"strategy", "random"}


def test_the_error_left_in_the_pool_is_estimated_beside_the_truth(found):
    estimates = found.as_json()["pool_error"]

    assert len(estimates) == 2  # one a seed
    for one in estimates:
        # 120 texts, 30 of them labeled: all others fit into the draw, so that nothing
        # is left to chance.
        assert one["drawn"] == 90
        assert one["estimate"] == one["uniform"] == one["truth"]
        assert one["high"] - one["low"] < 0.001


def test_of_a_large_pool_a_part_is_drawn_and_the_interval_says_how_sure_that_is(
    monkeypatch,
):
    monkeypatch.setattr(module, "DRAWN", 40)
    config = BacktestConfig("random", budget=4, batch=4, seeds=1)

    found = backtest(dataset(0, 60), dataset(60, 65), FakeEncoder().encode, config)

    [one] = found.pool_errors
    assert one.drawn == 40
    assert one.estimate.low <= one.truth <= one.estimate.high
    assert one.estimate.high - one.estimate.low > 0.01


def test_nothing_is_estimated_of_a_pool_used_up():
    config = BacktestConfig("random", budget=500, batch=100, seeds=1)

    found = backtest(dataset(0, 20), dataset(20, 25), FakeEncoder().encode, config)

    assert found.as_json()["pool_error"] == []


def test_labels_teach(found):
    first, *_, last = found.as_json()["curve"]

    assert last["accuracy"] >= first["accuracy"]
    assert last["accuracy"] > 0.9


def test_only_the_labels_asked_for_are_used(monkeypatch):
    seen = []
    learn = module.self_training.learn

    def watched(x, labeled, labels, **kwargs):
        seen.append((len(labeled), len(labels)))
        return learn(x, labeled, labels, **kwargs)

    monkeypatch.setattr(module.self_training, "learn", watched)
    config = BacktestConfig("random", budget=25, batch=10, seeds=1)
    backtest(dataset(0, 30), dataset(30, 32), FakeEncoder().encode, config)

    assert seen == [(10, 10), (20, 20), (25, 25)]


def test_random_is_replayed_with_the_same_model():
    """Asked at random, the strategy named random draws the very same curve."""
    sets = dataset(0, 30), dataset(30, 35)
    random = BacktestConfig("random", budget=20, batch=10, seeds=2)
    margin = BacktestConfig("margin", budget=20, batch=10, seeds=2)

    alone, beside = (
        backtest(*sets, FakeEncoder().encode, config) for config in (random, margin)
    )

    assert alone.curves == alone.random == beside.random


def test_threads_change_nothing():
    sets = dataset(0, 20), dataset(20, 25)
    config = BacktestConfig("margin", budget=20, batch=10, seeds=3)

    one, two = (
        backtest(*sets, FakeEncoder().encode, replace(config, workers=workers))
        for workers in (1, 2)
    )

    assert one == two


def test_the_labels_alone_can_teach():
    sets = dataset(0, 20), dataset(20, 25)
    config = BacktestConfig("margin", budget=12, batch=4, seeds=1)

    alone = backtest(*sets, FakeEncoder().encode, replace(config, self_training=False))

    assert [point.labels for point in alone.curves[0]] == [4, 8, 12]
    assert alone != backtest(*sets, FakeEncoder().encode, config)


def test_rows_without_an_intent_are_left_out_of_both_files():
    config = BacktestConfig("margin", budget=20, batch=10, seeds=1)
    silent = tuple(Example(f"nobody labeled this {n}") for n in range(7))
    train, test = dataset(0, 20), dataset(20, 25)
    mixed = (Dataset(silent + part.examples) for part in (train, test))

    found = backtest(*mixed, FakeEncoder().encode, config)

    assert found == backtest(train, test, FakeEncoder().encode, config)


@pytest.mark.parametrize("n_silent", [0, 3])
def test_a_file_without_labels_is_named(n_silent):
    silent = Dataset(
        tuple(Example(f"nobody labeled this {n}") for n in range(n_silent))
    )

    with pytest.raises(ValueError, match="training file needs two different texts"):
        backtest(silent, dataset(0, 5), FakeEncoder().encode)
    with pytest.raises(ValueError, match="test file has no row with an intent"):
        backtest(dataset(0, 5), silent, FakeEncoder().encode)


def test_of_a_long_file_a_sample_is_replayed(monkeypatch):
    monkeypatch.setattr(module, "MOST_ROWS", 16)
    lines = []
    config = BacktestConfig("random", budget=100, batch=100, seeds=1)

    found = backtest(
        dataset(0, 20),
        dataset(20, 25),
        FakeEncoder().encode,
        config,
        announce=lines.append,
    )

    assert lines[0] == "replaying a sample of 16 of 80 distinct texts"
    assert found.curves[0][-1].labels == 16


def test_the_budget_ends_with_the_pool():
    config = BacktestConfig("typiclust_margin", budget=500, batch=7, seeds=1)

    found = backtest(dataset(0, 5), dataset(5, 6), FakeEncoder().encode, config)

    assert [p.labels for p in found.curves[0]] == [7, 14, 20]


def test_duplicates_are_asked_once_and_answered_by_the_majority():
    examples = [Example("Hi", "b"), Example("hi", "a"), Example("hi ", "a")]

    [only] = one_answer_per_text(Dataset(tuple(examples)))

    assert (only.intent, only.weight) == ("a", 3.0)


def test_seeds_repeat():
    config = BacktestConfig("margin_diverse", budget=20, batch=10, seeds=1)

    first, second = (
        backtest(dataset(0, 20), dataset(20, 25), FakeEncoder().encode, config)
        for _ in "ab"
    )

    assert first == second


def test_labels_to_is_the_mean_of_the_first_crossings():
    early = [Point(10, 0.91, 0), Point(20, 0.89, 0), Point(30, 0.95, 0)]
    late = [Point(10, 0.2, 0), Point(20, 0.4, 0), Point(30, 0.9, 0)]

    assert labels_to([early, late], 0.90) == 20
    assert labels_to([early, late], 0.92) is None
    assert mean_curve([early, late])[0] == Point(10, pytest.approx(0.555), 0)


@pytest.mark.parametrize("field", ["budget", "batch", "seeds", "workers"])
def test_a_budget_of_nothing_is_refused(field):
    with pytest.raises(ValueError, match=field):
        BacktestConfig(**{field: 0})


def test_no_text_is_embedded_twice(tmp_path):
    fake = FakeEncoder()
    encoder = CachingEncoder(fake, tmp_path)

    first = encoder.encode(["a b", "c d", "a b"])
    again = CachingEncoder(fake, tmp_path).encode(["c d", "e f", "a b"])

    assert fake.texts == ["a b", "c d", "e f"]
    assert (first[0] == first[2]).all()
    assert (again == FakeEncoder().encode(["c d", "e f", "a b"])).all()


def test_the_cache_holds_no_text(tmp_path):
    CachingEncoder(FakeEncoder(), tmp_path).encode(["a secret sentence"])

    [path] = tmp_path.iterdir()
    assert b"secret" not in path.read_bytes()
