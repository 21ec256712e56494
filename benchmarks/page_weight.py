"""What the labeling page weighs, in a real Chromium: its first visit and each item.

.venv/bin/python -m benchmarks.page_weight [--screenshot FILE] [--write]

The first visit is made twice with an empty cache: at the machine's own speed, and over
a line of 1.6 Mbit/s with a round trip of 150 ms, where the largest paint is timed
(Largest Contentful Paint). Then some items are answered by key.
"""

import argparse
import json
import shutil
import time
from dataclasses import dataclass, field
from statistics import median
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import CDPSession, Page, sync_playwright

from benchmarks import machine, report, stack
from benchmarks.browser import FLAGS, settle

MOST_BYTES, MOST_REQUESTS = 60_000, 8
MOST_BYTES_AN_ITEM, MOST_SECONDS = 6_000, 1.5
SLOW = {"offline": False, "latency": 150, "downloadThroughput": 200_000,
        "uploadThroughput": 200_000}  # fmt: skip
ANSWERED = 10  # items, after which the median is taken
LARGEST_PAINT = """new Promise((told) => new PerformanceObserver((list) =>
  told(list.getEntries().at(-1).startTime)
).observe({ type: "largest-contentful-paint", buffered: true }))"""


@dataclass
class Traffic:
    """Requests of a page as the network saw them: bytes with headers, compressed."""

    urls: dict[str, str] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)

    def watch(self, session: CDPSession) -> None:
        session.send("Network.enable")
        session.on("Network.responseReceived", self._answered)
        session.on("Network.loadingFinished", self._finished)

    def _answered(self, event: dict[str, Any]) -> None:
        self.urls[event["requestId"]] = event["response"]["url"]
        self.kinds[event["requestId"]] = event["type"]

    def _finished(self, event: dict[str, Any]) -> None:
        self.sizes[event["requestId"]] = event["encodedDataLength"]

    def sent(self) -> list[dict[str, Any]]:
        """Each request over the network; what a data: URL holds is part of its page."""
        listed = [
            {"path": urlsplit(url).path, "kind": self.kinds[key],
             "bytes": self.sizes.get(key, 0)}
            for key, url in self.urls.items()
            if not url.startswith("data:")
        ]  # fmt: skip
        return sorted(listed, key=lambda request: -request["bytes"])

    def hosts(self) -> set[str]:
        return {urlsplit(u).netloc for u in self.urls.values() if "data:" not in u}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--utterances", type=int, default=2000)
    parser.add_argument("--screenshot")
    parser.add_argument("--write", action="store_true", help="into docs/benchmarks.md")
    options = parser.parse_args()
    with stack.database() as postgres, stack.web(postgres) as servers:
        from annotations.services.sign_in import issue_link
        from benchmarks import fill

        fill.everything(options.utterances)
        fill.queue(options.utterances, order="uncertainty")
        link = issue_link(user=fill.people()[0], base_url=servers.url)
        weighed = weigh(servers.url, link, options.screenshot)
    drawn = report.table(
        ("Request", "Kind", "Bytes"),
        [(f"`{one['path']}`", one["kind"], one["bytes"]) for one in weighed["listed"]]
        + [(f"{weighed['requests']} requests", "", weighed["bytes"])],
    )
    bars = report.table(
        ("Figure", "Measured", "Bar"),
        [
            ("bytes of the first visit", weighed["bytes"], f"{MOST_BYTES:,}"),
            ("requests of the first visit", weighed["requests"], MOST_REQUESTS),
            ("bytes that an answer brings, median", weighed["item_bytes"],
             f"{MOST_BYTES_AN_ITEM:,}"),
            ("largest paint on the slow line, s", weighed["largest_paint_s"],
             MOST_SECONDS),
        ],
    )  # fmt: skip
    if options.write:
        report.write("page", report.taken(weighed["conditions"]), drawn, bars)
    print(json.dumps(weighed))


def weigh(url: str, link: str, screenshot: str | None) -> dict[str, Any]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=list(FLAGS)
        )
        visitor = browser.new_context()
        page = visitor.new_page()
        page.goto(link)
        # The page's script sends its form by itself.
        page.wait_for_url(lambda address: "/sign-in" not in address)
        # The session alone: an empty cache, as at the first visit.
        context = browser.new_context(storage_state=visitor.storage_state())
        page = context.new_page()
        traffic = Traffic()
        traffic.watch(context.new_cdp_session(page))
        seconds = visit(page, f"{url}/label")
        if screenshot:
            page.screenshot(path=screenshot)
        requests = traffic.sent()
        item_bytes = answering(page)
        slow = browser.new_context(storage_state=visitor.storage_state()).new_page()
        largest = slow_visit(slow, f"{url}/label")
        browser.close()
    n_bytes = sum(request["bytes"] for request in requests)
    return {
        "conditions": machine.conditions(),
        "requests": len(requests),
        "bytes": n_bytes,
        "within_bars": len(requests) <= MOST_REQUESTS
        and n_bytes <= MOST_BYTES
        and item_bytes <= MOST_BYTES_AN_ITEM
        and largest <= MOST_SECONDS,
        "item_bytes": item_bytes,
        "largest_paint_s": largest,
        "other_hosts": sorted(traffic.hosts() - {urlsplit(url).netloc}),
        "seconds": seconds,
        "listed": requests,
    }


def visit(page: Page, url: str) -> dict[str, float]:
    """Seconds to the load event, and until an item could be answered."""
    began = time.monotonic()
    page.goto(url, wait_until="load")
    loaded = time.monotonic() - began
    page.locator("#utterance").wait_for()
    page.wait_for_load_state("networkidle")
    return {"load": round(loaded, 2), "idle": round(time.monotonic() - began, 2)}


def answering(page: Page) -> int:
    """Median bytes that came for an answer: the item after the next, with headers."""
    sizes = []
    for _ in range(ANSWERED):
        item = page.locator("#item").get_attribute("data-item")
        settle(page)
        with page.expect_response("**/label/answer") as came:
            page.keyboard.press("Enter")
        came.value.finished()
        moved = came.value.request.sizes()
        sizes.append(moved["responseHeadersSize"] + moved["responseBodySize"])
        page.locator(f"#item:not([data-item='{item}'])").wait_for()
    return int(median(sizes))


def slow_visit(page: Page, url: str) -> float:
    """Seconds from the request to the largest paint, over the slow line."""
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", SLOW)
    page.goto(url, wait_until="load")
    page.locator("#utterance").wait_for()
    page.wait_for_load_state("networkidle")
    return round(page.evaluate(LARGEST_PAINT) / 1000, 2)


if __name__ == "__main__":
    main()
