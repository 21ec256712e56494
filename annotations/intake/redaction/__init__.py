"""Personal data out of callers' words. Knows no Django and no settings."""

from .cues import is_caller
from .entities import PLACEHOLDER, TYPES, Candidate, Entity, Numbering, Redaction
from .light import Context, apply, find, redact

__all__ = [
    "PLACEHOLDER",
    "TYPES",
    "Candidate",
    "Context",
    "Entity",
    "Numbering",
    "Redaction",
    "apply",
    "find",
    "is_caller",
    "redact",
]
