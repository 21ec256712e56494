import numpy as np
import pytest

from training.ml import acquisition, query_coverage, query_uncertainty
from training.ml.calibration import softmax
from training.ml.errors import EmptyPoolError, PoolExhaustedError
from training.ml.linear_head import LinearHead, fit_linear_head
from training.ml.query import Pool, strategies, strategy_named

NAMES = sorted(strategies())


def blobs(n_per_kind, n_kinds=6, seed=0, spread=0.6):
    """Unit vectors around a few directions, with their kinds."""
    rng = np.random.default_rng(seed)
    middles = np.random.default_rng(99).normal(size=(n_kinds, 16))
    x = np.repeat(middles, n_per_kind, axis=0)
    x = x + spread * rng.normal(size=x.shape)
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    kinds = np.repeat([f"k{n}" for n in range(n_kinds)], n_per_kind)
    return x.astype(np.float32), kinds


@pytest.fixture(scope="module")
def pool():
    x, _ = blobs(40)
    known, labels = blobs(5, seed=1)
    rng = np.random.default_rng(5)
    return Pool(
        x,
        known,
        fit_linear_head(known, list(labels)),
        weights=rng.integers(1, 50, len(x)).astype(np.float32),
        tags=[rng.dirichlet(np.ones(4), size=n) for n in rng.integers(1, 9, len(x))],
        in_context=rng.dirichlet(np.ones(6), size=len(x)).astype(np.float32),
        conversations=rng.integers(0, 30, len(x)),
    )


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("n", [1, 7, 240])
def test_every_strategy_selects_n_distinct_rows(name, n, pool):
    found = strategy_named(name).select(pool, n, np.random.default_rng(0))

    assert found.shape == (n,)
    assert found.dtype == np.intp
    assert len(np.unique(found)) == n
    assert found.min() >= 0 and found.max() < len(pool)


@pytest.mark.parametrize("name", NAMES)
def test_every_strategy_repeats_itself_with_its_seed(name, pool):
    first, second = (
        strategy_named(name).select(pool, 9, np.random.default_rng(4)) for _ in "ab"
    )

    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("name", NAMES)
def test_every_strategy_refuses_an_empty_pool(name):
    empty = Pool(np.empty((0, 16), np.float32), np.empty((0, 16), np.float32))

    with pytest.raises(EmptyPoolError):
        strategy_named(name).select(empty, 1, np.random.default_rng(0))


@pytest.mark.parametrize("name", NAMES)
def test_every_strategy_refuses_more_than_the_pool_holds(name, pool):
    with pytest.raises(PoolExhaustedError, match="241 wanted, the pool holds 240"):
        strategy_named(name).select(pool, 241, np.random.default_rng(0))


@pytest.mark.parametrize("name", NAMES)
def test_every_strategy_refuses_to_select_nothing(name, pool):
    with pytest.raises(ValueError, match="at least 1"):
        strategy_named(name).select(pool, 0, np.random.default_rng(0))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("n", [5, 240])
def test_every_strategy_begins_without_labels(name, n, pool):
    cold = Pool(pool.embeddings, pool.labeled[:0])

    found = strategy_named(name).select(cold, n, np.random.default_rng(0))

    assert len(np.unique(found)) == n


@pytest.mark.parametrize("name", NAMES)
def test_every_strategy_copes_with_equal_rows(name, pool):
    same = Pool(np.repeat(pool.embeddings[:1], 30, axis=0), pool.labeled, pool.head)

    found = strategy_named(name).select(same, 10, np.random.default_rng(0))

    assert len(np.unique(found)) == 10


@pytest.mark.parametrize(
    "name",
    [
        "least_confidence",
        "margin",
        "entropy",
        "frequency",
        "batch",
        "cluster_margin",
        "token_margin",
        "follow_up",
    ],
)
def test_permuted_rows_permute_the_choice(name, pool):
    order = np.random.default_rng(2).permutation(len(pool))
    shuffled = pool.only(order)

    found = strategy_named(name).select(pool, 11, np.random.default_rng(0))
    again = strategy_named(name).select(shuffled, 11, np.random.default_rng(0))

    np.testing.assert_array_equal(order[again], found)


