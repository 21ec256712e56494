"""Bytes of a file as lines, within bounds: what every reader of text stands on."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from annotations.intake.records import Row

MAX_LINE = 64 * 1024  # bytes
MAX_UNPACKED = 4 * 1024**3  # bytes of one file
MAX_RATIO = 100  # unpacked to packed; text packs 3 to 20 times
RATIO_FREE = 8 * 1024**2  # unpacked bytes before the ratio counts
CHUNK = 64 * 1024
_GZIP = b"\x1f\x8b"
_REFUSED = (
    (b"PK\x03\x04", "a ZIP archive or a spreadsheet"),
    (b"PK\x05\x06", "an empty ZIP archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!", "a RAR archive"),
    (b"BZh", "a bzip2 file"),
    (b"\xfd7zXZ\x00", "an xz file"),
    (b"\x28\xb5\x2f\xfd", "a zstd file"),
    (b"%PDF", "a PDF file"),
    (b"\xff\xfe", "UTF-16 text"),
    (b"\xfe\xff", "UTF-16 text"),
    (b"SQLite format 3", "a database"),
    (b"PAR1", "a Parquet file"),
    (b"\xd0\xcf\x11\xe0", "an old Office document"),
)
_BOM = b"\xef\xbb\xbf"


class UnreadableFileError(ValueError):
    """The file as a whole cannot be read, or not on from here."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class ByteSource(Protocol):
    def read(self, size: int = -1, /) -> bytes: ...


class Reader(Protocol):
    """Rows of a file, in order. Rows up to line `after` are skipped unparsed."""

    def __call__(
        self, source: ByteSource, options: dict[str, str], after: int = 0
    ) -> Iterator[Row]: ...


@dataclass(frozen=True, slots=True)
class Line:
    """Line `number` (from 1) without its end; None where it is too long."""

    number: int
    content: bytes | None


def read_lines(source: ByteSource) -> Iterator[Line]:
    """Lines of `source`, unpacked if it is gzip; bounded memory whatever it holds."""
    buffer = bytearray()
    number = 0
    is_long = False
    for chunk in _unpacked(source):
        buffer += chunk
        start = 0
        while (end := buffer.find(b"\n", start)) >= 0:
            number += 1
            yield _line(number, buffer, start, end, is_long=is_long)
            is_long = False
            start = end + 1
        del buffer[:start]
        if len(buffer) > MAX_LINE:
            is_long = True
            buffer.clear()
    if buffer or is_long:
        yield _line(number + 1, buffer, 0, len(buffer), is_long=is_long)


def _line(
    number: int, buffer: bytearray, start: int, end: int, *, is_long: bool
) -> Line:
    if is_long or end - start > MAX_LINE:
        return Line(number, None)
    content = bytes(buffer[start:end]).rstrip(b"\r")
    if number == 1:
        content = content.removeprefix(_BOM)
    return Line(number, content)


def _unpacked(source: ByteSource) -> Iterator[bytes]:
    head = source.read(CHUNK)
    for magic, what in _REFUSED:
        if head.startswith(magic):
            raise UnreadableFileError(
                "not_text", f"This is {what}; send UTF-8 text, plain or as gzip."
            )
    if head.startswith(_GZIP):
        yield from _gunzip(source, head)
        return
    while head:
        yield head
        head = source.read(CHUNK)


def _gunzip(source: ByteSource, packed: bytes) -> Iterator[bytes]:
    """Unpack one or more gzip members, in small steps, within size and ratio."""
    n_packed = n_unpacked = 0
    unpacker = zlib.decompressobj(wbits=31)
    while packed:
        n_packed += len(packed)
        while packed:
            try:
                piece = unpacker.decompress(packed, CHUNK)
            except zlib.error:
                raise UnreadableFileError(
                    "bad_gzip", "The gzip file is damaged from here on."
                ) from None
            n_unpacked += len(piece)
            _check_size(n_packed, n_unpacked)
            if piece:
                yield piece
            packed = unpacker.unconsumed_tail
            if unpacker.eof:
                packed = unpacker.unused_data.lstrip(b"\0")
                if packed:
                    unpacker = zlib.decompressobj(wbits=31)
        packed = source.read(CHUNK)
        if packed and unpacker.eof:
            unpacker = zlib.decompressobj(wbits=31)
    if not unpacker.eof:
        raise UnreadableFileError(
            "truncated_gzip", "The gzip file ends in the middle: upload it again."
        )


def _check_size(n_packed: int, n_unpacked: int) -> None:
    if n_unpacked > MAX_UNPACKED:
        raise UnreadableFileError(
            "too_large", f"The file unpacks to more than {MAX_UNPACKED >> 30} GiB."
        )
    if n_unpacked > RATIO_FREE and n_unpacked > MAX_RATIO * n_packed:
        raise UnreadableFileError(
            "gzip_bomb", f"The file unpacks to more than {MAX_RATIO} times its size."
        )
