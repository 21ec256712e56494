"""Labeled utterances as frozen data, how they are read and how they are split."""

from __future__ import annotations

import codecs
import gzip
import hashlib
import json
import math
import unicodedata
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

OUT_OF_SCOPE = "oos"
# Dialogue acts: what a caller's turn does to the request that is open.
ACTS = ("new", "continues", "corrects", "confirms", "denies", "closes")


@dataclass(frozen=True, slots=True)
class Span:
    """A parameter's place in the text: code points, half-open."""

    start: int
    end: int
    param: str
    value: str = ""


@dataclass(frozen=True, slots=True)
class Turn:
    """An earlier turn of the conversation."""

    role: str
    text: str


@dataclass(frozen=True, slots=True)
class Example:
    """One utterance with what is known about it; `intent` is None when unlabeled.

    `weight` is how many callers said it (duplicates are stored once with a count);
    `key` is whatever the caller identifies the utterance by; `act` is what the turn
    does in its conversation (one of ACTS), "" where nobody said; `heard` is how sure
    the speech recognizer was, 0 to 1, None where nobody said; `marks_known` is whether
    somebody looked for parameters, so that what is not in `spans` was not said;
    `origin` is the group of the utterance that this one is a made-up copy of.
    """

    text: str
    intent: str | None = None
    spans: tuple[Span, ...] = ()
    context: tuple[Turn, ...] = ()
    conversation_id: str | None = None
    weight: float = 1.0
    key: str | int | None = None
    domain: str | None = None
    act: str = ""
    heard: float | None = None
    marks_known: bool = True
    origin: str = ""


@dataclass(frozen=True)
class Dataset:
    """Examples in a fixed order; a new Dataset comes out of every operation."""

    examples: tuple[Example, ...] = field(default=())

    def __len__(self) -> int:
        return len(self.examples)

    def __iter__(self) -> Iterator[Example]:
        return iter(self.examples)

    @property
    def texts(self) -> list[str]:
        return [example.text for example in self.examples]

    @property
    def labels(self) -> list[str]:
        """The intent of every example.

        Raises ValueError where an example has none: filter with `labeled()` first.
        """
        missing = sum(example.intent is None for example in self.examples)
        if missing:
            raise ValueError(f"{missing} of {len(self)} examples have no intent")
        return [example.intent for example in self.examples if example.intent]

    @property
    def weights(self) -> list[float]:
        return [example.weight for example in self.examples]

    @property
    def intents(self) -> list[str]:
        """The distinct intents, sorted."""
        return sorted({e.intent for e in self.examples if e.intent is not None})

    @property
    def groups(self) -> list[str]:
        """What must not be torn apart: the conversation, else the text itself."""
        return [group_of(example) for example in self.examples]

    @property
    def has_spans(self) -> bool:
        """Whether a parameter is marked where somebody looked for all of them."""
        return any(e.spans and e.marks_known for e in self.examples)

    def labeled(self) -> Dataset:
        return self.where(lambda example: example.intent is not None)

    def in_scope(self) -> Dataset:
        return self.where(lambda example: example.intent != OUT_OF_SCOPE)

    def where(self, keep: Callable[[Example], bool]) -> Dataset:
        return Dataset(tuple(e for e in self.examples if keep(e)))

    def take(self, indices: Iterable[int]) -> Dataset:
        return Dataset(tuple(self.examples[int(i)] for i in indices))

    def deduplicated(self) -> Dataset:
        """One example a normalized text, the first one, weighing all its copies."""
        first: dict[str, int] = {}
        weights: dict[str, float] = {}
        for position, example in enumerate(self.examples):
            text = normalized(example.text)
            first.setdefault(text, position)
            weights[text] = weights.get(text, 0.0) + example.weight
        return Dataset(
            tuple(
                replace(self.examples[position], weight=weights[text])
                for text, position in first.items()
            )
        )

    def digest(self) -> str:
        """A hash of everything a model could learn from, in order."""
        digest = hashlib.sha256()
        for e in self.examples:
            spans = [(s.start, s.end, s.param) for s in e.spans]
            turns = [(t.role, t.text) for t in e.context]
            row: list[Any] = [e.text, e.intent, spans, turns, e.weight]
            if e.act:  # what nobody said leaves older digests as they are
                row.append(e.act)
            if not e.marks_known:
                row.append({"marks_known": False})
            digest.update(json.dumps(row, ensure_ascii=False).encode())
        return digest.hexdigest()


