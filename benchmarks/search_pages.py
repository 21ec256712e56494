"""How long a reviewer waits for the pages around a search, over HTTP.

Pages of the server that `make run` starts, asked one after the other on one kept
connection: from sending to the last byte, sessions, rights and templates included.
"""

import re
import time
from collections.abc import Callable
from urllib.parse import urlencode

from benchmarks import machine, stack
from benchmarks import search_world as world
from benchmarks.desk_client import CSRF, FORM, sign_in
from benchmarks.http_client import Client, HttpError, Response

HEAD = ("Page", "kB", "p50, ms", "p95, ms", "Largest, ms")
PICK = re.compile(r'name="utterance" value="(\d+)"')


class Reader:
    """A signed-in reviewer, who follows links and sends forms."""

    def __init__(self, client: Client, link: str) -> None:
        self.client = client
        sign_in(client, link)

    def page(self, path: str, **query: object) -> Response:
        response = self.client.get(f"{path}?{urlencode(query)}" if query else path)
        return _good(response, path, 200)

    def send(self, path: str, page: Response, **fields: object) -> Response:
        """What the form answers, its redirect followed."""
        found = CSRF.search(page.body.decode())
        assert found is not None
        body = urlencode({"csrfmiddlewaretoken": found[1], **fields}, doseq=True)
        sent = _good(self.client.post(path, body.encode(), FORM), path, 302)
        return self.page(sent.header("location"))


def _good(response: Response, path: str, status: int) -> Response:
    if response.status != status:
        raise HttpError(f"{path} answered {response.status}.")
    return response


def times(postgres_pid: int, n: int, runs: int) -> list[list[object]]:
    """A row of HEAD for each page."""
    from annotations.models import Domain, User
    from annotations.services.sign_in import issue_link

    domain = Domain.objects.order_by("pk").values_list("name", flat=True)[0]
    reviewer, _ = User.objects.get_or_create(
        username="reviewer", defaults={"name": "reviewer", "roles": ["reviewer"]}
    )
    with stack.web(postgres_pid) as servers:
        link = issue_link(user=reviewer, base_url="")
        reader = Reader(Client(servers.url), link)
        asked = _asked(reader, n, domain)
        return [_measured(kind, ask, runs) for kind, ask in asked.items()]


def _asked(reader: Reader, n: int, domain: str) -> dict[str, Callable[[], Response]]:
    often, second = world.words()[:2]
    both = f"{often} {second}"
    few = {"q": often, "source": "faq", "domain": domain}
    shown = reader.page("/search", **few)
    near = _visible(reader, n)

    def draft() -> Response:
        return reader.send("/search/bulk", shown, kind="export", **few)

    return {
        "the form alone": lambda: reader.page("/search"),
        "a common word": lambda: reader.page("/search", q=often),
        "two common words in a source, with counts": lambda: reader.page(
            "/search", q=both, source="feedback"
        ),
        "a rare source: most that is counted": lambda: reader.page(
            "/search", source="faq"
        ),
        "a common word, an old page": lambda: reader.page(
            "/search", q=often, before=n // 50
        ),
        "like an utterance": lambda: reader.page("/search/like", of=near),
        "like an utterance, in a domain": lambda: reader.page(
            "/search/like", of=near, domain=domain
        ),
        "a few hundred to be exported: the preview": draft,
        "a rare source to be exported: the preview": lambda: reader.send(
            "/search/bulk", shown, kind="export", source="faq"
        ),
    }


def _visible(reader: Reader, n: int) -> int:
    """An utterance from the middle that the reviewer may look up."""
    page = reader.page("/search", before=n // 2, status="pool").body.decode()
    found = PICK.search(page)
    assert found is not None
    return int(found[1])


def _measured(kind: str, ask: Callable[[], Response], runs: int) -> list[object]:
    seconds, size = [], 0
    for _ in range(runs + 1):
        began = time.perf_counter()
        size = len(ask().body)
        seconds.append(time.perf_counter() - began)
    took = machine.percentiles(seconds[1:])  # the first one fills the caches
    return [kind, round(size / 1000), took["p50"], took["p95"], took["max"]]
