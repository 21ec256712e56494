"""The benchmark's own arithmetic: a wrong ruler would measure anything."""

import itertools
import os
import threading
import time

import pytest

from benchmarks import corpus, load, machine, report


class Counter:
    """An annotator who answers items 0, 1, 2, … of one shared queue."""

    queue = itertools.count()

    def __init__(self, *, fails_at: int = -1) -> None:
        self.fails_at = fails_at
        self.began = 0

    def begin(self) -> None:
        self.began += 1

    def cycle(self) -> int:
        number = next(self.queue)
        if number == self.fails_at:
            raise ConnectionError("broken off")
        return number


class Same(Counter):
    """One who is given what somebody else was given."""

    def cycle(self) -> int:
        return 7


def test_percentiles_are_of_the_ordered_values_in_milliseconds():
    seconds = [number / 1000 for number in range(101)]

    found = machine.percentiles(list(reversed(seconds)))

    assert found == {"p50": 50.0, "p95": 95.0, "p99": 99.0, "max": 100.0}


def test_percentiles_of_nothing_are_none():
    assert machine.percentiles([]) == {}


def test_cpu_of_a_tree_grows_with_its_work_and_counts_descendants():
    before = machine.tree_cpu_seconds([os.getpid()])
    end = time.process_time() + 0.15
    while time.process_time() < end:
        pass

    after = machine.tree_cpu_seconds([os.getpid()])

    assert after - before >= 0.1
    assert machine.tree_cpu_seconds([os.getppid()]) >= after


def test_a_burst_counts_an_item_given_twice():
    tally = load.bursts([Same(), Same()], rounds=3)

    assert len(tally.items) == 6
    assert tally.duplicates == 5


def test_a_burst_of_different_items_has_no_duplicates():
    tally = load.bursts([Counter() for _ in range(4)], rounds=5)

    assert (len(tally.items), tally.duplicates) == (20, 0)
    assert len(tally.seconds) == 20


def test_an_error_is_counted_and_the_annotator_begins_again():
    annotator = Counter(fails_at=next(Counter.queue) + 2)

    tally = load.bursts([annotator], rounds=4)

    assert len(tally.items) == 3
    assert tally.errors == ["ConnectionError: broken off"]
    assert annotator.began == 2


def test_a_closed_loop_lasts_as_long_as_it_was_told():
    together = threading.Barrier(2)

    class Slow(Counter):
        def cycle(self) -> int:
            together.wait(timeout=5)
            return super().cycle()

    tally = load.closed_loop([Slow(), Slow()], seconds=0)

    assert tally.items == []
    assert tally.as_dict()["errors"] == 0


def test_the_corpus_is_the_same_each_time_and_has_no_duplicates():
    once, again = (list(corpus.lines(2000)) for _ in range(2))

    assert once == again
    assert len({line.text for line in once}) == 2000
    assert once[:500] == list(corpus.lines(500))


def test_a_line_of_the_corpus_says_where_its_parameter_stands():
    for line in corpus.lines(200):
        said = line.text[line.start : line.end]
        assert said in corpus.WORDS.get(line.param, (said,))
        assert said
        assert line.param in corpus.PARAMETERS


def test_a_table_has_a_line_a_row():
    drawn = report.table(("a", "b"), [(1, 2), ("x", "y")])

    assert drawn == "| a | b |\n| --- | --- |\n| 1 | 2 |\n| x | y |"


def test_a_section_is_replaced_between_its_markers_and_nothing_else():
    text = "a\n<!-- x -->\nold\n<!-- /x -->\nb\n<!-- y -->\n<!-- /y -->\n"

    new = report.replaced(text, "x", ["one", "", "two"])

    assert new == (
        "a\n<!-- x -->\none\n\ntwo\n<!-- /x -->\nb\n<!-- y -->\n<!-- /y -->\n"
    )


def test_a_section_that_is_missing_is_named():
    with pytest.raises(ValueError, match="'z'"):
        report.replaced("nothing", "z", [])


def test_the_document_has_the_sections_that_are_written():
    text = report.DOCUMENT.read_text()

    for section in ("labeling", "label-studio", "sizes", "page"):
        report.replaced(text, section, ["new"])
