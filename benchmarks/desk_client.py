"""Our own labeling page as its script uses it: it shows an item and holds the next.

The answer to the one shown brings the one after the next.
"""

import html
import json
import re
import uuid
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from benchmarks.http_client import Client, HttpError, Response

FORM = "application/x-www-form-urlencoded;charset=UTF-8"
ITEM = re.compile(r'data-item="(\d+)"')
SPANS = re.compile(r'data-spans="([^"]*)"')
# Earlier turns and similar utterances stand in a <bdi> of their own.
TEXT = re.compile(r'id="utterance"[^>]*><bdi dir="auto">(.*?)</bdi></p>', re.DOTALL)
CHOICE = re.compile(r'name="intent" value="([^"]+)"')
CSRF = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


@dataclass(frozen=True)
class Item:
    number: int
    intent: str
    spans: list[dict[str, Any]]


def sign_in(client: Client, path: str) -> None:
    """The client is signed in by a one-time link, as a browser would be."""
    form = urlencode({"csrfmiddlewaretoken": _found(CSRF, client.get(path))})
    client.headers["Origin"] = client.url
    client.headers["Referer"] = f"{client.url}/label"
    entered = client.post(path, form.encode(), FORM)
    if entered.status != 302:
        raise HttpError(f"Signing in answered {entered.status}.")


class Desk:
    """One signed-in annotator with an item on the desk and one behind it."""

    def __init__(self, client: Client, sign_in_path: str) -> None:
        self.client = client
        sign_in(client, sign_in_path)
        self.csrf = ""
        self.held: list[Item] = []

    def begin(self) -> None:
        page = self.client.get("/label")
        self.csrf = _found(CSRF, page)
        self.held = _items(page)

    def cycle(self) -> int:
        shown = self.held.pop(0)
        body = urlencode(
            {
                "csrfmiddlewaretoken": self.csrf,
                "uuid": str(uuid.uuid4()),
                "item": shown.number,
                "shown_ms": 3200,
                "intent": shown.intent,
                "spans": json.dumps(shown.spans),
                "not_spoken": "[]",
                "need": "ahead" if self.held else "both",
            }
        )
        response = self.client.post(
            "/label/answer",
            body.encode(),
            FORM,
            {"HX-Request": "true", "X-CSRFToken": self.csrf},
        )
        self.held += _items(response)
        return shown.number


def _items(response: Response) -> list[Item]:
    """The items of a page; the first suggestion of each is what will be answered."""
    return [item_of(part) for part in _page(response).split('<form id="item"')[1:]]


def item_of(page: str) -> Item:
    """The item of one form, with the texts at the places of its suggested spans."""
    text = html.unescape(_found(TEXT, page))
    spans = [
        {**span, "text": text[span["start"] : span["end"]]}
        for span in json.loads(html.unescape(_found(SPANS, page)))
    ]
    return Item(int(_found(ITEM, page)), _found(CHOICE, page), spans)


def _page(response: Response) -> str:
    if response.status != 200:
        seen = response.body[:160].decode(errors="replace")
        raise HttpError(f"The server answered {response.status}: {seen}")
    return response.body.decode()


def _found(pattern: re.Pattern[str], page: str | Response) -> str:
    text = _page(page) if isinstance(page, Response) else page
    match = pattern.search(text)
    if match is None:
        raise HttpError(f"The page has no {pattern.pattern}: {text[-200:]}")
    return match.group(1)
