import pytest
from django.core.management import call_command
from django.core.management.base import BaseCommand

from ivr_label import command_line
from ivr_label.command_line import Need, needed_by


@pytest.mark.parametrize(
    "arguments, need",
    [
        ([], Need.NOTHING),
        (["help"], Need.NOTHING),
        (["check", "--deploy"], Need.NOTHING),
        (["migrate"], Need.DATABASE),
        (["makemigrations", "--check"], Need.DATABASE),
        (["shell"], Need.MIGRATED_DATABASE),
        (["prepare"], Need.MIGRATED_DATABASE),
        (["prepare", "--help"], Need.NOTHING),
        (["no-such-command"], Need.NOTHING),
    ],
)
def test_a_command_gets_what_it_needs(arguments, need):
    assert needed_by(["manage.py", *arguments]) is need


def test_a_command_may_say_that_it_needs_no_database(monkeypatch):
    class Pure(BaseCommand):
        needs_database = False

    monkeypatch.setattr(command_line, "get_commands", lambda: {"pure": Pure()})

    assert needed_by(["manage.py", "pure"]) is Need.NOTHING


@pytest.mark.django_db
def test_a_database_that_is_up_to_date_is_left_alone(monkeypatch, capsys):
    command_line.migrate_if_behind()

    assert capsys.readouterr().err == ""


@pytest.mark.django_db(transaction=True)
def test_a_database_that_is_behind_is_brought_up_to_date(capsys):
    call_command("migrate", "sessions", "zero", verbosity=0)

    command_line.migrate_if_behind()
    said = capsys.readouterr().err
    command_line.migrate_if_behind()

    assert "Bringing the database up to date" in said
    assert capsys.readouterr().err == ""
