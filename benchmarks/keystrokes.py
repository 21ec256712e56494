"""Keys per label at the desk, pressed by a robot in a real Chromium.

    .venv/bin/python -m benchmarks.keystrokes [--items 300] [--write]

The robot knows the right answer and takes the shortest way the key sheet offers. Every
keydown counts, a held Shift or Ctrl as one. The peers' columns are computed for the
same items from their own key maps, not measured.

Labels an hour are computed from the robot's keys by the keystroke-level model (Card,
Moran and Newell, 1980): a person's time to read, decide and press, plus the page's own
from the key to the next item, which is measured.
"""

import argparse
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean, median
from typing import Any

from playwright.sync_api import Page

from benchmarks import desk_world, machine, report, stack
from benchmarks.browser import WATCH, desk, settle
from benchmarks.desk_world import DeskItem

COUNTING = """
window.pressed = 0; window.clicked = 0;
addEventListener("keydown", () => (window.pressed += 1), true);
addEventListener("pointerdown", () => (window.clicked += 1), true);
"""
# The fewest letters and arrows down that put the intent on top.
SEARCH = """async (name) => {
  const catalogue = await (await fetch("/label/catalogue")).json();
  const entries = IVR.indexIntents(catalogue.intents);
  const { title } = catalogue.intents.find((intent) => intent.name === name);
  const words = title.toLowerCase().match(/[a-z]+/g);
  const rank = (typed) =>
    IVR.searchIntents(entries, typed).findIndex((hit) => hit.name === name);
  const ways = (word) => [...word].map((_, k) => word.slice(0, k + 1)).map((typed) => ({
    typed, downs: rank(typed),
  })).filter((way) => way.downs >= 0);
  const cost = (way) => way.typed.length + way.downs;
  const first = ways(words[0]).sort((a, b) => cost(a) - cost(b))[0];
  return { best: words.flatMap(ways).sort((a, b) => cost(a) - cost(b))[0], first };
}"""
# None after the last item: nothing is painted in its place.
PAINTED_LAST = """new Promise((told) => requestAnimationFrame(() =>
  requestAnimationFrame(() => setTimeout(() => told(painted.splice(0).at(-1))))))"""
WORDS = """() => [...document.querySelectorAll("#utterance .w")]
  .filter((w) => w.textContent.trim()).map((w) => Number(w.dataset.s))"""
# HumanSignal/label-studio, web/libs/editor/src/core/Hotkey.ts, makeComb: the keys that
# choices get by themselves; settings/keymap.json: Submit is Ctrl+Enter.
LABEL_STUDIO_KEYS = 33
# doccano/doccano: a label's shortcut is one digit or letter; Enter approves.
DOCCANO_KEYS = 36
A_KEY, A_DECISION, A_WORD = 0.28, 1.35, 0.25  # seconds
PEERS = """Peers' figures are computed, not measured, with their best case granted:
the guess is on the screen as a draft, and the first labels of the list have keys. Label
Studio 1.23: a choice has a key only if it is among the first 33 (`makeComb` in
`web/libs/editor/src/core/Hotkey.ts`), submitting is Ctrl+Enter, two keydowns
(`settings/keymap.json`). doccano 1.8: a label's shortcut is one digit or letter, 36 in
all; Enter approves and goes on (the review button's `v-shortkey`); a wrong draft label
is removed by its key where it has one, else with the mouse. Neither has keys to move a
cursor over the words: a span is selected with the mouse, one drag, then the label's
key. Where their keydowns are fewer, the hand went to the mouse instead: see the last
line."""