@pytest.mark.parametrize(
    ("name", "score"),
    [
        ("least_confidence", acquisition.least_confidence),
        ("margin", acquisition.margin),
        ("entropy", acquisition.entropy),
    ],
)
@pytest.mark.parametrize("small_pool", [20_000, 10])
def test_uncertainty_takes_the_highest_scores_in_order(
    name, score, small_pool, pool, monkeypatch
):
    """Through modAL on a small pool and through our blocks on a large one."""
    monkeypatch.setattr(query_uncertainty, "SMALL_POOL", small_pool)
    scores = score(softmax(pool.head.logits(pool.embeddings)))

    found = strategy_named(name).select(pool, 15, np.random.default_rng(0))

    np.testing.assert_allclose(
        scores[found], np.sort(scores)[::-1][:15], rtol=1e-5, atol=1e-6
    )


def test_margin_worked_by_hand():
    # Logits are the coordinates: gaps 2, 0.5 and 1.
    rows = np.array([[2.0, 0.0], [0.5, 0.0], [0.0, 1.0]], dtype=np.float32)
    head = LinearHead(("a", "b"), np.eye(2, dtype=np.float32), np.zeros(2, np.float32))

    found = strategy_named("margin").select(
        Pool(rows, rows[:0], head), 3, np.random.default_rng(0)
    )

    assert found.tolist() == [1, 2, 0]


def test_ranked_batch_makes_the_picks_of_modal(pool):
    from modAL.batch import ranked_batch

    class Learner:
        X_training = pool.labeled
        on_transformed = False

    uncertainty = acquisition.least_confidence(
        softmax(pool.head.logits(pool.embeddings))
    )
    theirs, _ = ranked_batch(
        Learner(), pool.embeddings, uncertainty, 12, "euclidean", None
    )

    ours = strategy_named("batch").select(pool, 12, np.random.default_rng(0))

    assert ours.tolist() == theirs.tolist()


def test_typical_points_cover_every_kind_before_a_second(pool):
    x, kinds = blobs(40, spread=0.15)
    cold = Pool(x, x[:0])

    found = strategy_named("typical").select(cold, 6, np.random.default_rng(0))

    assert len(set(kinds[found])) == 6


def test_the_default_asks_about_unlabeled_kinds_first(monkeypatch):
    x, kinds = blobs(40, spread=0.15)
    known = x[kinds == "k0"][:3]
    rest = np.flatnonzero(~np.isin(np.arange(240), np.flatnonzero(kinds == "k0")[:3]))
    labels = ["k0", "k0", "k1"]
    monkeypatch.setattr(query_coverage, "n_coverage_clusters", lambda n: 6)
    pool = Pool(x[rest], known, fit_linear_head(known, labels))

    found = strategy_named("typiclust_margin").select(pool, 5, np.random.default_rng(0))

    assert set(kinds[rest][found]) == {"k1", "k2", "k3", "k4", "k5"}


def test_diverse_margin_spreads_where_margin_repeats_itself():
    x, kinds = blobs(40, n_kinds=3, spread=0.1)
    middle = (x[kinds == "k0"].mean(0) + x[kinds == "k1"].mean(0)) / 2
    near = np.repeat(middle[None] / np.linalg.norm(middle), 30, axis=0)
    near += 1e-4 * np.random.default_rng(0).normal(size=near.shape)
    pool_rows = np.concatenate([near.astype(np.float32), x])
    known, labels = blobs(5, n_kinds=3, seed=3, spread=0.1)
    pool = Pool(pool_rows, known, fit_linear_head(known, list(labels)))

    margin, diverse = (
        strategy_named(name).select(pool, 10, np.random.default_rng(0))
        for name in ("margin", "margin_diverse")
    )

    assert (margin < 30).sum() == 10
    assert (diverse < 30).sum() < 8


