"""What makes two utterances the same, and which share of them is the exam."""

import hmac
import re
import unicodedata

_PLACEHOLDER_NUMBER = re.compile(r"\[([a-z]+(?:_[a-z]+)*)_\d{1,4}\]")
_NOT_WORD = re.compile(r"(?:[^\w\[\]]|_)+")
_APOSTROPHE = re.compile(r"(?<=\w)['\u2019\u02bc](?=\w)")
_SPACE = re.compile(r"\s+")


def normalize(text: str) -> str:
    """`text` without what does not change its meaning.

    NFKC, case, white space, punctuation; a placeholder keeps its type and loses its
    number. Text that is nothing but punctuation stays as it is, spaces apart.
    """
    folded = text.casefold() if text.isascii() else _fold(text)
    if "[" in folded:
        folded = _PLACEHOLDER_NUMBER.sub(_without_number, folded)
    words = _NOT_WORD.sub(" ", _APOSTROPHE.sub("", folded)).strip()
    return words or _SPACE.sub(" ", folded).strip()


def _without_number(placeholder: re.Match[str]) -> str:
    return f" [{placeholder[1].replace('_', '')}] "


def _fold(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).casefold()
    visible = (c for c in folded if unicodedata.category(c) != "Cf")
    return unicodedata.normalize("NFKC", "".join(visible))


def dedupe_key(text: str, key: bytes) -> bytes:
    """32 bytes that are equal for equal normalized texts and say nothing else."""
    return hmac.digest(key, b"dedupe\0" + normalize(text).encode(), "sha256")


def is_exam(dedupe: bytes, key: bytes, share: float) -> bool:
    """Whether the utterance belongs to the exam; the same answer for ever.

    share: of all distinct utterances, 0..1. A larger share keeps the exam that is.
    """
    place = hmac.digest(key, b"split\0" + dedupe, "sha256")[:8]
    return int.from_bytes(place) < share * 2**64
