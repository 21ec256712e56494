"""One intent model out of a fine-tuned head, a refitted one and their neighbours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.ml.calibration import fit_logit_scale
from training.ml.intent_model import HeadConfig, IntentModel, LinearHead
from training.ml.neighbours import Neighbours
from training.ml.out_of_scope import ScopeRule, fit_scope_rule

Floats = NDArray[np.floating[Any]]

VOTE_SHARE = HeadConfig().vote_share
NOTHING_REFUSED = ScopeRule(0.0, 1.0, 0.0, 1.0, float(np.finfo(np.float32).min))


def average(one: LinearHead, other: LinearHead) -> LinearHead:
    """The head whose logits are the mean of both: their geometric mean.

    Raises ValueError where they know different intents.
    """
    if one.classes != other.classes:
        raise ValueError("the heads know different intents")
    return LinearHead(
        one.classes,
        ((one.coef + other.coef) / 2).astype(np.float32),
        ((one.intercept + other.intercept) / 2).astype(np.float32),
    )


def calibrated(
    head: LinearHead,
    neighbours: Neighbours,
    embeddings: Floats,
    labels: Sequence[str],
    vote_share: float = VOTE_SHARE,
) -> IntentModel:
    """Mix head and neighbours, scaled on rows that neither has seen.

    embeddings: (n, d), labels: intents the head knows. Without rows nothing is scaled
    and nothing refused.
    """
    if len(labels) == 0:
        return IntentModel(head, 1.0, 1.0, vote_share, neighbours, NOTHING_REFUSED)
    codes = head.codes(labels)
    logits = head.logits(embeddings)
    scale = fit_logit_scale(logits, codes)
    unscaled = IntentModel(head, scale, 1.0, vote_share, neighbours, NOTHING_REFUSED)
    mixture = np.log(np.maximum(unscaled.predict_proba(embeddings), 1e-9))
    _, familiarity = neighbours.vote_and_familiarity(embeddings)
    return IntentModel(
        head=head,
        logit_scale=scale,
        mix_scale=fit_logit_scale(mixture, codes),
        vote_share=vote_share,
        neighbours=neighbours,
        scope=fit_scope_rule(head.classes, logits, familiarity, codes),
    )
