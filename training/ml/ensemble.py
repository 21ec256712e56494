"""One intent model out of several opinions, weighed on rows that none has seen.

Linear heads on the embedding (the one fine-tuned, the one refitted) are summed into
one; the opinion of the words is scaled; the nearest labeled rows vote. Weights,
shares and scales come from held-out rows, so an opinion that does not help weighs
nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.ml import balance, stacking
from training.ml.calibration import fit_logit_scale, softmax
from training.ml.data import OUT_OF_SCOPE
from training.ml.intent_model import HeadConfig, IntentModel, LinearHead, mix
from training.ml.lexical import LexicalHead
from training.ml.neighbours import Neighbours
from training.ml.out_of_scope import ScopeRule, Unseen, fit_scope_rule, with_outside

Floats = NDArray[np.floating[Any]]

VOTE_SHARE = HeadConfig().vote_share
VOTE_SHARES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5)
NOTHING_REFUSED = ScopeRule(0.0, 1.0, 0.0, 1.0, float(np.finfo(np.float32).min))


@dataclass(frozen=True)
class HeldOut:
    """What each opinion says of rows it has not seen.

    linear: logits (n, n_intents) of each linear head, lexical: the same of the words
    or None, votes: (n, n_intents), familiarity: (n,), codes: (n,) true columns, -1
    where the row is out of scope; embeddings: (n, d).
    """

    linear: tuple[Floats, ...]
    lexical: Floats | None
    votes: Floats
    familiarity: Floats
    codes: NDArray[np.intp]
    embeddings: Floats

    @property
    def is_inside(self) -> NDArray[np.bool_]:
        return np.asarray(self.codes >= 0)


@dataclass(frozen=True)
class Pooling:
    """How the opinions are put together.

    shift: (n_intents,), added to the linear logits so that rare intents get their
    share; None for nothing.
    """

    linear: tuple[float, ...]
    lexical: float
    vote_share: float
    mix_scale: float
    shift: NDArray[np.float32] | None = None


@dataclass(frozen=True)
class Balanced:
    """How rare intents get their share: a method before fitting, a share after it.

    plain: the pooled opinions without the share of the log frequency taken off.
    """

    method: str
    share: float
    plain: Pooling
    pooling: Pooling


@dataclass(frozen=True)
class Outside:
    """Embeddings trained on: of rows in scope and of rows out of it."""

    inside: Floats
    outside: Floats


def answers(
    heads: Sequence[LinearHead],
    lexical: LexicalHead | None,
    neighbours: Neighbours,
    embeddings: Floats,
    texts: Sequence[str],
    labels: Sequence[str],
) -> HeldOut:
    """What the opinions say of rows; `labels` are intents of the heads or `oos`."""
    classes = heads[0].classes
    if any(head.classes != classes for head in heads):
        raise ValueError("the heads know different intents")
    column = {name: index for index, name in enumerate(classes)} | {OUT_OF_SCOPE: -1}
    votes, familiarity = neighbours.vote_and_familiarity(embeddings)
    return HeldOut(
        linear=tuple(head.logits(embeddings) for head in heads),
        lexical=None if lexical is None else lexical.logits(texts),
        votes=votes,
        familiarity=familiarity,
        codes=np.array([column[label] for label in labels], dtype=np.intp),
        embeddings=np.asarray(embeddings, dtype=np.float32),
    )


def pool(seen: HeldOut, start: Sequence[float]) -> Pooling:
    """Weigh the opinions on the rows in scope; `start`: weights of the linear heads.

    The words begin at nothing and have to earn their weight.
    """
    inside = np.flatnonzero(seen.is_inside)
    codes = seen.codes[inside]
    opinions = [logits[inside] for logits in seen.linear]
    begin = list(start)
    if seen.lexical is not None:
        opinions.append(seen.lexical[inside])
        begin.append(0.0)
    weights = stacking.fit_weights(opinions, codes, begin)
    logits = np.tensordot(weights, np.stack(opinions), axes=1)
    votes = seen.votes[inside]
    share = stacking.fit_vote_share(logits, votes, codes, VOTE_SHARES, VOTE_SHARE)
    linear = tuple(float(w) for w in weights[: len(seen.linear)])
    return Pooling(
        linear=linear,
        lexical=float(weights[-1]) if seen.lexical is not None else 0.0,
        vote_share=share,
        mix_scale=fit_logit_scale(mix(logits, votes, 1.0, share), codes),
    )


def assemble(
    pooling: Pooling,
    heads: Sequence[LinearHead],
    lexical: LexicalHead | None,
    neighbours: Neighbours,
    scope: ScopeRule = NOTHING_REFUSED,
) -> tuple[IntentModel, LexicalHead | None]:
    """The model that answers with pooled opinions, and its words' share in them."""
    weighed = list(zip(pooling.linear, heads, strict=True))
    intercept = np.sum([w * h.intercept for w, h in weighed], axis=0)
    if pooling.shift is not None:
        intercept = intercept + pooling.shift
    head = LinearHead(
        heads[0].classes,
        np.sum([w * h.coef for w, h in weighed], axis=0).astype(np.float32),
        intercept.astype(np.float32),
    )
    model = IntentModel(
        head=head,
        logit_scale=1.0,
        mix_scale=pooling.mix_scale,
        vote_share=pooling.vote_share,
        neighbours=neighbours,
        scope=scope,
    )
    heard = lexical is not None and pooling.lexical > 0.0
    return model, lexical.scaled(pooling.lexical) if lexical and heard else None