def normalized(text: str) -> str:
    """The text as duplicates are recognised by: case and spacing do not count."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def example_from_record(record: object) -> Example:
    """Turn one canonical record into an example.

    Raises ValueError saying what is wrong with it.
    """
    if not isinstance(record, dict):
        raise ValueError("this is no JSON object")
    text = record.get("text")
    if not isinstance(text, str):  # "" is real: the recognizer heard nothing
        raise ValueError("text is missing" if text is None else "text is no string")
    act = record.get("act") or ""
    if act and act not in ACTS:
        raise ValueError(f"act is one of {', '.join(ACTS)}, got {act!r}")
    return Example(
        text=text,
        intent=_intent(record.get("intent")),
        spans=tuple(
            _span(span, text)
            for span in _objects(record, "spans")
            if span.get("turn") is None  # what an earlier turn said is not in the text
        ),
        context=tuple(_turn(turn) for turn in _objects(record, "context")),
        conversation_id=_conversation(record),
        weight=_count(record.get("count")),
        key=record.get("key"),
        domain=record.get("domain"),
        act=act,
        marks_known=bool(_marks_known(record)),
    )


def read_jsonl(path: str | Path, unmarked: str = "auto") -> Dataset:
    """Read canonical JSON lines (gzip accepted); blank lines are passed over.

    unmarked: what rows without `spans` say of parameters: "unknown"; "none"; "auto" is
    "none" in a file that has marks and never writes an empty list, else "unknown".
    Raises ValueError naming the file, and the line where one is not a valid record.
    """
    path = Path(path)
    examples: list[Example] = []
    silent: list[int] = []
    has_marks = has_empty = False
    for number, line in enumerate(_lines(path), start=1):
        if not line.strip():
            continue
        try:
            record: Any = _decoded(line)
            example = example_from_record(record)
            if _marks_known(record) is None:
                silent.append(len(examples))
        except ValueError as error:
            raise ValueError(f"{path.name}, line {number}: {error}") from error
        has_marks |= bool(record.get("spans"))
        has_empty |= record.get("spans") == []
        examples.append(example)
    if unmarked == "none" or (unmarked == "auto" and has_marks and not has_empty):
        for row in silent:
            examples[row] = replace(examples[row], marks_known=True)
    return Dataset(tuple(examples))


def settle_marks(*datasets: Dataset) -> tuple[Dataset, ...]:
    """The datasets, taking for known the marks of intents that nothing is marked for.

    An intent without a mark in any of them has no parameters that anybody could have
    looked for.
    """
    marked = {e.intent for dataset in datasets for e in dataset if e.spans}

    def settled(e: Example) -> Example:
        return replace(e, marks_known=e.marks_known or e.intent not in marked)

    return tuple(Dataset(tuple(map(settled, each))) for each in datasets)


def grouped_split(
    dataset: Dataset, shares: Sequence[float], *, seed: int
) -> tuple[Dataset, ...]:
    """Split by conversation (or text) so that no group has examples in two parts.

    `shares` sum to 1. A group's part depends on its name and the seed only, so
    adding examples never moves the others.
    """
    if not shares or abs(sum(shares) - 1.0) > 1e-9 or min(shares) < 0:
        raise ValueError(f"shares must be positive and sum to 1, got {list(shares)}")
    parts: list[list[Example]] = [[] for _ in shares]
    for example, group in zip(dataset, dataset.groups, strict=True):
        parts[_part(group, shares, seed)].append(example)
    return tuple(Dataset(tuple(part)) for part in parts)


def _part(group: str, shares: Sequence[float], seed: int) -> int:
    digest = hashlib.sha256(f"{seed}\x00{group}".encode()).digest()
    point = int.from_bytes(digest[:8], "big") / 2**64
    edge = 0.0
    for index, share in enumerate(shares):
        edge += share
        if point < edge:
            return index
    return max(i for i, share in enumerate(shares) if share > 0)


def group_of(example: Example) -> str:
    """What the example stays with; a copy stays with what it was made of."""
    if example.origin:
        return example.origin
    if example.conversation_id is not None:
        return f"conversation {example.conversation_id}"
    return f"text {normalized(example.text)}"


def _intent(value: object) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str | int | float):
        raise ValueError("intent is no string")
    return str(value).strip() or None


def _objects(record: dict[str, Any], field_name: str) -> list[dict[str, Any]]:
    value = record.get(field_name) or []
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise ValueError(f"{field_name} is no list of objects")
    return value


def _marks_known(record: dict[str, Any]) -> bool | None:
    """What is not said is told by `spans`: an empty list is an answer, none is not."""
    said = record.get("marks_known")
    if said is None:
        return None if record.get("spans") is None else True
    if not isinstance(said, bool):
        raise ValueError("marks_known is neither true nor false")
    return said


def _span(record: dict[str, Any], text: str) -> Span:
    start, end, param = record.get("start"), record.get("end"), record.get("param")
    if type(start) is not int or type(end) is not int:
        raise ValueError("a span's start or end is no whole number")
    if not isinstance(param, str) or not param.strip():
        raise ValueError("a span has no param")
    if not 0 <= start < end <= len(text):
        raise ValueError(f"span {start}..{end} lies outside the text")
    value = record.get("value")
    return Span(start, end, param, text[start:end] if value is None else str(value))


def _turn(record: dict[str, Any]) -> Turn:
    role, text = record.get("role") or "user", record.get("text") or ""
    if not isinstance(role, str) or not isinstance(text, str):
        raise ValueError("a turn of context has a role or text that is no string")
    return Turn(role, text)


def _conversation(record: dict[str, Any]) -> str | None:
    """`dialogue_id` is what public data sets call it."""
    found = record.get("conversation_id")
    found = record.get("dialogue_id") if found is None else found
    return None if found is None else str(found)


def _count(value: object) -> float:
    if value is None:
        return 1.0
    if not isinstance(value, int | float) or not 0 < value < math.inf:
        raise ValueError("count is no number above 0")
    return float(value)


def _decoded(line: bytes) -> object:
    """What a line holds; raises ValueError where it is no JSON that can be stored."""
    try:
        text = line.decode()
    except UnicodeDecodeError as error:
        raise ValueError(f"not UTF-8 at byte {error.start + 1}") from None
    try:
        found = json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(
            f"no valid JSON at character {error.pos + 1}: {error.msg}"
        ) from None
    except RecursionError:
        raise ValueError("the JSON is nested too deep") from None
    if "\\u" in text:  # half of a pair can only come in as an escape
        try:
            json.dumps(found, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            raise ValueError("a text holds half a surrogate pair") from None
    return found


def _lines(path: Path) -> Iterator[bytes]:
    """The lines of a plain or gzipped file; raises ValueError where it has none."""
    try:
        with path.open("rb") as file:
            is_gzip = file.read(2) == b"\x1f\x8b"
        opener = gzip.open if is_gzip else open
        with opener(path, "rb") as file:
            for number, line in enumerate(file):
                yield line.removeprefix(codecs.BOM_UTF8) if number == 0 else line
    except (EOFError, gzip.BadGzipFile, zlib.error):
        raise ValueError(
            f"{path.name}: the gzip file is damaged or ends in the middle"
        ) from None
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror}") from None
