"""What a letter costs in the desk's picker, with hundreds and thousands of intents.

    .venv/bin/python -m benchmarks.picker [--intents 300,2000] [--names 40] [--write]

A robot types intents' titles letter by letter into the picker in a real Chromium whose
catalogue was replaced on its way to the page. Counted is the page's own work, from the
keydown to the end of its task and to the end of the frame that shows it; the wait for
that frame is not. "All by domain" is the click that opens the whole list.
Bars: p95 of 16 ms a key with 300 intents and 50 ms with 2,000.
"""

import argparse
import itertools
import json
import random
from typing import Any

from playwright.sync_api import Page, Route

from benchmarks import corpus, desk_world, machine, report, stack
from benchmarks.browser import desk, settle

BARS = {300: 16, 2000: 50}
# The task that handles the event, then the frame's own style, layout and paint.
WATCH = """
window.costs = [];
const ended = (then) => {
  const channel = new MessageChannel();
  channel.port1.onmessage = then;
  channel.port2.postMessage(null);
};
for (const kind of ["keydown", "click"]) addEventListener(kind, () => {
  const began = performance.now();
  ended(() => {
    const task = performance.now() - began;
    requestAnimationFrame((frame) => {
      const start = performance.now();
      ended(() => costs.push(task + performance.now() - start));
    });
  });
}, true);
"""


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
        page.evaluate(WATCH)
        settle(page)
        everything = _all(page)
        page.evaluate("costs.length = 0")
        titles = random.Random(0).sample([one["title"] for one in intents], names)
        for letter in itertools.chain.from_iterable(map(_typed, titles)):
            page.keyboard.press(letter)
            page.wait_for_timeout(25)
        costs = [ms / 1000 for ms in page.evaluate("costs")]
    return {"intents": n, "keys": len(costs), **machine.percentiles(costs),
            "all_ms": everything}  # fmt: skip


def _all(page: Page) -> float:
    """The median of five openings of the whole list, milliseconds."""
    field = page.locator("#item [role=combobox]")
    for _ in range(5):
        field.click()
        page.locator("#item [role=option]").first.wait_for()
        page.keyboard.press("Escape")
        settle(page)
    opened = sorted(page.evaluate("costs"))[-5:]
    return round(opened[2], 1)


def _typed(title: str) -> list[str]:
    """The title's letters, then the key that closes the picker."""
    letters = ["Space" if letter == " " else letter for letter in title.lower()]
    return [*letters, "Escape"]


if __name__ == "__main__":
    main()
