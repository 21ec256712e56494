"""What a letter costs in the desk's picker, with hundreds and thousands of intents.

    .venv/bin/python -m benchmarks.picker [--intents 300,2000] [--names 40] [--write]

A robot types intents' titles letter by letter into the picker in a real Chromium whose
catalogue was replaced on its way to the page. Counted is all that the page's main
thread does from one key to the next, scripts, style, layout and paint, as the browser
itself accounts for it (`Performance.getMetrics`); waiting for a frame is not work.
"All by domain" is the click that opens the whole list.
Bars: p95 of 16 ms a key with 300 intents and 50 ms with 2,000.
"""

import argparse
import functools
import itertools
import json
import random
import statistics
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, Route

from benchmarks import corpus, desk_world, machine, report, stack
from benchmarks.browser import desk, settle

BARS = {300: 16, 2000: 50}
# After a key, for the frame that shows what it did.
PAUSE_MS = 40


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--intents", default="300,2000")
    parser.add_argument("--names", type=int, default=40, help="typed in full, each")
    parser.add_argument("--write", action="store_true", help="into docs/benchmarks.md")
    options = parser.parse_args()
    sizes = [int(part) for part in options.intents.split(",")]
    with stack.database() as postgres, stack.web(postgres) as servers:
        from annotations.services.sign_in import issue_link
        from benchmarks import fill

        desk_world.fill(desk_world.items(4))
        person = fill.people()[0]
        rows = [
            measure(servers.url, issue_link(user=person, base_url=servers.url), n,
                    options.names)
            for n in sizes
        ]  # fmt: skip
    drawn = report.table(
        ("Intents", "Keys", "p50, ms", "p95, ms", "Bar", "All by domain, ms"),
        [[f"{r['intents']:,}", r["keys"], r["p50"], r["p95"],
          BARS.get(r["intents"], ""), r["all_ms"]] for r in rows],
    )  # fmt: skip
    print(drawn)
    if options.write:
        report.write("picker", report.taken(machine.conditions()), drawn)
    print(json.dumps({"rows": rows}))


def catalogue(n: int, entry: dict[str, Any]) -> list[dict[str, Any]]:
    """n intents like this entry, their titles of three to five words."""
    rng = random.Random(n)
    made = []
    for number in range(n):
        words = corpus.INTENTS[number % len(corpus.INTENTS)].split("_")
        more = rng.choice(corpus.INTENTS).split("_")
        name = "_".join([*words, "and", *more, str(number)])
        title = " ".join([*words, "and", *more]).capitalize()
        domain = f"domain_{number % 12}"
        made.append(
            {**entry, "name": name, "title": title, "domain": domain,
             "domain_title": "", "aliases": [f"{more[1]} {words[0]}"]}
        )  # fmt: skip
    return made


def measure(url: str, link: str, n: int, names: int) -> dict[str, Any]:
    """Costs of typing `names` titles and of opening the whole list."""
    intents: list[dict[str, Any]] = []

    def replaced(route: Route) -> None:
        answer = route.fetch()
        known = answer.json()
        # Those of the items on the desk stay: the page looks them up.
        intents[:] = catalogue(n - len(known["intents"]), known["intents"][0])
        known["intents"] += intents
        route.fulfill(response=answer, json=known)

    with desk(url, link, route=("**/label/catalogue*", replaced)) as page:
        settle(page)
        work = MainThread(page)
        opened = [_opening(page, work) for _ in range(5)]
        titles = random.Random(0).sample([one["title"] for one in intents], names)
        letters = itertools.chain.from_iterable(map(_typed, titles))
        costs = [
            work.of(functools.partial(page.keyboard.press, key)) for key in letters
        ]
    return {"intents": n, "keys": len(costs), **machine.percentiles(costs),
            "all_ms": round(1000 * statistics.median(opened), 1)}  # fmt: skip


class MainThread:
    """What a page's main thread spends on one thing that a person does, seconds."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._session = page.context.new_cdp_session(page)
        self._session.send("Performance.enable")

    def of(self, act: Callable[[], None]) -> float:
        before = self._busy()
        act()
        self._page.wait_for_timeout(PAUSE_MS)
        return self._busy() - before

    def _busy(self) -> float:
        metrics = self._session.send("Performance.getMetrics")["metrics"]
        return next(m["value"] for m in metrics if m["name"] == "TaskDuration")


def _opening(page: Page, work: MainThread) -> float:
    spent = work.of(page.locator("#item [role=combobox]").click)
    page.locator("#item [role=option]").first.wait_for()
    page.keyboard.press("Escape")
    settle(page)
    return spent


def _typed(title: str) -> list[str]:
    """The title's letters, then the key that closes the picker."""
    letters = ["Space" if letter == " " else letter for letter in title.lower()]
    return [*letters, "Escape"]


if __name__ == "__main__":
    main()
