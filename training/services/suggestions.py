"""What a model guesses about queued utterances, stored for the person to see."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from annotations.models import Suggestion, Utterance
from annotations.services import catalogue
from annotations.services.catalogue import Catalogue
from training.ml.data import Example, Span, Turn

TOP = 5
PLACEHOLDER = re.compile(r"\[([A-Z][A-Z_]*[A-Z])(?:_\d+)?\]")

Intents = Sequence[tuple[str, float]]


class ParameterSuggester(Protocol):
    """Finds parameters in utterances; which intents use them is decided later."""

    def spans(self, examples: Sequence[Example]) -> list[list[Span]]: ...


class TaggerSuggester:
    """The spans that a checkpoint's tagger sees."""

    def __init__(self, predictor: Any) -> None:
        self._predictor = predictor

    def spans(self, examples: Sequence[Example]) -> list[list[Span]]:
        _, predictions = self._predictor.predict_many(examples, together=True)
        return [list(prediction.spans) for prediction in predictions]


def example_of(utterance: Utterance) -> Example:
    """The utterance as models read it, its label left out."""
    return Example(
        text=utterance.text,
        context=tuple(
            Turn(str(turn.get("role", "")), str(turn.get("text", "")))
            for turn in utterance.context or ()
        ),
        key=utterance.pk,
    )


def build(
    examples: Mapping[int, Example],
    intents: Mapping[int, Intents],
    *,
    model_name: str,
    suggester: ParameterSuggester | None,
) -> list[Suggestion]:
    """A suggestion for every utterance of `intents`, by its id, not yet stored.

    Intents no longer in use are left out.
    """
    cards = catalogue.current()
    ids = sorted(intents)
    tagged = suggester.spans([examples[i] for i in ids]) if suggester and ids else []
    found = dict(zip(ids, tagged, strict=True)) if tagged else {}
    return [
        Suggestion(
            utterance_id=i,
            model_name=model_name,
            intents=_intents(intents[i], cards),
            parameters=_parameters(
                examples[i].text, intents[i], cards, found.get(i, [])
            ),
        )
        for i in ids
    ]


def store(found: Sequence[Suggestion]) -> int:
    """Each replaces the one before; utterances erased meanwhile get none."""
    ids = [suggestion.utterance_id for suggestion in found]
    there = set(
        Utterance.objects.visible().filter(pk__in=ids).values_list("pk", flat=True)
    )
    rows = [suggestion for suggestion in found if suggestion.utterance_id in there]
    Suggestion.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["utterance"],
        update_fields=["model_name", "intents", "parameters"],
        batch_size=500,
    )
    return len(rows)


def _intents(intents: Intents, cards: Catalogue) -> list[dict[str, Any]]:
    return [
        {"intent": card.name, "confidence": round(share, 4)}
        for card, share in catalogue.meant(intents, cards)[:TOP]
    ]


def _parameters(
    text: str, intents: Intents, cards: Catalogue, tagged: Sequence[Span]
) -> list[dict[str, Any]]:
    """The spans that parameters of a suggested intent accept, by place.

    The desk shows those of the intent that is chosen. Where a tagger and a placeholder
    claim overlapping places for one intent, the placeholder is right: it is exact.
    """
    chosen: dict[tuple[int, int, str], dict[str, Any]] = {}
    for name, _ in intents[:TOP]:
        card = cards.by_name.get(name)
        if card is None:
            continue
        spans = _placeholders(text, card.parameters)
        known = {parameter.name for parameter in card.parameters}
        for span in tagged:
            if span.param in known and not any(
                _overlap(span, other) for other in spans
            ):
                spans.append(span)
        for span in spans:
            chosen[span.start, span.end, span.param] = _as_json(text, span)
    return [chosen[key] for key in sorted(chosen)]


def _placeholders(text: str, parameters: Sequence[Any]) -> list[Span]:
    """Bind the text's typed placeholders to parameters that accept them, in order."""
    free = list(parameters)
    spans = []
    for match in PLACEHOLDER.finditer(text):
        kind = match.group(1)
        taker = next((p for p in free if p.placeholder == kind), None)
        if taker is not None:
            free.remove(taker)
            spans.append(Span(match.start(), match.end(), taker.name, match.group()))
    return spans


def _overlap(one: Span, other: Span) -> bool:
    return one.start < other.end and other.start < one.end


def _as_json(text: str, span: Span) -> dict[str, Any]:
    return {
        "param": span.param,
        "start": span.start,
        "end": span.end,
        "text": text[span.start : span.end],
        "value": span.value or text[span.start : span.end],
    }
