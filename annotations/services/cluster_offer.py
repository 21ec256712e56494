"""What near-duplicates are offered together, each with the answer proposed for it.

The ranking left on each queue item which utterances say nearly the same (`why`,
"alike"); the proposal is the guess about the item on the desk, carried over to them.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from annotations.errors import InvalidLabelError
from annotations.functions import carry, dialogue
from annotations.models import QueueItem, Reason, User, Utterance
from annotations.services import answers, catalogue, queue, turns
from annotations.services.answers import Answer, SpanAnswer
from annotations.services.catalogue import Catalogue, IntentCard

# With the one on the desk; one of the others is the blind check.
MOST = 8
LEAST = 3
REASONS = (Reason.UNCERTAIN, Reason.FALLBACK, Reason.DIVERSE)


@dataclass(frozen=True)
class Proposed:
    """One utterance with the answer proposed for it."""

    item: QueueItem
    spans: tuple[SpanAnswer, ...]
    act: str

    @property
    def text(self) -> str:
        return self.item.utterance.text


@dataclass(frozen=True)
class Cluster:
    """What is offered together: the one on the desk first."""

    card: IntentCard
    members: tuple[Proposed, ...]
    n_unfit: int = 0  # near enough, but the parameters do not carry over


def cluster_of(seed: QueueItem, by: User) -> Cluster | None:
    """The proposals for an item and those like it; None where nothing is proposed."""
    alike = seed.why.get("alike", ())
    if not alike or seed.is_blind or seed.status not in QueueItem.OPEN:
        return None
    cards = catalogue.current()
    proposal = proposal_of(seed, cards)
    first = fit(seed, *proposal, seed, cards) if proposal else None
    if proposal is None or first is None:
        return None
    card, marks = proposal
    near = [one for one in _near(alike, by) if _best(one, cards) == card.id]
    fitted = [fit(seed, card, marks, one, cards) for one in near]
    members = [first, *(one for one in fitted if one)][:MOST]
    return Cluster(card, tuple(members), sum(one is None for one in fitted))


def _near(alike: Sequence[int], by: User) -> list[QueueItem]:
    """Items of these utterances that `by` may take, nearest first."""
    found = (
        queue.with_all(QueueItem.objects)
        .filter(
            utterance__in=list(alike),
            reason__in=REASONS,
            utterance__split=Utterance.Split.TRAIN,
            utterance__status=Utterance.Status.POOL,
            utterance__redaction=Utterance.Redaction.FULL,
            status__in=QueueItem.OPEN,
        )
        .exclude(utterance__annotation__annotator=by)
    )
    free = [i for i in found if i.status == "ready" or i.leased_by_id == by.pk]
    place = {pk: n for n, pk in enumerate(alike)}
    return sorted(free, key=lambda item: place[item.utterance_id])


def _best(item: QueueItem, cards: Catalogue) -> int | None:
    guess = getattr(item.utterance, "suggestion", None)
    pairs = ((g["intent"], g["confidence"]) for g in guess.intents) if guess else ()
    known = catalogue.meant(pairs, cards)
    return known[0][0].id if known else None


def proposal_of(
    seed: QueueItem, cards: Catalogue
) -> tuple[IntentCard, tuple[SpanAnswer, ...]] | None:
    """The best suggested intent, and the marks of its parameters on the text."""
    best = _best(seed, cards)
    if best is None:
        return None
    card, text = cards.by_id[best], seed.utterance.text
    marks = tuple(
        SpanAnswer(m["start"], m["end"], m["param"], text[m["start"] : m["end"]])
        for m in _guessed(seed, card)
    )
    return card, marks


def _guessed(item: QueueItem, card: IntentCard) -> list[dict[str, Any]]:
    names = {parameter.name for parameter in card.parameters}
    guess = getattr(item.utterance, "suggestion", None)
    return [m for m in (guess.parameters if guess else ()) if m["param"] in names]


def fit(
    seed: QueueItem,
    card: IntentCard,
    marks: tuple[SpanAnswer, ...],
    item: QueueItem,
    cards: Catalogue,
) -> Proposed | None:
    """The proposal carried over to `item`; None where the schema would refuse it.

    Nor where the model sees a parameter in it that the other wording has not.
    """
    text, act = item.utterance.text, usual_act(item, card, cards)
    places = carry.carried(seed.utterance.text, [(m.start, m.end) for m in marks], text)
    spans = tuple(
        SpanAnswer(place[0], place[1], mark.param, text[place[0] : place[1]])
        for mark, place in zip(marks, places, strict=True)
        if place
    )
    seen = {mark["param"] for mark in _guessed(item, card)}
    if not seen <= {span.param for span in spans}:
        return None
    try:
        answers.check(
            item.utterance, Answer(uuid.UUID(int=0), item.pk, card.name, spans)
        )
    except InvalidLabelError:
        return None
    return Proposed(item, spans, act)


def usual_act(item: QueueItem, card: IntentCard, cards: Catalogue) -> str:
    """What the turn most likely does; "" where nothing was said before it."""
    if not item.utterance.context:
        return ""
    opened = turns.before_item(item, cards).state.intent
    return dialogue.default_act(card.name, card.usual_act, opened)
