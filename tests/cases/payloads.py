"""Bodies and addresses that no program should send, and how each is refused.

Every one was chosen because something like it made a label store or an API answer
500 somewhere: NUL in text columns, half surrogates, deep nesting, numbers beyond
bigint, types that compare equal in Python.
"""

import json
from dataclasses import dataclass, field

JSON = "application/json"
ID = "7d3c0a3e-0f5c-4f0e-9f0a-0123456789ab"
# Stands for the id of the item that the caller holds.
ITEM = 424242


@dataclass(frozen=True)
class Case:
    name: str
    body: bytes = b""
    path: str = "annotations"
    method: str = "POST"
    content_type: str = JSON
    status: tuple[int, ...] = (400, 422)
    headers: dict[str, str] = field(default_factory=dict)


def label(**changes: object) -> bytes:
    sent = {"id": ID, "kind": "label", "item": ITEM, "intent": "say_hello"}
    sent |= changes
    return json.dumps({k: v for k, v in sent.items() if v is not ...}).encode()


def span(**changes: object) -> bytes:
    sent = {"param": "account_number", "start": 0, "end": 5, "text": "hello"}
    return label(intent="check_bill", spans=[sent | changes])


def deep(n: int, opening: str, closing: str) -> bytes:
    return (opening * n + "1" + closing * n).encode()


BODIES = [
    Case("nothing at all"),
    Case("blanks", b" \n\t "),
    Case("half an object", b'{"id": '),
    Case("two objects", b"{}{}"),
    Case("an empty object", b"{}"),
    Case("null", b"null"),
    Case("a string", b'"label"'),
    Case("a number", b"17"),
    Case("a list", b"[]"),
    Case("a list of answers", b"[" + label() + b"]"),
    Case("not UTF-8", b'{"id": "\xff\xfe"}'),
    Case("UTF-16", '{"id": "a"}'.encode("utf-16")),
    Case("a byte order mark and rubbish", b"\xef\xbb\xbf{"),
    Case("a raw NUL", b'{"id": "\x00"}'),
    Case("an escaped NUL", label(intent="say\0hello")),
    Case("an escaped NUL in a key", b'{"\\u0000": 1}'),
    Case("half a surrogate pair", label(intent="\ud83d")),
    Case("half a surrogate pair in a span", span(text="\udc00")),
    Case("the halves the wrong way round", label(intent="\udc00\ud83d")),
    Case("NaN", b'{"id": NaN}'),
    Case("Infinity", b'{"item": Infinity}'),
    Case("ten thousand lists", deep(10_000, "[", "]")),
    Case("ten thousand objects", deep(10_000, '{"a":', "}")),
    Case("a number of 5,000 digits", b'{"item": ' + b"9" * 5000 + b"}"),
    Case("a megabyte of intent", label(intent="a" * 1_000_000)),
    Case("eleven megabytes", label(intent="a" * 11_000_000), status=(413,)),
    Case("an id that is none", label(id="not-an-id")),
    Case("an id that is a number", label(id=7)),
    Case("no id", label(id=...)),
    Case("a kind nobody knows", label(kind="approve")),
    Case("a kind that is a list", label(kind=["label"])),
    Case("a kind that is an object", label(kind={"a": 1})),
    Case("an item that is a string", label(item="1")),
    Case("an item that is true", label(item=True)),
    Case("an item that is a fraction", label(item=1.5)),
    Case("an item below zero", label(item=-1)),
    Case("an item beyond bigint", label(item=2**63)),
    Case("an item nobody has", label(item=2**62), status=(404,)),
    Case("no item", label(item=...)),
    Case("no intent", label(intent=...)),
    Case("an empty intent", label(intent="")),
    Case("an intent that is a number", label(intent=5)),
    Case("an intent that is an object", label(intent={"name": "say_hello"})),
    Case("an intent nobody knows", label(intent="say_nothing")),
    Case("an intent that is SQL", label(intent="'; DROP TABLE annotations; --")),
    Case("an intent that is a script", label(intent="<script>alert(1)</script>")),
    Case("a field nobody knows", label(annotator=1)),
    Case("a field of the model", label(body_hash="x", is_late=True)),
    Case("a label with a reason to skip", label(reason="unclear")),
    Case("spans that are an object", label(spans={"0": 1})),
    Case("spans that are a string", label(spans="account_number")),
    Case("a span that is null", label(spans=[None])),
    Case("a span without its text", label(spans=[{"param": "a", "start": 0}])),
    Case("a span below zero", span(start=-1)),
    Case("a span that ends before it starts", span(start=5, end=3, text="")),
    Case("a span of nothing", span(start=3, end=3, text="")),
    Case("a span beyond the text", span(start=0, end=1999)),
    Case("a span whose start is a string", span(start="0")),
    Case("a span whose end is null", span(end=None)),
    Case("a span that reads otherwise", span(text="HELLO")),
    Case("a span of a parameter nobody knows", span(param="shoe_size")),
    Case("a span beyond every integer", span(end=10**40)),
    Case("a hundred and one spans", label(spans=[{"param": "a"}] * 101)),
    Case("not_spoken as a string", label(not_spoken="account_number")),
    Case("not_spoken with an object", label(not_spoken=[{}])),
    Case("a required parameter left out", label(intent="check_bill")),
    Case("a time below zero", label(shown_ms=-1)),
    Case("a time beyond integer", label(shown_ms=2**31)),
    Case("next as an object", label(next={})),
    Case("a skip without a reason", label(kind="skip", intent=...)),
    Case("a skip for no known reason", label(kind="skip", intent=..., reason="bored")),
    Case("an undo of a chosen item", label(kind="undo", intent=...)),
    Case("a form", b"id=1&kind=label", content_type="application/x-www-form-urlencoded",
         status=(415,)),
    Case("a file", b"--x--", content_type="multipart/form-data; boundary=x",
         status=(415,)),
    Case("XML", b"<a/>", content_type="text/xml", status=(415,)),
    Case("no content type", label(), content_type="", status=(415,)),
    Case("JSON in another charset", label(), content_type="application/json; charset=x",
         status=(201, 400, 415)),
    Case("arguments that are a list", b'{"arguments": []}',
         path="functions/check_bill/validate"),
    Case("arguments that are nothing", b"{}", path="functions/check_bill/validate"),
    Case("arguments with a NUL", b'{"arguments": {"account_number": "\\u0000"}}',
         path="functions/check_bill/validate"),
]  # fmt: skip