@dataclass(frozen=True)
class Tally:
    item: DeskItem
    keys: int
    mouse: int
    span_keys: int = 0
    first_word_keys: int = 0  # of a search that types the title from its first word
    painted_s: float = 0.0  # from Enter to the next item

    @property
    def by_hand_s(self) -> float:
        """What a person takes to read, decide and press, seconds."""
        n_words = len(self.item.text.split())
        return A_DECISION + A_WORD * n_words + A_KEY * self.keys


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=300)
    parser.add_argument("--write", action="store_true", help="into docs/benchmarks.md")
    options = parser.parse_args()
    with stack.database() as postgres, stack.web(postgres) as servers:
        from annotations.services.sign_in import issue_link
        from benchmarks import fill

        made = desk_world.items(options.items)
        desk_world.fill(made)
        link = issue_link(user=fill.people()[0], base_url=servers.url)
        with desk(servers.url, link) as page:
            page.evaluate(COUNTING)
            page.evaluate(WATCH)
            tallies = [answer(page, one) for one in made]
            page.locator("#saved[data-state=saved]").wait_for()
        wrong = wrong_answers(made)
    drawn = table(tallies), pace(tallies)
    print(*drawn, sep="\n\n")
    if options.write:
        taken = report.taken(machine.conditions())
        report.write("keystrokes", taken, *drawn, PEERS)
    print(json.dumps({"items": len(made), "wrong": wrong, **figures(tallies)}))


def answer(page: Page, one: DeskItem) -> Tally:
    """Give the right answer by keys alone."""
    shown = page.locator("#utterance").inner_text()
    assert shown == one.text, (shown, one.text)
    settle(page)
    before = page.evaluate("[pressed, clicked]")
    first_word = choose(page, one)
    start = page.evaluate("pressed")
    if one.span and not one.is_marked:
        mark(page, one)
    span_keys = page.evaluate("pressed") - start
    item = page.locator("#item").get_attribute("data-item")
    page.keyboard.press("Enter")
    after = page.evaluate("[pressed, clicked]")
    page.locator(f"#empty, #item:not([data-item='{item}'])").wait_for()
    keys, mouse = after[0] - before[0], after[1] - before[1]
    painted = (page.evaluate(PAINTED_LAST) or 0) / 1000
    return Tally(one, keys, mouse, span_keys, first_word and first_word + 2, painted)


def choose(page: Page, one: DeskItem) -> int:
    if one.case == "corrected":
        page.keyboard.press(str(one.guesses.index(one.intent) + 1))
    if one.case != "searched":
        return 0
    ways = page.evaluate(SEARCH, one.intent)
    for letter in ways["best"]["typed"]:
        page.keyboard.press(letter)
    for _ in range(ways["best"]["downs"]):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    first = ways["first"]
    return len(first["typed"]) + first["downs"] if first else 0


def mark(page: Page, one: DeskItem) -> None:
    assert one.span is not None
    start, end, param = one.span
    starts = page.evaluate(WORDS)
    first = starts.index(start)
    last = max(k for k, at in enumerate(starts) if at < end)
    page.keyboard.press("Space")
    # To the left of the first word is the last one.
    forward = first <= len(starts) - last
    way = "ArrowRight" if forward else "ArrowLeft"
    for _ in range(first if forward else len(starts) - last):
        page.keyboard.press(way)
    if last > first:
        page.keyboard.down("Shift")
        for _ in range(last - first):
            page.keyboard.press(way)
        page.keyboard.up("Shift")
    names = page.locator("#marker button:has(kbd)").all_inner_texts()
    digit = next(k for k, name in enumerate(names, 1) if name.split()[-1] == param)
    page.keyboard.press(str(digit))


def wrong_answers(made: Sequence[DeskItem]) -> int:
    """How many of the stored answers are not the ones meant: 0, or nothing counts."""
    from annotations.models import Annotation

    given = Annotation.objects.prefetch_related("spans").select_related("intent")
    by_text = {one.utterance.text: one for one in given.select_related("utterance")}
    return sum(not _is_right(by_text.get(one.text), one) for one in made)


def _is_right(given: Any, one: DeskItem) -> bool:
    if given is None or given.intent.name != one.intent:
        return False
    spans = [(span.start, span.end, span.param) for span in given.spans.all()]
    return spans == ([one.span] if one.span else [])


def label_studio(one: DeskItem) -> tuple[int, int]:
    """Keydowns and mouse actions for the item."""
    keys, mouse = 2, 0
    if one.case != "accepted":
        has_key = _place(one) < LABEL_STUDIO_KEYS
        keys, mouse = keys + has_key, mouse + (not has_key)
    return _with_span(one, keys, mouse)


