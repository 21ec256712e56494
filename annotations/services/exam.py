"""Which utterances are the exam of this installation, and who prepares rows for it."""

from django.conf import settings

from annotations.intake import normalize
from annotations.intake.pipeline import Preparer


def preparer() -> Preparer:
    """Prepares rows with the keys of this installation."""
    return Preparer(settings.DATA_KEY.encode(), has_in_exam)


def has_in_exam(text: str) -> bool:
    """Whether an utterance of this text, once redacted, is never trained on."""
    key = settings.EXAM_KEY.encode()
    return normalize.is_exam(normalize.dedupe_key(text, key), key, settings.EXAM_SHARE)
