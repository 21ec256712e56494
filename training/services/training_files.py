"""What a round that started now would train on, as files for `experiment`."""

import json
from contextlib import ExitStack
from pathlib import Path

from annotations.services import export
from training.services import datasets


def write(folder: Path) -> int:
    """`train`, `valid` and `exam.jsonl.gz` in the folder; returns the lines written.

    The splits are those of a snapshot: the exam is for measuring alone.
    """
    folder.mkdir(parents=True, exist_ok=True)
    n = 0
    with ExitStack() as open_files:
        files = {
            split: open_files.enter_context(export.whole(folder / f"{split}.jsonl.gz"))
            for split in datasets.Split.values
        }
        for utterance, record in export.records(datasets.gold()):
            split = record["split"] = datasets.split_of(
                utterance.split, utterance.conversation_id, utterance.dedupe_key
            )
            files[split].write(json.dumps(record, ensure_ascii=False) + "\n")
            n += 1
    return n
