"""Results as Markdown tables, put between the markers of docs/benchmarks.md."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

DOCUMENT = Path(__file__).resolve().parents[1] / "docs" / "benchmarks.md"
LABELING_HEAD = (
    "App", "Utterances", "Order", "Annotators", "Labels/s", "Cycle p50 / p95 / p99, ms",
    "CPU, ms per label", "of it PostgreSQL", "Duplicates", "Errors", "Others' CPU",
    "Speed check, ms",
)  # fmt: skip
Rows = Sequence[Mapping[str, Any]]


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def labeling_table(rows: Rows) -> str:
    runs = [row for row in rows if row["what"] != "import"]
    return table(LABELING_HEAD, [_labeling_row(row) for row in runs])


def _labeling_row(row: Mapping[str, Any]) -> list[object]:
    cycle, cpu, n = row["cycle_ms"], row["cpu"], row["labels"] or 1
    at_once = ", all at once" if row["what"] == "burst" else ""
    return [
        row["app"],
        f"{row['utterances']:,}",
        row["order"],
        f"{row['annotators']}{at_once}",
        row["labels_per_s"],
        " / ".join(f"{cycle.get(p, 0):.1f}" for p in ("p50", "p95", "p99")),
        cpu["ms_per_label"],
        round(cpu["postgres_s"] / n * 1000, 1),
        f"{row['duplicates']} of {row['labels']:,}",
        row["errors"],
        others(row),
        speed(row),
    ]


def others(row: Mapping[str, Any]) -> str:
    """The share of all cores that other programs used during a run."""
    cores = os.cpu_count() or 1
    return f"{row['cpu']['others_s'] / (row['wall_s'] or 1) / cores:.0%}"


def speed(row: Mapping[str, Any]) -> str:
    """The speed check before and after a run, in milliseconds."""
    return " and ".join(f"{ms:.0f}" for ms in row["speed_check_ms"])


def import_lines(rows: Rows) -> str:
    """One sentence for each import that was timed."""
    return "\n".join(
        f"{row['app']} took in {row['utterances']:,} utterances"
        f" {'with' if row['guesses'] else 'without'} a guess each in"
        f" {row['seconds']:.0f} s ({row['per_s']:,}/s)."
        for row in rows
        if row["what"] == "import"
    )


def taken(conditions: Mapping[str, Any]) -> str:
    """When and where, as a line above a table."""
    return (
        f"Taken {conditions['at']} on {conditions['cores']} cores"
        f" ({conditions['cpu']}), {conditions['memory_gb']} GB,"
        f" Python {conditions['python']}; load average at the end"
        f" {conditions['load_1_min']}."
    )


def write(section: str, *parts: str) -> None:
    """The text between a section's markers is replaced."""
    text = DOCUMENT.read_text(encoding="utf-8")
    DOCUMENT.write_text(replaced(text, section, parts), encoding="utf-8")


def replaced(text: str, section: str, parts: Sequence[str]) -> str:
    begin, end = f"<!-- {section} -->", f"<!-- /{section} -->"
    before, found, rest = text.partition(begin)
    _, closed, after = rest.partition(end)
    if not found or not closed:
        raise ValueError(f"The document has no section {section!r}.")
    body = "\n\n".join(part for part in parts if part)
    return f"{before}{begin}\n{body}\n{end}{after}"