def doccano(one: DeskItem) -> tuple[int, int]:
    keys, mouse = 1, 0
    if one.case != "accepted":
        has_key = _place(one) < DOCCANO_KEYS
        keys, mouse = keys + has_key, mouse + (not has_key)
        wrong = desk_world.intent_names().index(one.guesses[0]) < DOCCANO_KEYS
        keys, mouse = keys + wrong, mouse + (not wrong)
    return _with_span(one, keys, mouse)


def _place(one: DeskItem) -> int:
    return desk_world.intent_names().index(one.intent)


def _with_span(one: DeskItem, keys: int, mouse: int) -> tuple[int, int]:
    by_hand = bool(one.span) and not one.is_marked
    return keys + by_hand, mouse + by_hand


def figures(tallies: Sequence[Tally]) -> dict[str, Any]:
    def keys(test: Callable[[Tally], bool]) -> list[int]:
        return [one.keys - one.span_keys for one in tallies if test(one)]

    accepted = keys(lambda one: one.item.case == "accepted")
    searched = keys(lambda one: one.item.case == "searched")
    spans = [one.span_keys for one in tallies if one.span_keys]
    typed = [one.first_word_keys for one in tallies if one.first_word_keys]
    return {
        "accepted_max": max(accepted),
        "corrected_max": max(keys(lambda one: one.item.case == "corrected")),
        "searched_median": median(searched),
        "searched_by_first_word_median": median(typed),
        "span_median": median(spans),
        "mean": round(fmean(one.keys for one in tallies), 2),
        "mouse": sum(one.mouse for one in tallies),
        "intents_an_hour": _an_hour([one for one in tallies if not one.item.span]),
        "with_spans_an_hour": _an_hour([one for one in tallies if one.item.span]),
        "page_share": round(
            sum(one.painted_s for one in tallies)
            / sum(one.painted_s + one.by_hand_s for one in tallies),
            4,
        ),
    }


def _an_hour(tallies: Sequence[Tally]) -> int:
    """Labels an hour at the mean pace of these items."""
    return int(3600 / fmean(one.by_hand_s + one.painted_s for one in tallies))


def table(tallies: Sequence[Tally]) -> str:
    ours = figures(tallies)
    peers = [[count(one.item) for one in tallies] for count in (label_studio, doccano)]

    def part(case: str) -> list[str]:
        return [
            _summary(
                [
                    pair
                    for pair, one in zip(column, tallies, strict=True)
                    if one.item.case == case
                ]
            )
            for column in peers
        ]

    by_hand = "1 and a drag"
    means = [round(fmean(keys for keys, _ in column), 2) for column in peers]
    clicks = [sum(mouse for _, mouse in column) for column in peers]
    typed = ours["searched_by_first_word_median"]
    rows = [
        ["Accepted guess, most", "1", ours["accepted_max"], *part("accepted")],
        ["Second to fifth guess, most", "2", ours["corrected_max"], *part("corrected")],
        ["Search among 187, median", "5", ours["searched_median"], *part("searched")],
        ["… by the title's first word", "", typed, "", ""],
        ["A span by hand, median", "6", ours["span_median"], by_hand, by_hand],
        ["Mean over all items", "2.6", ours["mean"], *means],
        ["Mouse actions in all", "0", ours["mouse"], *clicks],
    ]
    head = ("Keydowns", "Bar", "IVR Label", "Label Studio", "doccano")
    return report.table(head, rows)


def pace(tallies: Sequence[Tally]) -> str:
    ours = figures(tallies)
    rows = [
        ["Labels an hour, intents alone", "700", ours["intents_an_hour"]],
        ["Labels an hour, with a parameter", "400", ours["with_spans_an_hour"]],
        ["The page's share of the time", "3 %", f"{ours['page_share']:.1%}"],
    ]
    return report.table(("By the keystroke-level model", "Bar", "IVR Label"), rows)


def _summary(pairs: Sequence[tuple[int, int]]) -> str:
    """Median keydowns, and how many of the items need the mouse."""
    keys = median(keys for keys, _ in pairs)
    by_mouse = sum(mouse > 0 for _, mouse in pairs)
    told = f", and the mouse for {by_mouse} of {len(pairs)}" if by_mouse else ""
    return f"{keys:g}{told}"


if __name__ == "__main__":
    main()
