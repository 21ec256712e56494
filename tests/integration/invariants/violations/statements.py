"""The statements that break something, and the tables they speak of."""

from collections.abc import Callable
from types import SimpleNamespace

Plant = Callable[[SimpleNamespace], list[str]]

ANNOTATION = "annotations_annotation"
UTTERANCE = "annotations_utterance"
ITEM = "annotations_queueitem"
SCHEMA = "annotations_schemaversion"
EVENT = "annotations_auditevent"
CANDIDATE = "annotations_errorcandidate"
ROUND = "training_round"
CHECKPOINT = "training_checkpoint"


def change(table: str, what: str, row: object, key: str = "id") -> str:
    return f"UPDATE {table} SET {what} WHERE {key} = '{row}'"


def copy(table: str, row: object, **changes: str) -> str:
    """Insert the row once more with some columns set to SQL expressions.

    A generated id is skipped, so that the copy gets one of its own.
    """
    if "id" not in changes:
        changes["id"] = f"nextval('{table}_id_seq')"
    values = ", ".join(f"'{name}', {value}" for name, value in changes.items())
    return (
        f"INSERT INTO {table} SELECT (jsonb_populate_record(t, jsonb_build_object("
        f"{values}))).* FROM {table} t WHERE t.id = '{row}'"
    )


def drop(table: str, *names: str) -> list[str]:
    return [f"ALTER TABLE {table} DROP CONSTRAINT {name}" for name in names]


def drop_index(*names: str) -> list[str]:
    return [f"DROP INDEX {name}" for name in names]


NEW_ID = "gen_random_uuid()"