def test_frequency_weighs_a_margin_by_the_root_of_the_count():
    # Margin scores 1 - tanh(gap / 2): 0.76, 0.54 and 0.24 for gaps 0.5, 1 and 2.
    rows = np.array([[0.5, 0.0], [1.0, 0.0], [2.0, 0.0]], dtype=np.float32)
    head = LinearHead(("a", "b"), np.eye(2, dtype=np.float32), np.zeros(2, np.float32))
    pool = Pool(rows, rows[:0], head, weights=np.array([1.0, 4.0, 9.0]))

    found = strategy_named("frequency").select(pool, 3, np.random.default_rng(0))

    # 0.76 * 1, 0.54 * 2 and 0.24 * 3.
    assert found.tolist() == [1, 0, 2]


def test_cluster_margin_asks_every_cluster_in_turn_the_smallest_first():
    kinds = [[1.0, 0.0, 0.0]] * 5 + [[0.0, 1.0, 0.0]] * 3 + [[0.0, 0.0, 1.0]]
    rows = np.array(kinds, dtype=np.float32)
    coef = np.array([[1.0, 2.0, 3.0], [0.0, 0.0, 0.0]], dtype=np.float32)
    head = LinearHead(("a", "b"), coef, np.zeros(2, np.float32))  # gaps 1, 2 and 3

    found = strategy_named("cluster_margin").select(
        Pool(rows, rows[:0], head), 6, np.random.default_rng(0)
    )

    assert [kinds[row].index(1.0) for row in found] == [2, 1, 0, 1, 0, 1]


def test_token_margin_is_the_mean_of_the_least_sure_words():
    sure, half, tie = [0.9, 0.1], [0.75, 0.25], [0.5, 0.5]
    tags = [np.array(words) for words in ([sure] * 9, [tie, sure], [half, half])]

    # Margin scores 0.2 (sure), 0.5 (half) and 1 (tie); the best two words count.
    assert acquisition.token_margin(tags, 2) == pytest.approx([0.2, 0.6, 0.5])
    assert acquisition.token_margin([np.empty((0, 2))]).tolist() == [0.0]


def test_follow_up_asks_where_the_context_moves_the_answer():
    rows = np.array([[4.0, 0.0], [4.0, 0.0], [0.2, 0.0]], dtype=np.float32)
    head = LinearHead(("a", "b"), np.eye(2, dtype=np.float32), np.zeros(2, np.float32))
    alone = softmax(head.logits(rows))
    # The first turn means something else in its dialogue, the others do not.
    in_context = np.array([[0.02, 0.98], alone[1], [0.95, 0.05]])

    found = strategy_named("follow_up").select(
        Pool(rows, rows[:0], head, in_context=in_context), 3, np.random.default_rng(0)
    )

    assert found.tolist() == [0, 2, 1]


def test_follow_up_asks_every_conversation_before_a_second_turn_of_one():
    rows = np.zeros((4, 2), dtype=np.float32)
    head = LinearHead(("a", "b"), np.eye(2, dtype=np.float32), np.zeros(2, np.float32))
    in_context = np.array([[0.5, 0.5], [0.55, 0.45], [0.6, 0.4], [0.65, 0.35]])
    pool = Pool(
        rows,
        rows[:0],
        head,
        in_context=in_context,
        conversations=np.array(["x", "x", "y", "x"]),
    )

    found = strategy_named("follow_up").select(pool, 4, np.random.default_rng(0))

    assert found.tolist() == [0, 2, 1, 3]


def test_an_unknown_strategy_names_the_known_ones():
    with pytest.raises(ValueError, match="margin_diverse"):
        strategy_named("coreset")


def test_typical_rows_are_those_of_kinds_without_a_label():
    """TypiClust takes the largest clusters that no label covers."""
    rng = np.random.default_rng(0)
    near = np.repeat(np.eye(2, 16), [40, 10], axis=0) + 0.01 * rng.normal(size=(50, 16))
    x = (near / np.linalg.norm(near, axis=1, keepdims=True)).astype(np.float32)
    pool = Pool(x[1:], x[:1])  # one of the forty has a label

    [row] = strategy_named("typical").select(pool, 1, np.random.default_rng(0))

    assert row >= 39
