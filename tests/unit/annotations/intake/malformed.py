"""Malformed input, as bytes, with the code that each must be refused by."""

import gzip
import io
import zipfile


def _zip() -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("../../evil.jsonl", '{"text": "a"}')
    return target.getvalue()


# A line between two good ones.
LINES = [
    (b"{", "bad_json"),
    (b"not json at all", "bad_json"),
    (b"{'text': 'a'}", "bad_json"),
    (b'{"text": "a"} trailing', "bad_json"),
    (b'{"text": "a", "bot_confidence": NaN}', "bad_json"),
    (b'{"text": "a", "turn": Infinity}', "bad_json"),
    (b'{"text": "a", "turn": ' + b"9" * 5000 + b"}", "bad_json"),
    (b"[]", "not_an_object"),
    (b'["text"]', "not_an_object"),
    (b"null", "not_an_object"),
    (b"7", "not_an_object"),
    (b"{}", "no_text"),
    (b'{"Text": "a"}', "no_text"),
    (b'{"text": ""}', "empty_text"),
    (b'{"text": "   "}', "empty_text"),
    (b'{"text": 5}', "wrong_type"),
    (b'{"text": {"en": "a"}}', "wrong_type"),
    (b'{"text": "a\\u0000b"}', "unstorable_text"),
    (b'{"text": "a\0b"}', "unstorable_text"),
    (b'{"text": "\\ud83d alone"}', "unstorable_text"),
    (b'{"text": "caf\xe9"}', "not_utf8"),
    (b'{"text": "\xed\xa0\x80"}', "not_utf8"),
    (b'{"text": "\xc0\xaf"}', "not_utf8"),
    (b'{"text": "' + b"x" * 1024**2 + b'"}', "line_too_long"),
    (b'{"text": "' + b"x" * 2001 + b'"}', "too_long"),
    (b'{"text": "a", "x": ' + b"[" * 10_000 + b"]" * 10_000 + b"}", "too_deep"),
    (b"[" * 30_000, "too_deep"),
    (b'{"text": "ab", "spans": [{"start": 0, "end": 9, "param": "p"}]}',
     "span_outside"),
    (b'{"text": "ab", "spans": [{"start": -1, "end": 1, "param": "p"}]}', "bad_spans"),
    (b'{"text": "ab", "spans": [{"start": 0, "end": 1, "param": "p", "value": "b"}]}',
     "span_differs"),
    (b'{"text": "ab", "context": {"role": "bot"}}', "bad_context"),
    (b'{"text": "ab", "occurred_at": "31/12/2026"}', "bad_time"),
    (b'{"text": "ab", "turn": 1.5}', "bad_turn"),
    (b'{"text": "ab", "is_fallback": 1}', "wrong_type"),
]  # fmt: skip

# Whole files.
FILES = [
    (_zip(), "not_text"),
    (b"%PDF-1.7\n", "not_text"),
    ('{"text": "a"}'.encode("utf-16"), "not_text"),
    (b"BZh91AY", "not_text"),
    (b"\xfd7zXZ\x00\x00", "not_text"),
    (b"PAR1\x15\x04", "not_text"),
    (gzip.compress(b'{"text": "a"}\n' * 5)[:-9], "truncated_gzip"),
    (gzip.compress(b"")[:4], "truncated_gzip"),
    (b"\x1f\x8b\x08\x00" + b"\xff" * 40, "bad_gzip"),
    (gzip.compress(b"\0" * 40 * 1024**2), "gzip_bomb"),
    (
        gzip.compress(b'{"text": "a"}\n') + b"rubbish",
        "bad_gzip",
    ),
]

CSV_CASES = [
    (b"text,turn\na,1\nb\nc,3\n", ["", "ragged", ""]),
    (b"text,turn\na,1,2\nb,2\n", ["ragged", ""]),
    (b"text,turn\na,x\nb,2\n", ["wrong_type", ""]),
    (b'text,turn\n"a,1\nb,2\nc,3\n', ["open_quote", "", ""]),
    (b'text,turn\n"a"x,1\nb,2\n', ["bad_csv", ""]),
    (b"text,turn\n,1\nb,2\n", ["empty_text", ""]),
    (b"text,turn\ncaf\xe9,1\nb,2\n", ["not_utf8", ""]),
    (b"text,turn\na\0,1\nb,2\n", ["unstorable_text", ""]),
    (b"text,turn\n" + b"x" * 1024**2 + b",1\nb,2\n", ["line_too_long", ""]),
    (b"\xef\xbb\xbftext,turn\r\na,1\r\n\r\nb,2\r\n", ["", ""]),
    (b'text,turn\n"two\nlines",1\nb,2\n', ["", ""]),
    (b"text,bot_confidence\na,nan\nb,0.5\n", ["bad_confidence", ""]),
]
