"""The turns before an utterance: what was said, how it was labeled, what is open."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from annotations.functions import dialogue
from annotations.functions.dialogue import Said, State
from annotations.intake.normalize import normalize
from annotations.intake.redaction.cues import is_caller
from annotations.models import Act, QueueItem, User, Utterance
from annotations.services import prepared
from annotations.services.catalogue import Catalogue

# The labels of the conversation's earlier turns: one's own, else the gold label. `u` is
# the utterance; one look in an index a turn.
LABELS = """
SELECT jsonb_agg(jsonb_build_object('text', e.text, 'intent', l.intent_id,
    'act', l.act, 'mine', l.mine, 'values', (
        SELECT jsonb_object_agg(s.param, coalesce(nullif(s.value, ''), s.text))
        FROM annotations_parameterspan s WHERE s.annotation_id = l.id)
    ) ORDER BY t.number DESC)
FROM annotations_turn t
JOIN annotations_utterance e ON e.id = t.utterance_id
CROSS JOIN LATERAL (
    SELECT a.id, a.intent_id, a.act, a.annotator_id = %(user)s AS mine
    FROM annotations_annotation a
    LEFT JOIN annotations_goldlabel g ON g.annotation_id = a.id
    WHERE a.utterance_id = e.id AND a.kind = 'label'
        AND (g.utterance_id IS NOT NULL OR a.annotator_id = %(user)s AND NOT EXISTS (
            SELECT FROM annotations_annotation later
            WHERE later.undoes_id = a.id OR later.revises_id = a.id))
    ORDER BY a.annotator_id = %(user)s DESC, a.created_at DESC LIMIT 1) l
WHERE t.conversation_id = u.conversation_id AND t.number < u.turn
    AND e.status NOT IN ('quarantined', 'erased')"""
OF_ONE = f"""
SELECT ({LABELS}) FROM annotations_utterance u WHERE u.id = %(utterance)s"""


@dataclass(frozen=True)
class TurnLabel:
    """How an earlier turn was answered: by whoever asks, else the gold answer."""

    intent: str
    title: str
    act: str
    values: Mapping[str, str]
    is_mine: bool

    @property
    def act_title(self) -> str:
        return str(Act(self.act).label) if self.act else ""


@dataclass(frozen=True)
class EarlierTurn:
    """position: where it stands in the context, which is what a span refers to."""

    position: int
    role: str
    text: str
    label: TurnLabel | None = None


@dataclass(frozen=True)
class Before:
    """All that precedes an utterance in its conversation."""

    turns: tuple[EarlierTurn, ...]
    state: State
    open_title: str  # of the request that is open, empty where none is
    acts: Mapping[str, str]  # default act by intent, under "" that of any other


def before_item(item: QueueItem, cards: Catalogue) -> Before:
    """What was said before the item's utterance, as its holder may see it.

    On a blind item nobody else's answers are shown, not even on earlier turns.
    """
    utterance = item.utterance
    found = _labels_of_item(item) if utterance.context else []
    if item.is_blind:
        found = [label for label in found if label["mine"]]
    return _before(utterance, found, cards)


def before(utterance: Utterance, cards: Catalogue, *, by: User) -> Before:
    """What was said before the utterance, with `by`'s labels, else the gold ones."""
    found = _labels(utterance.pk, by.pk) if utterance.context else []
    return _before(utterance, found, cards)


def _before(
    utterance: Utterance, found: list[dict[str, Any]], cards: Catalogue
) -> Before:
    placed = _placed(found, utterance.context, cards)
    turns = tuple(
        EarlierTurn(position, said["role"], said["text"], placed.get(position))
        for position, said in enumerate(utterance.context)
    )
    state = _state(turns, cards)
    opened = cards.by_name.get(state.intent)
    return Before(
        turns,
        state,
        open_title=opened.title if opened else "",
        acts=_default_acts(state) if turns else {},
    )


def _default_acts(state: State) -> dict[str, str]:
    """The default act by intent, under "" that of any other, where none is usual."""
    others = {"": dialogue.default_act("", "", state.intent)}
    if not state.intent:
        return others
    same = dialogue.default_act(state.intent, "", state.intent)
    return {**others, state.intent: same}


def _labels(utterance_id: int, person_id: int | None) -> list[dict[str, Any]]:
    """Newest first."""
    known = {"user": person_id, "utterance": utterance_id}
    [(raw,)] = prepared.rows(OF_ONE, known)
    return _read(raw)


def _labels_of_item(item: QueueItem) -> list[dict[str, Any]]:
    """Fetched with the item where it was claimed."""
    if hasattr(item, "labels_before"):
        return _read(item.labels_before)
    return _labels(item.utterance_id, item.leased_by_id)


def _read(raw: Any) -> list[dict[str, Any]]:
    return (json.loads(raw) if isinstance(raw, str) else raw) or []


def _placed(
    labels: Iterable[dict[str, Any]], context: list[dict[str, str]], cards: Catalogue
) -> dict[int, TurnLabel]:
    """Each label at the latest caller's turn of the context that says the same.

    A turn that was said by many is one utterance; only the words tell where it stands
    in this conversation, and a source may number its turns in its own way.
    """
    placed: dict[int, TurnLabel] = {}
    end = len(context)
    for label in labels:
        words = normalize(label["text"])
        position = next(
            (
                n
                for n in range(end - 1, -1, -1)
                if is_caller(context[n]["role"])
                and normalize(context[n]["text"]) == words
            ),
            None,
        )
        card = cards.by_id.get(label["intent"])
        if position is None or card is None:
            continue
        end = position
        placed[position] = TurnLabel(
            card.name, card.title, label["act"], label["values"] or {}, label["mine"]
        )
    return placed


def _state(turns: Iterable[EarlierTurn], cards: Catalogue) -> State:
    known = cards.by_name

    def parameters_of(intent: str) -> list[str]:
        return [p.name for p in known[intent].parameters] if intent in known else []

    def usual_act(intent: str) -> str:
        return known[intent].usual_act if intent in known else ""

    said = [
        Said(turn.position, turn.label.intent, turn.label.act, turn.label.values)
        for turn in turns
        if turn.label
    ]
    return dialogue.state_after(said, usual_act=usual_act, parameters_of=parameters_of)
