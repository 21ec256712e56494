"""`manage.py` with nothing running: a command's services start and stop with it.

A command class may say `needs_database = False`; every other one finds the embedded
PostgreSQL up and migrated. With DATABASE_URL set, nothing is started or migrated.
"""

import contextlib
import sys
from collections.abc import Iterator
from enum import Enum

import django
from django.core.management import (
    execute_from_command_line,
    get_commands,
    load_command_class,
)
from django.core.management.base import BaseCommand

from annotations.locks import Lock


class Need(Enum):
    NOTHING = 0
    DATABASE = 1  # as it is: the command itself is about migrations
    MIGRATED_DATABASE = 2


DJANGOS_OWN = {
    "check": Need.NOTHING,
    "collectstatic": Need.NOTHING,
    "diffsettings": Need.NOTHING,
    "findstatic": Need.NOTHING,
    "spectacular": Need.NOTHING,
    "startapp": Need.NOTHING,
    "makemigrations": Need.DATABASE,
    "migrate": Need.DATABASE,
    "optimizemigration": Need.DATABASE,
    "showmigrations": Need.DATABASE,
    "sqlmigrate": Need.DATABASE,
    "squashmigrations": Need.DATABASE,
}


def run(argv: list[str]) -> None:
    """Run the management command in `argv` with what it needs."""
    from django.conf import settings

    need = needed_by(argv)
    if need is Need.NOTHING or not settings.IS_EMBEDDED:
        execute_from_command_line(argv)
        return
    with embedded_database():
        if need is Need.MIGRATED_DATABASE:
            migrate_if_behind()
        execute_from_command_line(argv)


def needed_by(argv: list[str]) -> Need:
    """Return what the command in `argv` needs; help and typing errors need nothing."""
    name = argv[1] if len(argv) > 1 else "help"
    if name in {"help", "version", "--help", "--version"} or {"--help", "-h"} & {*argv}:
        return Need.NOTHING
    if name in DJANGOS_OWN:
        return DJANGOS_OWN[name]
    django.setup()
    app = get_commands().get(name)
    if app is None:
        return Need.NOTHING
    command = app if isinstance(app, BaseCommand) else load_command_class(app, name)
    wanted = getattr(command, "needs_database", True)
    return Need.MIGRATED_DATABASE if wanted else Need.NOTHING


@contextlib.contextmanager
def embedded_database() -> Iterator[None]:
    """The embedded PostgreSQL is up: the running one, or one for us alone."""
    from django.conf import settings
    from django.db import connections

    from .embedded.keeper import Lease
    from .embedded.places import EmbeddedError, Places

    try:
        lease = Lease(Places(settings.DATA_DIR))
    except EmbeddedError as error:
        sys.exit(str(error))
    try:
        yield
    finally:
        connections.close_all()
        lease.release()


def migrate_if_behind() -> None:
    """The database has every migration of this checkout; one process migrates."""
    from django.core.management import call_command
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    if not executor.migration_plan(executor.loader.graph.leaf_nodes()):
        return
    print("Bringing the database up to date …", file=sys.stderr, flush=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [Lock.MIGRATION.value])
        try:
            call_command("migrate", verbosity=0, interactive=False)
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [Lock.MIGRATION.value])
