from dataclasses import replace

import numpy as np
import pytest

from training.ml.clusters import centres
from training.ml.half_margin import halved
from training.ml.intent_model import fit_linear_head
from training.ml.queue_plan import Candidates, Known, Quotas, plan


def blobs(n_per_kind, n_kinds=6, seed=0, spread=0.6):
    rng = np.random.default_rng(seed)
    middles = np.random.default_rng(99).normal(size=(n_kinds, 16))
    x = np.repeat(middles, n_per_kind, axis=0)
    x = x + spread * rng.normal(size=x.shape)
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    return x.astype(np.float32), np.repeat(np.arange(n_kinds), n_per_kind)


@pytest.fixture(scope="module")
def pool():
    x, _ = blobs(200)
    rng = np.random.default_rng(1)
    return Candidates(
        x,
        rng.integers(1, 50, len(x)).astype(np.float32),
        rng.random(len(x)) < 0.1,
        rng.random(len(x)) < 0.2,
    )


@pytest.fixture(scope="module")
def known(pool):
    x, kinds = blobs(20, seed=5)
    head = fit_linear_head(x, [f"k{kind}" for kind in kinds])
    return Known(head, x, centres(pool.embeddings, 12, np.random.default_rng(0)))


@pytest.fixture(scope="module")
def cold(pool, known):
    return Known(None, known.labeled[:0], known.centres)


def by_reason(picks):
    reasons = {}
    for pick in picks:
        reasons.setdefault(pick.reason, []).append(pick)
    return reasons


def run(pool, known, seed=0, **quotas):
    return plan(pool, known, Quotas(**quotas), np.random.default_rng(seed))


def test_quotas_are_kept(pool, known):
    found = by_reason(run(pool, known, length=100))

    assert {reason: len(picks) for reason, picks in found.items()} == {
        "uncertain": 45,
        "fallback": 15,
        "diverse": 10,
        "exam": 20,
        "random": 10,
    }


@pytest.mark.parametrize("length", [1, 10, 100, 1200, 5000])
@pytest.mark.parametrize("state", ["known", "cold"])
def test_no_row_is_queued_twice(length, state, pool, request):
    picks = run(pool, request.getfixturevalue(state), length=length)

    rows = [pick.row for pick in picks]
    assert len(set(rows)) == len(rows) <= max(length, 1)
    assert all(0 < pick.probability <= 1 for pick in picks)
    assert all(0 <= pick.score <= 1 for pick in picks)


def test_exam_rows_are_for_the_exam_only(pool, known):
    for pick in run(pool, known, length=300):
        assert pool.is_exam[pick.row] == (pick.reason == "exam")


def test_exam_and_random_are_uniform_draws(pool, known):
    found = by_reason(run(pool, known, length=100))
    n_exam = int(pool.is_exam.sum())

    assert {pick.probability for pick in found["exam"]} == {20 / n_exam}
    assert {pick.probability for pick in found["random"]} == {10 / (1200 - n_exam)}


def test_random_rows_are_no_more_uncertain_than_the_pool(pool, known):
    drawn = [
        pick.score
        for seed in range(40)
        for pick in run(pool, known, seed=seed, length=100)
        if pick.reason == "random"
    ]
    uncertain = [
        p.score for p in run(pool, known, length=100) if p.reason == "uncertain"
    ]

    assert np.mean(uncertain) > 2 * np.mean(drawn)


@pytest.mark.parametrize("in_bfloat16", [False, True])
def test_uncertain_rows_are_nearer_to_a_tie_than_the_rest(pool, known, in_bfloat16):
    if in_bfloat16:
        pool = replace(pool, halves=halved(pool.embeddings))
    logits = np.sort(known.head.logits(pool.embeddings), axis=1)
    gap = logits[:, -1] - logits[:, -2]

    picks = by_reason(run(pool, known, length=100))["uncertain"]

    assert np.median(gap[[pick.row for pick in picks]]) < np.quantile(gap, 0.3)


def test_fallback_rows_fell_back(pool, known):
    picks = by_reason(run(pool, known, length=100))["fallback"]

    assert all(pool.is_fallback[pick.row] for pick in picks)


def test_what_many_callers_say_is_drawn_more_often(known):
    x, _ = blobs(100)
    counts = np.where(np.arange(len(x)) % 2, 400.0, 1.0).astype(np.float32)
    no = np.zeros(len(x), dtype=bool)
    pool = Candidates(x, counts, no, ~no)

    rows = [
        pick.row
        for seed in range(20)
        for pick in run(pool, known, seed=seed, length=60)
        if pick.reason in ("uncertain", "fallback")
    ]

    assert np.mean([counts[row] > 1 for row in rows]) > 0.7


def test_without_labels_every_kind_is_asked_about(pool, cold):
    picks = run(pool, cold, length=100)

    assert set(by_reason(picks)) == {"diverse", "fallback", "exam", "random"}
    diverse = [pick.row for pick in by_reason(picks)["diverse"]]
    assert len(diverse) == 12
    assert len({row // 200 for row in diverse}) == 6


def test_kinds_without_a_label_come_before_uncertainty(pool, known):
    x, kinds = blobs(20, seed=5)
    few = kinds < 2
    partly = Known(
        fit_linear_head(x[few], [f"k{kind}" for kind in kinds[few]]),
        x[few][:5],
        known.centres,
    )

    diverse = by_reason(run(pool, partly, length=40))["diverse"]

    assert len(diverse) > Quotas(length=40).places(0.1)
    assert {pick.row // 200 for pick in diverse} >= {2, 3, 4, 5}


def test_every_prefix_of_the_queue_is_mixed(pool, known):
    first = by_reason(run(pool, known, length=200)[:40])

    assert len(first["exam"]) == pytest.approx(8, abs=1)
    assert len(first["random"]) == pytest.approx(4, abs=1)
    assert len(first["uncertain"]) == pytest.approx(18, abs=2)


def test_an_empty_pool_gives_an_empty_queue(known):
    nothing = Candidates(
        np.empty((0, 16), np.float32),
        np.empty(0, np.float32),
        np.empty(0, bool),
        np.empty(0, bool),
    )

    assert run(nothing, known, length=10) == []


def test_a_pool_of_exam_rows_only_is_all_exam(pool, known):
    all_exam = Candidates(
        pool.embeddings, pool.counts, np.ones(1200, bool), pool.is_fallback
    )

    picks = run(all_exam, known, length=50)

    assert set(by_reason(picks)) == {"exam"}


def test_the_same_seed_gives_the_same_queue(pool, known):
    assert run(pool, known, seed=3) == run(pool, known, seed=3)


@pytest.mark.parametrize("bad", [{"exam": 0.5}, {"length": 0}, {"random": -0.1}])
def test_quotas_that_do_not_add_up_are_refused(bad):
    with pytest.raises(ValueError, match="sum to 1"):
        Quotas(**bad)
