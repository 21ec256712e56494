"""Statements of the hot path: prepared, so that PostgreSQL plans them once.

Django binds parameters in the client: PostgreSQL plans each statement anew, and the
query builder takes longer than the statement. Saving a label runs a dozen of them;
written here they cost a third. Everything else uses the ORM.
"""

import json
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.postgresql.base import ServerBindingCursor
from django.db.backends.utils import CursorWrapper
from django.db.models import AutoField, JSONField, Model
from django.db.models.fields import NOT_PROVIDED
from psycopg.types.numeric import Int8Dumper

Parameters = Mapping[str, Any] | Sequence[Any]


class _Cursor(ServerBindingCursor):
    """Prepares whatever it runs, where the connection allows that."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # By itself psycopg sends small numbers as smallint: another plan for each.
        self.adapters.register_dumper(int, Int8Dumper)

    def execute(self, query: Any, params: Any = None, **_: Any) -> "_Cursor":
        return super().execute(query, params, prepare=True)


def rows(statement: str, parameters: Parameters) -> list[tuple]:
    """Run the statement and return its rows."""
    with _executed(statement, parameters) as cursor:
        return cursor.fetchall()


def run(statement: str, parameters: Parameters) -> None:
    """Run a statement that returns no rows."""
    _executed(statement, parameters).close()


def _executed(statement: str, parameters: Parameters) -> CursorWrapper:
    database = connections[DEFAULT_DB_ALIAS]  # `connection` looks it up at every dot
    database.close_if_health_check_failed()
    database.ensure_connection()
    logged = database.queries_logged
    wrap = database.make_debug_cursor if logged else database.make_cursor
    cursor = wrap(_Cursor(database.connection))
    cursor.execute(statement, parameters)
    if logged:  # Django cannot read a prepared statement back from its cursor
        database.queries_log[-1]["sql"] = statement
    return cursor


class Batch:
    """Statements that need nothing of one another, sent as one.

    Each becomes a WITH query of a single statement: one round trip, one plan. All of
    them see the tables as they were before any of them ran.
    """

    def __init__(self) -> None:
        self._statements: list[str] = []
        self._parameters: dict[str, Any] = {}

    def add(self, statement: str, parameters: Mapping[str, Any]) -> None:
        number = len(self._statements)
        self._statements.append(statement.replace("%(", f"%(s{number}_"))
        self._parameters |= {f"s{number}_{k}": v for k, v in parameters.items()}

    def insert(self, row: Model, *, on_conflict: str = "") -> None:
        """As the function of that name; nothing is read back into the row."""
        insertion = _insertion(type(row))
        self.add(insertion.statement(on_conflict), insertion.values(row))

    def run(self) -> None:
        if self._statements:
            named = (f"s{n} AS ({one})" for n, one in enumerate(self._statements))
            run(f"WITH {', '.join(named)} SELECT", self._parameters)


class Columns:
    """Some columns of a model in a hand-written SELECT, and instances made of them.

    The other fields of such an instance are deferred: loaded when asked for.
    """

    def __init__(self, model: type[Model], alias: str, *names: str) -> None:
        fields = [f for f in model._meta.concrete_fields if f.attname in names]
        self.model = model
        self.names = [field.attname for field in fields]
        self.sql = ", ".join(f'{alias}."{field.column}"' for field in fields)
        self._json = [isinstance(field, JSONField) for field in fields]

    def __len__(self) -> int:
        return len(self.names)

    def read(self, values: Sequence[Any]) -> Any:
        """The instance of these values, in the order of `sql`."""
        parsed = [
            json.loads(value) if is_json and value is not None else value
            for value, is_json in zip(values, self._json, strict=True)
        ]
        return self.model.from_db(DEFAULT_DB_ALIAS, self.names, parsed)


def insert(row: Model, *, on_conflict: str = "") -> bool:
    """The row is stored; False where `on_conflict`, an SQL clause, kept it out.

    Defaults of the database are read back into the row.
    """
    insertion = _insertion(type(row))
    back = ", ".join(f'"{field.column}"' for field in insertion.returned) or "true"
    statement = f"{insertion.statement(on_conflict)} RETURNING {back}"
    stored = rows(statement, insertion.values(row))
    if not stored:
        return False
    for field, value in zip(insertion.returned, stored[0], strict=False):
        setattr(row, field.attname, value)
    row._state.adding = False
    row._state.db = DEFAULT_DB_ALIAS
    return True


class _Insertion:
    """INSERT of one row of a model: what is given, what the database fills in."""

    def __init__(self, model: type[Model]) -> None:
        fields = model._meta.concrete_fields
        self.returned = [
            field
            for field in fields
            if field.db_default is not NOT_PROVIDED or isinstance(field, AutoField)
        ]
        self.given = [field for field in fields if field not in self.returned]
        columns = ", ".join(f'"{field.column}"' for field in self.given)
        places = ", ".join(f"%({field.attname})s" for field in self.given)
        self._statement = (
            f'INSERT INTO "{model._meta.db_table}" ({columns}) VALUES ({places}) '
        )

    def statement(self, on_conflict: str) -> str:
        return self._statement + on_conflict

    def values(self, row: Model) -> dict[str, Any]:
        database = connections[DEFAULT_DB_ALIAS]
        return {
            field.attname: field.get_db_prep_save(getattr(row, field.attname), database)
            for field in self.given
        }


@cache
def _insertion(model: type[Model]) -> _Insertion:
    return _Insertion(model)
