"""Results as Markdown tables."""

from collections.abc import Mapping, Sequence
from typing import Any

LABELING_HEAD = (
    "App", "Utterances", "Order", "Annotators", "Labels/s", "Cycle p50 / p95 / p99, ms",
    "CPU, ms per label", "of it PostgreSQL", "Duplicates", "Errors", "Others' CPU",
)  # fmt: skip


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def labeling_table(rows: Sequence[Mapping[str, Any]]) -> str:
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
        f"{cpu['others_s'] / row['wall_s'] / 2:.0%}" if row["wall_s"] else "",
    ]