def scope_rule(
    pooling: Pooling,
    classes: tuple[str, ...],
    seen: HeldOut,
    outside: Outside | None = None,
) -> ScopeRule:
    """The sense of scope of pooled heads, set on held-out rows."""
    inside = seen.is_inside
    logits = linear_logits(pooling, seen)
    rule = fit_scope_rule(
        classes, logits[inside], seen.familiarity[inside], seen.codes[inside]
    )
    if outside is None:
        return rule
    unseen = Unseen(seen.embeddings, logits, seen.familiarity, inside)
    return with_outside(rule, classes, outside.inside, outside.outside, unseen)


def linear_logits(pooling: Pooling, seen: HeldOut) -> Floats:
    """The weighed logits of the linear heads, (n, n_intents)."""
    weighed = zip(pooling.linear, seen.linear, strict=True)
    logits = np.asarray(np.sum([w * logits for w, logits in weighed], axis=0))
    return logits if pooling.shift is None else logits + pooling.shift


def balanced(
    seen: Mapping[str, HeldOut],
    start: Sequence[float],
    codes: NDArray[np.intp],
    wanted: str,
) -> Balanced:
    """Pool the opinions so that rare intents get the share held-out rows speak for.

    seen: {method: what opinions fitted by it say}, the plain method first; codes: the
    intents learned from; wanted: "logit" takes the whole log frequency off the logits,
    "auto" the share that validation chooses, every other method none.
    """
    shares = {"auto": balance.SHARES, "logit": (1.0,)}.get(wanted, (0.0,))
    pools = {method: pool(one, start) for method, one in seen.items()}
    first = next(iter(seen))
    n_intents = seen[first].votes.shape[1]
    prior = balance.log_prior(codes, n_intents)
    inside = seen[first].is_inside
    truth = seen[first].codes[inside]
    tried = {
        (method, share): _mixed(_shifted(pools[method], share, prior), one)[inside]
        for method, one in seen.items()
        for share in shares
    }
    method, share = balance.choose(tried, truth)
    pooling = _shifted(pools[method], share, prior)
    if share:
        scale = fit_logit_scale(tried[method, share], truth)
        pooling = replace(pooling, mix_scale=scale)
    return Balanced(method, share, pools[method], pooling)


def _shifted(pooling: Pooling, share: float, prior: Floats) -> Pooling:
    if share == 0.0:
        return pooling
    return replace(pooling, shift=np.asarray(-share * prior, dtype=np.float32))


def probabilities(pooling: Pooling, seen: HeldOut) -> NDArray[np.float32]:
    """What the pooled model says of the rows, (n, n_intents)."""
    return softmax(pooling.mix_scale * _mixed(pooling, seen))


def _mixed(pooling: Pooling, seen: HeldOut) -> Floats:
    return mix(all_logits(pooling, seen), seen.votes, 1.0, pooling.vote_share)


def joined(parts: Sequence[HeldOut], n_intents: int, hidden: int) -> HeldOut:
    """Several folds' answers as one; no fold: no rows."""
    if not parts:
        none = np.zeros((0, n_intents), dtype=np.float32)
        rows = np.zeros((0, hidden), dtype=np.float32)
        return HeldOut((none,), none, none, none[:, 0], np.zeros(0, np.intp), rows)
    lexical = [part.lexical for part in parts if part.lexical is not None]
    return replace(
        parts[0],
        linear=tuple(
            np.concatenate([part.linear[i] for part in parts])
            for i in range(len(parts[0].linear))
        ),
        lexical=np.concatenate(lexical) if lexical else None,
        votes=np.concatenate([part.votes for part in parts]),
        familiarity=np.concatenate([part.familiarity for part in parts]),
        codes=np.concatenate([part.codes for part in parts]),
        embeddings=np.concatenate([part.embeddings for part in parts]),
    )


def all_logits(pooling: Pooling, seen: HeldOut) -> Floats:
    """The weighed logits of every opinion, (n, n_intents)."""
    logits = linear_logits(pooling, seen)
    if seen.lexical is not None:
        logits = logits + pooling.lexical * seen.lexical
    return logits
