"""Our own labeling page as its script uses it: the answer brings the next item."""

import html
import json
import re
import uuid
from urllib.parse import urlencode

from benchmarks.http_client import Client, HttpError, Response

FORM = "application/x-www-form-urlencoded;charset=UTF-8"
ITEM = re.compile(r'data-item="(\d+)"')
SPANS = re.compile(r'data-spans="([^"]*)"')
TEXT = re.compile(r'<bdi dir="auto">(.*?)</bdi></p>', re.DOTALL)
CHOICE = re.compile(r'name="intent" value="([^"]+)"')
CSRF = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


class Desk:
    """One signed-in annotator with an item on the desk."""

    def __init__(self, client: Client, sign_in_path: str) -> None:
        self.client = client
        page = self.client.get(sign_in_path)
        form = urlencode({"csrfmiddlewaretoken": _found(CSRF, page)})
        self.client.headers["Origin"] = client.url
        self.client.headers["Referer"] = f"{client.url}/label"
        entered = self.client.post(sign_in_path, form.encode(), FORM)
        if entered.status != 302:
            raise HttpError(f"Signing in answered {entered.status}.")
        self.csrf = ""
        self.item = 0
        self.text = ""
        self.spans: list[dict] = []
        self.intent = ""

    def begin(self) -> None:
        page = self.client.get("/label")
        self.csrf = _found(CSRF, page)
        self._look(page)

    def cycle(self) -> int:
        answered = self.item
        body = urlencode(
            {
                "csrfmiddlewaretoken": self.csrf,
                "uuid": str(uuid.uuid4()),
                "item": answered,
                "shown_ms": 3200,
                "intent": self.intent,
                "spans": json.dumps(self.spans),
                "not_spoken": "[]",
            }
        )
        response = self.client.post(
            "/label/answer",
            body.encode(),
            FORM,
            {"HX-Request": "true", "X-CSRFToken": self.csrf},
        )
        self._look(response)
        return answered

    def _look(self, response: Response) -> None:
        """Read what the page shows; the first suggestion is what will be answered."""
        page = _page(response)
        self.item = int(_found(ITEM, page))
        self.text = html.unescape(_found(TEXT, page))
        self.intent = _found(CHOICE, page)
        self.spans = [
            {**span, "text": self.text[span["start"] : span["end"]]}
            for span in json.loads(html.unescape(_found(SPANS, page)))
        ]


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
