"""One module a source or format; a reader turns a file into rows."""

from .base import ByteSource, Reader, UnreadableFileError
from .csv import read as _csv
from .jsonl import read as _jsonl

READERS: dict[str, Reader] = {"jsonl": _jsonl, "csv": _csv}

__all__ = ["READERS", "ByteSource", "Reader", "UnreadableFileError", "for_file"]


def for_file(name: str) -> str:
    """The reader that a file's name suggests."""
    plain = name.lower().removesuffix(".gz")
    return "csv" if plain.endswith((".csv", ".tsv")) else "jsonl"
