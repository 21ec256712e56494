"""What the labeling desk shows of an item, as plain data for page and API."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from annotations.errors import NotFoundError
from annotations.functions.dialogue import State
from annotations.functions.labels import Parameter
from annotations.functions.readings import Reading
from annotations.models import QueueItem, Reason, User, Utterance
from annotations.services import answers, catalogue, precedents, turns
from annotations.services.catalogue import Catalogue, IntentCard
from annotations.services.precedents import Precedent
from annotations.services.turns import EarlierTurn

# A guess below this share is noise to the person who reads it.
LEAST_CONFIDENCE = 0.05

WHY = {
    Reason.UNCERTAIN: gettext_lazy("The model is unsure about this one"),
    Reason.FALLBACK: gettext_lazy("The bot did not understand this and fell back"),
    Reason.DIVERSE: gettext_lazy("Unlike anything labeled so far"),
    Reason.RANDOM: gettext_lazy("Drawn at random"),
    # An exam must not be recognizable as one.
    Reason.EXAM: gettext_lazy("Drawn at random"),
    Reason.SECOND_OPINION: gettext_lazy("A second opinion is wanted"),
    Reason.SCHEMA_CHANGED: gettext_lazy("The function's parameters have changed"),
    Reason.REQUESTED: gettext_lazy("Somebody asked for this one"),
}
# Where the catalogue changed and not the parameters, by the kind of change.
MOVED = {
    "split": gettext_lazy("“%(title)s” was split: choose which of its parts this is"),
    "merge": gettext_lazy(
        "“%(title)s” is part of another intent now, which needs more parameters"
    ),
}


@dataclass(frozen=True)
class SuggestedIntent:
    name: str
    title: str
    domain: str
    description: str
    confidence: float  # calibrated, 0..1


@dataclass(frozen=True)
class DeskItem:
    item_id: int
    text: str
    context: tuple[tuple[str, str], ...]  # (role, text), oldest first
    turns: tuple[EarlierTurn, ...]  # the same, with how they were labeled
    state: State
    open_title: str  # of the request that is open, empty where none is
    acts: Mapping[str, str]  # default act by intent, under "" that of any other
    why: str
    domain: str
    count: int  # how often callers said exactly this
    is_blind: bool
    suggestions: tuple[SuggestedIntent, ...]
    # [{"param", "start", "end", "text", "value", "problem"}]: the model's guess of the
    # spans, each read by the first suggested intent that has such a parameter
    parameters: tuple[dict[str, Any], ...]
    # What people said about utterances like it.
    similar: tuple[Precedent, ...]
    lease_expires_at: str
    catalogue: str  # changes when intents or schemas do: see picker_index


def present(item: QueueItem) -> DeskItem:
    """Everything the desk shows; nothing of a guess where the answer is blind."""
    cards = catalogue.current(item.catalogue_stamp)
    utterance = item.utterance
    guess = None if item.is_blind else getattr(utterance, "suggestion", None)
    before = turns.before_item(item, cards)
    return DeskItem(
        item_id=item.pk,
        text=utterance.text,
        context=tuple((turn["role"], turn["text"]) for turn in utterance.context),
        turns=before.turns,
        state=before.state,
        open_title=before.open_title,
        acts=before.acts,
        why=_why(item, cards),
        domain=_domain(guess, cards),
        count=utterance.count,
        is_blind=item.is_blind,
        suggestions=_suggestions(guess, cards),
        parameters=_parameters(guess, utterance, cards),
        similar=precedents.answered(item, cards),
        lease_expires_at=item.lease_expires_at.isoformat(),
        catalogue=cards.stamp.hex,
    )


def _why(item: QueueItem, cards: Catalogue) -> str:
    between = [
        cards.by_name[name].title
        for name in item.why.get("between", ())
        if name in cards.by_name
    ]
    if item.reason == Reason.UNCERTAIN and len(between) == 2:
        torn = _("The model is torn between “%(first)s” and “%(second)s”")
        return torn % {"first": between[0], "second": between[1]}
    for kind, sentence in MOVED.items():
        if kind in item.why:
            return str(sentence) % {"title": item.why[kind]}
    return str(WHY[Reason(item.reason)])


def _suggestions(guess: Any, cards: Catalogue) -> tuple[SuggestedIntent, ...]:
    guesses = guess.intents if guess else ()
    known = catalogue.meant(((g["intent"], g["confidence"]) for g in guesses), cards)
    return tuple(
        SuggestedIntent(
            name=card.name,
            title=card.title,
            domain=card.domain,
            description=card.description,
            confidence=confidence,
        )
        for position, (card, confidence) in enumerate(known)
        # The best guess is shown however weak it is.
        if position == 0 or confidence >= LEAST_CONFIDENCE
    )


def _parameters(
    guess: Any, utterance: Utterance, cards: Catalogue
) -> tuple[dict[str, Any], ...]:
    if not guess or not guess.parameters:
        return ()
    named = (cards.by_name.get(one["intent"]) for one in guess.intents)
    likely = [card for card in named if card]
    today = answers.called_on(utterance)
    read = []
    for span in guess.parameters:
        name = span["param"]
        fits = (c for c in likely if any(p.name == name for p in c.parameters))
        card = next(fits, None)
        if card:
            found = answers.reading(card, name, span["text"], today)
            span = {**span, **asdict(found), "intent": card.name}
        read.append(span)
    return tuple(read)


def read_value(
    *, by: User, item_id: int, intent: str, param: str, said: str
) -> Reading:
    """What words marked or typed amount to for a parameter, on an item that `by` holds.

    Raises NotFoundError for items and parameters that are not theirs to ask about.
    """
    item = (
        QueueItem.objects.filter(pk=item_id, holders__contains=[by.pk])
        .select_related("utterance")
        .first()
    )
    if item is None:
        raise NotFoundError(_("There is no such item of yours."))
    return answers.read_value(item.utterance, intent=intent, param=param, said=said)


def _domain(guess: Any, cards: Catalogue) -> str:
    best = guess.intents[0]["intent"] if guess and guess.intents else ""
    return cards.by_name[best].domain_title if best in cards.by_name else ""


def picker_index() -> dict[str, Any]:
    """Every intent with its parameters, for the picker; `version` changes with it."""
    cards = catalogue.current()
    return {
        "version": cards.stamp.hex,
        "intents": [_picker_entry(card) for card in cards.intents],
    }


def _picker_entry(card: IntentCard) -> dict[str, Any]:
    entry = {
        "name": card.name,
        "title": card.title,
        "domain": card.domain,
        "description": card.description,
        "aliases": card.aliases,
        "oos": card.is_out_of_scope,
        "function": card.function,
        "schema": card.schema_number,
        "parameters": [_picker_parameter(p) for p in card.parameters],
    }
    # Few intents have these; the others must not weigh more for it.
    if card.domain_title != card.domain.replace("_", " ").capitalize():
        entry["domain_title"] = card.domain_title
    if card.contrasts:
        entry["contrasts"] = dict(card.contrasts)
    if card.usual_act:
        entry["act"] = card.usual_act
    return entry


def _picker_parameter(parameter: Parameter) -> dict[str, Any]:
    shown = {key: value for key, value in asdict(parameter).items() if value}
    shown.pop("prompt", None)  # the bot's words: the desk has no use for them
    return shown