ADDRESSES = [
    Case("a NUL in the query", path="annotations?cursor=%00", method="GET"),
    Case("a cursor that is none", path="annotations?cursor=%FF%FE", method="GET",
         status=(400, 404)),
    Case("a page size that is none", path="annotations?page_size=-5", method="GET",
         status=(200,)),
    Case("a page size beyond all", path="annotations?page_size=99999999999999999999",
         method="GET", status=(200,)),
    Case("an intent with a NUL", path="intents/%00", method="GET"),
    Case("an intent with half a surrogate", path="intents/%ED%A0%80", method="GET",
         status=(404,)),
    Case("an intent of 5,000 letters", path="intents/" + "a" * 5000, method="GET",
         status=(404,)),
    Case("a function on the way up", path="functions/..%2F..%2Fetc%2Fpasswd",
         method="GET", status=(404,)),
    Case("an item that is a word", path="queue/abc/heartbeat", status=(404,)),
    Case("an item below zero", path="queue/-1/heartbeat", status=(404,)),
    Case("an unknown page", path="nothing", method="GET", status=(404,)),
    Case("a wish for XML", path="intents", method="GET", status=(406,),
         headers={"Accept": "text/xml"}),
]  # fmt: skip

BATCHES = "utterances/batches"
ROWS = "application/x-ndjson"
# Sent by a program that may ingest, predict and train.
MACHINES = [
    Case("a round of nothing", b"[]", path="rounds"),
    Case("a round of iteration 4", b'{"iteration": 4}', path="rounds"),
    Case("a round of iteration true", b'{"iteration": true}', path="rounds"),
    Case("a round of no known backend", b'{"backend": "x"}', path="rounds"),
    Case("a round with a NUL", b'{"backend": "\\u0000"}', path="rounds"),
    Case("a round with a wish", b'{"policy": {"gates": {}}}', path="rounds"),
    Case("a round that never was", path="rounds/99999999999999999999",
         method="GET", status=(404,)),
    Case("a status nobody knows", path="rounds?status=%27%20OR%201=1", method="GET"),
    Case("a page of minus one", path="rounds?page=-1", method="GET", status=(200,)),
    Case("a turn of nothing", b"", path="turns"),
    Case("a turn that is a list", b"[]", path="turns"),
    Case("a turn without text", b"{}", path="turns"),
    Case("a turn of blanks", b'{"text": "   "}', path="turns", status=(400, 409, 422)),
    Case("a turn that is a number", b'{"text": 5}', path="turns"),
    Case("a turn of half a surrogate", b'{"text": "\\ud800"}', path="turns"),
    Case("a turn of a NUL", b'{"text": "a\\u0000b"}', path="turns"),
    Case("a turn of a megabyte", b'{"text": "' + b"a" * 1_000_000 + b'"}',
         path="turns"),
    Case("a turn with a context that is a string", b'{"text": "a", "context": "b"}',
         path="turns"),
    Case("a turn with a context of numbers", b'{"text": "a", "context": [1]}',
         path="turns"),
    Case("a turn that happened never", b'{"text": "a", "occurred_at": "never"}',
         path="turns", status=(400, 409, 422)),
    Case("a turn sure beyond all", b'{"text": "a", "bot_confidence": 1e400}',
         path="turns"),
    Case("a batch of nothing", b"{}", path=BATCHES),
    Case("a batch of null", b"null", path=BATCHES),
    Case("a batch of no rows", b'{"utterances": []}', path=BATCHES),
    Case("a batch of a string", b'{"utterances": "hello"}', path=BATCHES),
    Case("a batch with half a surrogate", b'[{"text": "\\ud800"}]', path=BATCHES),
    Case("a batch ten thousand deep", deep(10_000, "[", "]"), path=BATCHES),
    Case("a batch of eleven megabytes", b'["' + b"a" * 11_000_000 + b'"]',
         path=BATCHES, status=(413,)),
    Case("a batch of no lines", b"", path=BATCHES, content_type=ROWS),
    Case("a batch of no known reader", b'{"text": "a"}', path=f"{BATCHES}?reader=xls",
         content_type=ROWS),
    Case("a batch as a picture", b"x", path=BATCHES, content_type="image/png",
         status=(415,)),
    Case("a form without a file", b"--x--", path=BATCHES,
         content_type="multipart/form-data; boundary=x"),
    Case("a form without a boundary", b"--x--", path=BATCHES,
         content_type="multipart/form-data"),
    Case("a batch that never was", path=f"{BATCHES}/{ID}", method="GET", status=(404,)),
    Case("a batch by another name", path=f"{BATCHES}/..%2F..%2Fetc", method="GET",
         status=(404,)),
]  # fmt: skip
