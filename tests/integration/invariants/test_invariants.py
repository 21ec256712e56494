"""Each invariant sees its violation, and a healthy world has none."""

import json

import pytest
from django.core.management import call_command
from django.db import connection, transaction

from annotations.models import WorkerHeartbeat
from annotations.services.invariants import broken
from training.management.commands.invariants import ALL

from . import world as worlds
from .violations import PLANTS

pytestmark = pytest.mark.django_db
BY_NAME = {invariant.name: invariant for invariant in ALL}


@pytest.fixture
def world():
    return worlds.build()


def plant(statements: list[str]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET LOCAL session_replication_role = replica")
        for statement in statements:
            cursor.execute(statement)
            if not statement.startswith(("ALTER", "DROP")):
                assert cursor.rowcount > 0, f"changed nothing: {statement}"
        cursor.execute("SET LOCAL session_replication_role = origin")


def test_every_invariant_has_a_violation_and_a_name_of_its_own():
    assert len(BY_NAME) == len(ALL)
    assert set(PLANTS) == set(BY_NAME)


def test_an_empty_database_breaks_none():
    assert broken(ALL) == []


def test_a_healthy_world_breaks_none(world):
    assert [(b.invariant.name, b.rows) for b in broken(ALL)] == []


def test_each_violation_is_reported(world, subtests):
    """One world for all, put back after each: building it takes a while."""
    for name, plants in PLANTS.items():
        for number, make in enumerate(plants):
            with subtests.test(name, number=number):
                point = transaction.savepoint()
                try:
                    plant(make(world))
                    (found,) = broken([BY_NAME[name]])
                    assert found.rows
                finally:
                    transaction.savepoint_rollback(point)


def test_an_expired_lease_is_no_fault_while_no_worker_lives(world):
    plant(PLANTS["expired_leases_are_freed"][0](world))
    WorkerHeartbeat.objects.all().delete()

    assert broken([BY_NAME["expired_leases_are_freed"]]) == []


def test_the_command_is_silent_where_all_holds(world, capsys):
    call_command("invariants")

    assert capsys.readouterr().out == ""


def test_the_command_prints_name_sentence_and_rows_and_ends_with_one(world, capsys):
    plant(PLANTS["rounds_give_up"][0](world))

    with pytest.raises(SystemExit) as ended:
        call_command("invariants")

    printed = capsys.readouterr().out
    assert ended.value.code == 1
    assert "rounds_give_up: No round is tried more than three times." in printed
    assert f"round:{world.working.pk}" in printed


def test_the_command_prints_one_json_object(world, capsys):
    plant(PLANTS["rounds_give_up"][0](world))

    with pytest.raises(SystemExit):
        call_command("invariants", "--json")

    body = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert body["checked"] == len(ALL)
    assert [b["name"] for b in body["broken"]] == ["rounds_give_up"]


def test_checking_changes_nothing(world):
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_xact_id_if_assigned()")
        before = cursor.fetchone()
        broken(ALL)
        cursor.execute("SELECT pg_current_xact_id_if_assigned()")

        assert cursor.fetchone() == before
