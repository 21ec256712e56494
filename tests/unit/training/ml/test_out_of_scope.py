"""Scope: what labeled out-of-scope rows add, and thresholds of domains."""

from dataclasses import replace

import numpy as np
import pytest

from training.ml import out_of_scope
from training.ml.out_of_scope import ScopeRule, Unseen, fit_scope_rule

CLASSES = ("a", "b")


def rows(n_inside: int, n_outside: int, seed: int = 0) -> Unseen:
    """Energy and familiarity say nothing; the embedding's first axis says all."""
    rng = np.random.default_rng(seed)
    n = n_inside + n_outside
    is_inside = np.arange(n) < n_inside
    x = rng.normal(0, 0.1, (n, 3))
    x[:, 0] += np.where(is_inside, 1.0, -1.0)
    return Unseen(x, rng.normal(size=(n, 2)), rng.normal(size=n), is_inside)


def rule_of(unseen: Unseen) -> ScopeRule:
    inside = unseen.is_inside
    return fit_scope_rule(
        CLASSES,
        unseen.logits[inside],
        unseen.familiarity[inside],
        np.zeros(int(inside.sum()), dtype=np.intp),
    )


def learned(unseen: Unseen, n_outside: int = 60) -> ScopeRule:
    trained = rows(200, n_outside, seed=1)
    return out_of_scope.with_outside(
        rule_of(unseen),
        CLASSES,
        trained.embeddings[trained.is_inside],
        trained.embeddings[~trained.is_inside],
        unseen,
    )


def test_labeled_out_of_scope_rows_are_learned_from():
    unseen, test = rows(300, 60), rows(300, 100, seed=2)

    def refused(rule: ScopeRule) -> np.ndarray:
        scores = rule.score(CLASSES, test.logits, test.familiarity, test.embeddings)
        return scores < rule.threshold

    before, after = refused(rule_of(unseen)), refused(learned(unseen))

    outside = ~test.is_inside
    assert after[outside].mean() > before[outside].mean() + 0.2
    assert after[test.is_inside].mean() == pytest.approx(0.05, abs=0.04)


def test_a_handful_of_out_of_scope_rows_changes_nothing():
    unseen = rows(300, 60)

    assert learned(unseen, n_outside=5) == rule_of(unseen)


def test_the_hint_weighs_the_same_whatever_was_held_out():
    assert learned(rows(300, 0)).weights == learned(rows(300, 60)).weights


def test_what_is_stored_decides_the_same():
    unseen = rows(300, 60)
    found = learned(unseen)

    again = ScopeRule.from_dict(found.as_dict())

    assert again == found


def test_a_rule_stored_before_there_were_more_signals_is_read():
    facts = {
        "energy_mean": 0.0,
        "energy_sd": 1.0,
        "familiarity_mean": 0.0,
        "familiarity_sd": 1.0,
        "threshold": -1.0,
    }

    assert ScopeRule.from_dict(facts).thresholds(["a"]) == [-1.0]


def test_each_domain_with_rows_enough_has_a_threshold_of_its_own():
    rng = np.random.default_rng(0)
    likeliest = np.repeat([0, 1], [400, 400])
    logits = 9.0 * np.eye(2)[likeliest] + rng.normal(0, 0.1, (800, 2))
    near = np.where(likeliest == 0, 0.9, 0.5) + rng.normal(0, 0.01, 800)
    inside = np.ones(800, dtype=bool)
    unseen = Unseen(np.zeros((800, 2)), logits, near, inside)
    rule = fit_scope_rule(CLASSES, logits, near, likeliest)

    found = out_of_scope.with_domains(
        rule, CLASSES, unseen, {"a": "billing", "b": "repair"}
    )

    refused = rule.score(CLASSES, logits, near) < found.thresholds(
        [CLASSES[i] for i in likeliest]
    )
    for column in (0, 1):
        assert refused[likeliest == column].mean() == pytest.approx(0.05, abs=0.01)
    few = out_of_scope.with_domains(
        rule,
        CLASSES,
        replace(unseen, is_inside=np.arange(800) < 420),
        {"a": "billing", "b": "repair"},
    )
    assert set(few.intent_thresholds) == {"a"}
