"""`manage.py` with nothing running."""

import secrets

import pytest

from .conftest import processes_using


def test_a_command_finds_a_migrated_database_and_leaves_nothing_running(
    manage, data_folder
):
    counting = "from annotations.models import User; print(User.objects.count())"

    first = manage("shell", "-v0", "-c", counting)
    second = manage("shell", "-v0", "-c", counting)

    assert first.stdout == second.stdout == "0\n", first.stderr + second.stderr
    assert "Bringing the database up to date" in first.stderr
    assert second.stderr == ""
    assert processes_using(data_folder) == []


def test_a_command_that_needs_no_database_starts_none(manage, data_folder):
    done = manage("check")

    assert done.returncode == 0, done.stderr
    assert not (data_folder / "postgres").exists()


@pytest.mark.parametrize(
    "variables, sentence",
    [
        ({"DEBUG": "perhaps"}, "DEBUG is 'perhaps'; set it to 1 or 0."),
        ({"DATABASE_URL": "postgresql://u@h/n"}, "BROKER_URL is not set"),
        (
            {"DATABASE_URL": "postgresql://u@h/n", "BROKER_URL": "redis://h"},
            "SECRET_KEY is not set; make one with",
        ),
        ({"SECRET_KEY": "django-insecure-" + "x1y2z3a4" * 9}, "known from docum"),
        ({"DATA_KEY_FILE": "/does/not/exist"}, "which cannot be read"),
        ({"IVR_DATA_DIR": "/proc/nowhere"}, "cannot be written"),
    ],
)
def test_a_bad_variable_stops_it_with_one_sentence(manage, variables, sentence):
    done = manage("check", **variables)

    assert done.returncode == 1
    assert sentence in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_deployment_has_no_warning(manage):
    done = manage(
        "check",
        "--deploy",
        "--fail-level",
        "WARNING",
        DATABASE_URL="postgresql://u@h/n",
        BROKER_URL="redis://h",
        SECRET_KEY=secrets.token_hex(40),
        DATA_KEY=secrets.token_hex(40),
        ALLOWED_HOSTS="label.example.net",
    )

    assert done.returncode == 0, done.stderr


def test_the_embedded_services_are_no_deployment(manage):
    done = manage("check", "--deploy", "--fail-level", "WARNING", HTTPS="1")

    assert done.returncode == 1
    assert "ivr_label.W001" in done.stderr
